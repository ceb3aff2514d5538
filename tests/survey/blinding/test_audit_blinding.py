"""The command over real sockets: a clean survey passes, every planted leak is caught by name."""

import json
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from survey.models import Assignment, Participant, Survey, Vote
from survey.services import leasing
from tests.factories import survey_make
from tests.survey.blinding import leaks

pytestmark = pytest.mark.django_db(transaction=True)

PAIRS = 28
# Sides are drawn anew in every run: where nothing leaks, the command at its own level would fail
# once in twenty runs, at this one once in a million.
NEVER = 1e-6
# A rule that is always right on the 14 pairs that it is tried on has p = 6e-5, times the tests.
ALPHA = 0.05
HERE = "tests.survey.blinding.leaks"


@pytest.fixture
def study() -> Survey:
    return survey_make(photos=7, trials=24, photo_repeats=6, photo_gap=1)


def audit(survey: Survey, **options) -> tuple[str, str]:
    """Run the command; what it printed, and what it refused with."""
    out = StringIO()
    try:
        call_command(
            "audit_blinding", survey=survey.slug,
            **{"pairs": PAIRS, "alpha": ALPHA, "stdout": out, **options},
        )  # fmt: skip
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def test_a_survey_without_a_leak_passes(study: Survey, tmp_path):
    report = tmp_path / "audit.json"
    printed, refused = audit(study, pairs=64, alpha=NEVER, json=report)
    assert refused == ""
    assert "No feature names the original more often than chance" in printed
    assert max(map(len, printed.splitlines())) <= 100
    found = json.loads(report.read_text())
    assert (found["pairs"], found["participants"], found["leaks"]) == (64, 3, [])
    features = {feature["name"]: feature for feature in found["features"]}
    # What must be the same for both pictures is.
    for name in (
        "header content-length", "header content-type", "order of the headers", "bytes sent",
        "file: format", "file: width", "file: quantisation tables", "file: marker segments",
        "file: EXIF, comments, profiles", "file: bytes after the end, not zero", "order in HTML",
    ):  # fmt: skip
        assert not features[name]["differs"], name
    # What differs was really tested on the other half.
    for name in ("side", "address of the picture", "JSON: trials[0].token", "order in JSON"):
        feature = features[name]
        assert feature["must_be_at_chance"]
        assert feature["decided"] > 0
        assert 0 <= feature["low"] <= feature["share"] <= feature["high"] <= 1
    assert features["content: length without padding"]["reason"]
    # What the two share is tested even where how they differ is information.
    for name in ("address of the picture", "bytes sent", "content: length without padding"):
        assert features[f"both: {name}"]["must_be_at_chance"]
    parts = [name for name in features if name.startswith("HTML: ")]
    assert {name for name in parts if features[name]["differs"]} <= {
        "HTML: main[1] data-session", "HTML: header date", "HTML: header expires",
        "HTML: header set-cookie",
    }  # fmt: skip


@pytest.mark.parametrize("repeats", [1, 6])
def test_a_photo_that_comes_again_qualifies_the_verdict(repeats: int, tmp_path):
    survey = survey_make(photos=16, trials=16, photo_repeats=repeats)
    report = tmp_path / "audit.json"
    last = audit(survey, pairs=16, alpha=NEVER, json=report)[0].splitlines()[-1]
    said = f"With photo_repeats {repeats}, a picture seen before in a session is the original more"
    assert last.startswith(said) == (repeats > 1)
    assert json.loads(report.read_text())["photo_repeats"] == repeats


def test_the_audit_counts_nowhere(study: Survey):
    audit(study, pairs=10, alpha=NEVER)
    assert set(Participant.objects.values_list("origin", flat=True)) == {"test"}
    assert set(Assignment.objects.values_list("origin", flat=True)) == {"test"}
    assert Vote.objects.count() == 9
    assert set(Vote.objects.values_list("origin", flat=True)) == {"test"}


def test_a_draft_is_audited_before_it_opens():
    survey = survey_make(state="draft", trials=20, photos=7, photo_repeats=6)
    assert audit(survey, pairs=10, alpha=NEVER)[1] == ""


