"""Input and output shapes of each operation."""

from dataclasses import fields
from math import isfinite
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from survey.kinds import REGISTRY, kind_get
from survey.models import Vote
from survey.selectors.leasing import Trial
from survey.services.leasing import Progress
from survey.services.votes import Viewing
from survey.skips import SkipReason


class FiniteFloatField(serializers.FloatField):
    """A number; "nan" passes every range check and would break the database's."""

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not isfinite(value):
            self.fail("invalid")
        return value


@extend_schema_field(
    {"type": "string", "enum": sorted({a for key in REGISTRY for a in kind_get(key).answers})}
)
class AnswerField(serializers.CharField):
    """The survey's kind says which answers there are."""


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


VOTE = {
    "token": "mD0yV6JmvtbkZ4Jw8NqUcA7k",
    "answer": "left",
    "response_ms": 2340,
    "viewport_width": 1440,
    "viewport_height": 900,
    "device_pixel_ratio": 2,
    "rendered_width": 640,
    "rendered_height": 427,
    "layout": "side-by-side",
    "focus_losses": 0,
}
PROGRESS = {
    "state": "pair",
    "done": 3,
    "total": 60,
    "trials": [
        {
            "token": "mD0yV6JmvtbkZ4Jw8NqUcA7k",
            "left": "/s/study/p/Zb3nR0vY5tLw9xKd2hQe6s1P",
            "right": "/s/study/p/c8TgU4mXaW7jFy0oIzBv5nRD",
            "width": 1280,
            "height": 853,
        }
    ],
    "revising": False,
    "undo": "q2LrC9sNfVh6yTzKx3Jb0wEa",
    "break_due": False,
    "next": "/s/study/done/",
}


@extend_schema_serializer(examples=[OpenApiExample("vote", value=VOTE)])
class VoteInput(ViewingInput):
    token = serializers.CharField(max_length=32)
    answer = AnswerField(max_length=20, help_text="stacked on a narrow screen, left is on top")


# One for all requests: a new serializer copies each of its fields first.
_VOTE = VoteInput()


def vote_read(data: Any) -> tuple[str, str, Viewing]:
    """Return token, answer and viewing; raises ValidationError with the fields that are wrong."""
    try:
        given = _VOTE.run_validation(data)
    except serializers.ValidationError as error:
        raise serializers.ValidationError(serializers.as_serializer_error(error)) from None
    viewing = Viewing(**{field.name: given[field.name] for field in fields(Viewing)})
    return given["token"], given["answer"], viewing


class SkipInput(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=32)
    reason = serializers.ChoiceField(choices=SkipReason.choices)


class UndoInput(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=32, help_text="of the last vote")


class BreakInput(serializers.Serializer[Any]):
    resting = serializers.BooleanField(help_text="true when it begins, false when it ends")


class TrialOutput(serializers.Serializer[Any]):
    token = serializers.CharField()
    left = serializers.CharField(help_text="address of the left picture")
    right = serializers.CharField()
    width = serializers.IntegerField(help_text="pixels of either picture")
    height = serializers.IntegerField()


@extend_schema_serializer(examples=[OpenApiExample("pair", value=PROGRESS)])
class ProgressOutput(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["pair", "waiting", "done"])
    done = serializers.IntegerField()
    total = serializers.IntegerField()
    trials = TrialOutput(many=True, help_text="the open pair, then the one to load meanwhile")
    revising = serializers.BooleanField(
        help_text="the first pair was judged before: its vote was taken back"
    )
    undo = serializers.CharField(
        allow_null=True, help_text="token of the vote that may be taken back now"
    )
    break_due = serializers.BooleanField(help_text="a break should be offered before this pair")
    next = serializers.CharField(help_text="address of the page after the last pair")


def trial_data(trial: Trial, slug: str) -> dict[str, Any]:
    """What a browser may know of a trial; nothing here differs between original and variant."""

    def address(token: str) -> str:
        return reverse("survey:picture", args=[slug, token])

    return {
        # A second presentation has a token of its own.
        "token": (trial.reopened_at and trial.revision_token) or trial.token,
        "left": address(trial.left_token),
        "right": address(trial.right_token),
        "width": trial.width,
        "height": trial.height,
    }


def progress_data(progress: Progress, slug: str, *, end: str) -> dict[str, Any]:
    """`end` is the address of the last page."""
    return {
        "state": progress.state,
        "done": progress.done,
        "total": progress.total,
        "trials": [trial_data(trial, slug) for trial in progress.trials],
        "revising": progress.revising,
        "undo": progress.undo,
        "break_due": progress.break_due,
        "next": end,
    }
