"""Shapes of what analysts read; the schema's, and a test compares real answers with them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from survey.models import Origin, Survey, Vote
from survey.skips import SkipReason

Shape = serializers.Serializer[Any]


class Share(Shape):
    """A share of votes for the original, with its interval."""

    value = serializers.FloatField(min_value=0, max_value=1)
    low = serializers.FloatField(min_value=0, max_value=1)
    high = serializers.FloatField(min_value=0, max_value=1)
    n = serializers.IntegerField(help_text="votes it rests on")
    method = serializers.CharField(help_text="how the interval was computed")
    confidence = serializers.FloatField()


class Pairs(Shape):
    ready = serializers.IntegerField(help_text="pairs whose pictures are rendered")
    expected = serializers.IntegerField()


class SurveyRow(Shape):
    survey = serializers.SlugField(help_text="short name, as in addresses")
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=Survey.State.choices)
    votes = serializers.IntegerField(help_text="participants' ones")
    simulated = serializers.IntegerField(help_text="votes of simulated annotators, never in votes")
    participants = serializers.IntegerField(help_text="people with at least one vote")
    share = Share(allow_null=True, help_text="null without votes")
    pairs = Pairs()


class Ledger(Shape):
    """What became of every trial: shown = voted + skipped + expired + open."""

    shown = serializers.IntegerField()
    voted = serializers.IntegerField()
    skipped = serializers.IntegerField()
    expired = serializers.IntegerField(help_text="leases that lapsed unanswered")
    open = serializers.IntegerField()
    difference = serializers.IntegerField(help_text="0 unless a row was lost")
    uncounted = serializers.IntegerField(help_text="votes that results do not know of; 0")


class ConditionRow(Shape):
    """A distortion at one level, as this survey shows it."""

    distortion = serializers.CharField()
    level = serializers.CharField(help_text="as the preset writes it; a number in exports")
    step = serializers.IntegerField(help_text="signed place in its chain from the original, 0")
    label = serializers.CharField()  # type: ignore[assignment]  # the name is the API's
    aspect = serializers.CharField()
    note = serializers.CharField(allow_blank=True)


class LevelShare(Shape):
    level = serializers.CharField()
    step = serializers.IntegerField()
    votes = serializers.IntegerField()
    originals = serializers.IntegerField(help_text="votes that preferred the original")
    share = Share(allow_null=True)


class DistortionShare(Shape):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the name is the API's
    aspect = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    votes = serializers.IntegerField()
    originals = serializers.IntegerField()
    share = Share(allow_null=True)
    levels = LevelShare(many=True)


class People(Shape):
    voted = serializers.IntegerField(help_text="with at least one vote")
    finished = serializers.IntegerField()
    previews = serializers.IntegerField(help_text="staff previews, counted only if asked for")
    simulated = serializers.IntegerField(help_text="counted only if asked for")


class Shares(Shape):
    pooled = Share(allow_null=True)
    equal_weight_condition = Share(
        allow_null=True, help_text="mean over all conditions; null until each of them has a vote"
    )
    conditions_with_votes = serializers.IntegerField()
    conditions = serializers.IntegerField()


_LAYOUTS = {"type": "object", "required": list(Vote.Layout.values)}


@extend_schema_field(
    _LAYOUTS | {"properties": {key: {"type": "integer"} for key in Vote.Layout.values}}
)
class LayoutCounts(serializers.DictField):
    child = serializers.IntegerField()


@extend_schema_field(
    _LAYOUTS
    | {
        "properties": {
            key: {"oneOf": [{"$ref": "#/components/schemas/Share"}, {"type": "null"}]}
            for key in Vote.Layout.values
        }
    }
)
class LayoutShares(serializers.DictField):
    child = Share(allow_null=True)


@extend_schema_field(
    {
        "type": "object",
        "required": list(SkipReason.values),
        "properties": {key: {"type": "integer"} for key in SkipReason.values},
    }
)
class SkipCounts(serializers.DictField):
    child = serializers.IntegerField()


class Sides(Shape):
    """Habits of hand and eye: how often the left photo was chosen."""

    original_left = Share(allow_null=True)
    left_chosen = Share(allow_null=True)
    left_chosen_by_layout = LayoutShares()
    layouts = LayoutCounts(help_text="votes by layout")


class OriginVotes(Shape):
    """Votes there are, be they counted here or not."""

    person = serializers.IntegerField()
    test = serializers.IntegerField(help_text="staff previews")
    simulated = serializers.IntegerField()


class Results(Shape):
    survey = serializers.SlugField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=Survey.State.choices)
    updated_at = serializers.DateTimeField()
    votes = serializers.IntegerField()
    origins = serializers.ListField(
        child=serializers.ChoiceField(choices=Origin.choices), help_text="whose votes are counted"
    )
    votes_by_origin = OriginVotes()
    participants = People()
    trials_per_session = serializers.IntegerField()
    pairs = Pairs()
    ledger = Ledger()
    skips = SkipCounts(help_text="skipped trials by reason")
    share = Shares()
    distortions = DistortionShare(many=True)
    sides = Sides()
