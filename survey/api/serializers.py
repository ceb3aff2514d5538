"""Input and output shapes of each operation."""

from dataclasses import fields
from math import isfinite
from typing import Any

from django.urls import reverse
from rest_framework import serializers

from survey.models import Assignment, Vote
from survey.services.sessions import Progress
from survey.services.votes import Viewing


class FiniteFloatField(serializers.FloatField):
    """A number; "nan" passes every range check and would break the database's."""

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not isfinite(value):
            self.fail("invalid")
        return value


class ViewingInput(serializers.Serializer[Any]):
    """How the pair was seen, in CSS pixels."""

    response_ms = serializers.IntegerField(min_value=0, max_value=24 * 3600 * 1000)
    viewport_width = serializers.IntegerField(min_value=1, max_value=100_000)
    viewport_height = serializers.IntegerField(min_value=1, max_value=100_000)
    device_pixel_ratio = FiniteFloatField(min_value=0.05, max_value=50)
    rendered_width = FiniteFloatField(min_value=0, max_value=100_000)
    rendered_height = FiniteFloatField(min_value=0, max_value=100_000)
    layout = serializers.ChoiceField(choices=Vote.Layout.choices)
    focus_losses = serializers.IntegerField(min_value=0, max_value=10_000, default=0)


class VoteInput(ViewingInput):
    token = serializers.CharField(max_length=32)
    answer = serializers.CharField(max_length=20)

    def viewing(self) -> Viewing:
        data = self.validated_data
        return Viewing(**{field.name: data[field.name] for field in fields(Viewing)})


class SkipInput(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=32)
    reason = serializers.ChoiceField(choices=["picture-failed"])


class TrialOutput(serializers.Serializer[Any]):
    token = serializers.CharField()
    left = serializers.CharField(help_text="address of the left picture")
    right = serializers.CharField()
    width = serializers.IntegerField(help_text="pixels of either picture")
    height = serializers.IntegerField()


class ProgressOutput(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["pair", "waiting", "done"])
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    trials = TrialOutput(many=True, help_text="the open pair, then the one to load meanwhile")
    next = serializers.CharField(help_text="address of the page after the last pair")


def trial_data(trial: Assignment, slug: str) -> dict[str, Any]:
    """What a browser may know of a trial; nothing here differs between original and variant."""

    def address(token: str) -> str:
        return reverse("survey:picture", args=[slug, token])

    return {
        "token": trial.token,
        "left": address(trial.left_token),
        "right": address(trial.right_token),
        "width": trial.stimulus.width,
        "height": trial.stimulus.height,
    }


def progress_data(progress: Progress, slug: str) -> dict[str, Any]:
    return {
        "state": progress.state,
        "done": progress.done,
        "total": progress.total,
        "trials": [trial_data(trial, slug) for trial in progress.trials],
        "next": reverse("survey:done", args=[slug]),
    }