@pytest.mark.parametrize(
    ("middleware", "named"),
    [
        ("header", "header x-cache-group"),
        ("header_order", "order of the headers"),
        ("marked_padding", "file: bytes after the end, not zero"),
        ("both_header", "both: header x-pair"),
        ("both_longer", "file: padding of the longer picture"),
        ("both_slower", "both: time to the last byte"),
        ("json_ahead", "JSON: trials[1].o"),
        ("json_order", "order in JSON"),
        ("html_meta", "HTML: meta[5] content"),
        ("html_attributes", "HTML: elements and their order"),
        ("html_comment", "HTML: comment[1]"),
        ("html_header", "HTML: header x-trial"),
        ("html_order", "order in HTML"),
    ],
)
def test_a_leak_of_the_server_is_caught(study: Survey, settings, middleware: str, named: str):
    settings.MIDDLEWARE = [f"{HERE}.{middleware}", *settings.MIDDLEWARE]
    printed, refused = audit(study)
    assert named in refused
    assert f"LEAK {named}: " in printed


def test_unpadded_length_is_caught(study: Survey, settings):
    # The originals' files are the longer ones, as beside a filter that flattens.
    leaks.originals_rewrite(study, partial(leaks.saved_anew, quality=97, subsampling=0))
    settings.MIDDLEWARE = [f"{HERE}.unpadded", *settings.MIDDLEWARE]
    refused = audit(study)[1]
    assert "header content-length" in refused
    assert "bytes sent" in refused


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (leaks.with_exif, "file: EXIF, comments, profiles"),
        (leaks.with_comment, "file: EXIF, comments, profiles"),
        (leaks.with_comment, "file: marker segments"),
        (leaks.one_row_less, "file: height"),
        (partial(leaks.saved_anew, quality=90, subsampling=0), "file: quantisation tables"),
        (partial(leaks.saved_anew, quality=95, subsampling=2), "file: precision and sampling"),
        (partial(leaks.saved_anew, form="PNG"), "file: format"),
    ],
)
def test_a_leak_of_the_files_is_caught(study: Survey, change, named: str):
    leaks.originals_rewrite(study, change)
    assert named in audit(study)[1]


def test_a_name_that_tells_is_caught(study: Survey, monkeypatch):
    insert = leasing._INSERT

    def named(row: Assignment) -> None:
        original = f"{row.original_side}_token"
        token = getattr(row, original)
        setattr(row, original, token[:4] + "org" + token[7:])
        insert(row)

    monkeypatch.setattr(leasing, "_INSERT", named)
    printed, refused = audit(study, pairs=40)
    assert "address of the picture" in refused
    assert "LEAK address of the picture: the rule “contains " in printed


def test_a_fixed_side_is_caught(study: Survey, monkeypatch):
    monkeypatch.setattr("survey.pairing.balanced.original_left", lambda *_given: True)
    assert "Not blind: side, " in audit(study)[1]


def test_alternating_sides_are_caught(study: Survey, monkeypatch):
    def alternate(_condition, history, _rng) -> bool:
        return len(history) % 2 == 0

    monkeypatch.setattr("survey.pairing.balanced.original_left", alternate)
    assert "side, by odd and even places" in audit(study)[1]


def test_a_running_site_is_audited(study: Survey, live_server):
    assert audit(study, http=live_server.url, pairs=30, alpha=NEVER)[1] == ""


def test_a_site_with_another_database_is_refused(study: Survey, live_server, monkeypatch):
    """It knows nothing of the session; nobody must come into being there."""
    monkeypatch.setattr("survey.blinding.walk.cookie_name", lambda slug: f"unknown-{slug}")
    assert "set DATABASE_URL to the database of the site" in audit(study, http=live_server.url)[1]
    assert not Participant.objects.filter(origin="person").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"pairs": 7}, "--pairs is 7; allowed are whole numbers from 8 to 20000."),
        ({"seed": -1}, "--seed is -1"),
        ({"alpha": 0.0}, "--alpha is 0"),
        ({"http": "example.org"}, "it must be scheme, host and port"),
        ({"http": "http://127.0.0.1:9"}, "does not answer"),
    ],
)
def test_what_cannot_be_audited_is_one_sentence(study: Survey, options: dict, said: str):
    with pytest.raises(CommandError, match=said.replace("(", r"\(")) as refused:
        call_command("audit_blinding", survey=study.slug, stdout=StringIO(), **options)
    assert refused.value.returncode == 2


def test_a_survey_without_pictures_is_refused():
    empty = survey_make("empty", photos=0, state="draft")
    with pytest.raises(CommandError, match="has no pictures yet"):
        call_command("audit_blinding", survey=empty.slug)


def test_an_unknown_survey_is_refused():
    with pytest.raises(CommandError, match="There is no survey 'nothing'"):
        call_command("audit_blinding", survey="nothing")


def test_settings_of_a_server_are_met(study: Survey, settings):
    settings.ALLOWED_HOSTS = ["survey.example.org"]
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    assert audit(study, pairs=10, alpha=NEVER)[1] == ""
