"""The command: marked votes through the services or the web, and the truth recovered."""

import json

import pytest
from django.utils import timezone

from survey import results
from survey.blinding.server import site_serve
from survey.models import (
    Assignment,
    AuditEntry,
    Exposure,
    Origin,
    Participant,
    Session,
    Survey,
    Tally,
    Vote,
)
from survey.selectors import leasing
from survey.selectors.results import ledger
from survey.services.counts import counts_rebuild
from survey.services.surveys import survey_change
from survey.simulation.truth import Asked, Truth
from survey.simulation.utilities import name_of, utilities_make
from tests.factories import survey_make
from tests.people import Annotator
from tests.survey.simulation.commanding import simulate

SIMULATED = frozenset({Origin.SIMULATED})


def counted(survey: Survey) -> set[tuple]:
    tallies = Tally.objects.filter(survey=survey, n__gt=0).values_list(
        "condition", "origin", "original_side", "original_preferred", "layout", "n"
    )
    exposures = Exposure.objects.filter(survey=survey, shown__gt=0)
    return {*tallies, *exposures.values_list("stimulus", "origin", "shown")}


@pytest.mark.django_db
class TestThroughTheServices:
    def test_every_row_is_marked_and_nobody_gets_a_code(self, survey: Survey):
        printed, refused = simulate(survey)
        assert refused == ""
        assert printed.startswith("3 annotators x 4 pairs = 12 votes possible, 10 asked; ")
        for model in (Participant, Assignment, Vote):
            assert set(model.objects.values_list("origin", flat=True)) == SIMULATED
        assert Vote.objects.count() == 10
        # One judged all four pairs and finished; a person would have a code for that.
        assert Session.objects.filter(finished_at__isnull=False).count() == 1
        assert set(Session.objects.values_list("completion_code", flat=True)) == {""}
        assert not Participant.objects.filter(consented_at=None).exists()
        assert AuditEntry.objects.get().detail == {"annotators": 3, "votes": 10, "seed": 1}

    def test_results_leave_them_out_unless_asked(self, survey: Survey):
        simulate(survey)
        now = timezone.now()
        assert results.survey_results(survey)["votes"] == 0
        assert ledger(survey, now=now)["shown"] == 0
        shown = results.survey_results(survey, origins=SIMULATED)
        assert shown["votes"] == 10
        assert shown["participants"]["voted"] == 3
        # Two who stopped after three of four pairs had the fourth before them.
        assert shown["ledger"] == {
            "shown": 12, "voted": 10, "skipped": 0, "expired": 0, "open": 2,
            "difference": 0, "uncounted": 0,
        }  # fmt: skip
        before = counted(survey)
        counts_rebuild(survey)
        assert counted(survey) == before

    def test_people_are_balanced_as_if_nobody_had_been_there(self, survey: Survey):
        simulate(survey, annotators=10, votes=40)
        counts = leasing.condition_counts(survey, origin=Origin.PERSON, now=timezone.now())
        assert set(counts.values()) == {0}
        for condition in counts:
            pairs = leasing.pairs_least_shown(
                condition, origin=Origin.PERSON, photos_blocked=[], stimuli_blocked=[]
            )
            assert [pair.shown for pair in pairs] == [0, 0, 0, 0]
        assert sum(Exposure.objects.values_list("shown", flat=True)) == 40
        # Three people with four pairs each: every condition twice.
        for _person in range(3):
            person = Annotator(survey)
            state = person.pair()
            while state["state"] == "pair":
                state = person.vote(state["trials"][0]["token"]).json()
        seen = Assignment.objects.filter(origin=Origin.PERSON).values_list("condition", flat=True)
        assert sorted(map(list(seen).count, set(seen))) == [2] * 6

    def test_devices_and_times_are_those_of_people(self):
        study = survey_make(photos=7, trials=5)
        simulate(study, annotators=25, votes=125)
        votes = Vote.objects.all()
        layouts = set(votes.values_list("layout", flat=True))
        assert layouts == set(Vote.Layout.values)
        times = sorted(votes.values_list("response_ms", flat=True))
        assert times[0] >= 300
        assert 1800 < times[62] < 3800
        for vote in votes.select_related("assignment__stimulus"):
            stimulus = vote.assignment.stimulus
            assert vote.rendered_width < vote.viewport_width
            ratio = vote.rendered_width / vote.rendered_height
            assert ratio == pytest.approx(stimulus.width / stimulus.height, rel=0.01)
            # Never larger than the picture has pixels.
            assert vote.rendered_width * vote.device_pixel_ratio <= stimulus.width + 1

    def test_the_same_seed_plants_the_same_truth(self, tmp_path):
        facts = []
        for n in range(2):
            study = survey_make(f"study-{n}")
            simulate(study, truth=tmp_path / "truth.json")
            facts.append(json.loads((tmp_path / "truth.json").read_text()))
        assert facts[0]["conditions"] == facts[1]["conditions"]
        assert facts[0]["conditions"]["tint/0.9"]["utility"] > 0
        assert sum(row["n"] for row in facts[0]["recovered"][:-2]) == 10

    def test_stored_answers_are_the_truths(self, survey: Survey):
        simulate(survey, annotators=8, votes=32, seed=9, side_bias=0.5)
        conditions = survey.conditions.all()
        truth = Truth(9, utilities_make(conditions, {}), 0.02, 0.5, 0.3, 0.3)
        sessions = list(Session.objects.order_by("pk"))
        votes = Vote.objects.select_related("assignment__stimulus", "assignment__condition")
        for vote in votes:
            trial = vote.assignment
            asked = Asked(
                next(n for n, session in enumerate(sessions) if session.pk == trial.session_id),
                trial.stimulus.photo,
                name_of(trial.condition),
                trial.original_side == "left",
            )
            assert vote.original_preferred == truth.original_preferred(asked)
        assert len(votes) == 32

    def test_a_real_vote_refuses(self, survey: Survey):
        person = Annotator(survey)
        person.vote(person.pair()["trials"][0]["token"])
        assert simulate(survey)[1] == (
            "Survey study holds real votes (1), and simulated ones are not mixed with those; make "
            "a survey of its own with create_survey."
        )
        assert not Participant.objects.filter(origin=Origin.SIMULATED).exists()

    def test_a_second_run_refuses_until_the_first_is_cleared(self, survey: Survey):
        simulate(survey)
        assert simulate(survey)[1] == (
            "Survey study holds simulated annotators already (3); delete them and their votes with "
            "--clear, then run this again."
        )
        assert Vote.objects.count() == 10
        printed, refused = simulate(survey, clear=True)
        assert (printed, refused) == ("deleted 3 simulated annotators and 10 votes of theirs\n", "")
        assert simulate(survey)[1] == ""

    def test_settings_may_change_between_two_runs(self, survey: Survey):
        simulate(survey)
        assert survey_change(survey, settings={"trials": 3}).settings["trials"] == 3
        simulate(survey, clear=True)
        assert simulate(survey)[1].startswith("10 votes by 3 annotators need 4 pairs a person")

    def test_clearing_touches_nothing_of_people(self, survey: Survey):
        simulate(survey)
        for origin in (Origin.PERSON, Origin.TEST):
            person = Annotator(survey, origin=origin)
            person.vote(person.pair()["trials"][0]["token"])
        simulate(survey, clear=True)
        others = {Origin.PERSON, Origin.TEST}
        for model in (Participant, Assignment, Vote, Tally, Exposure):
            assert set(model.objects.values_list("origin", flat=True)) == others
        assert Vote.objects.count() == Session.objects.count() == 2
        before = counted(survey)
        counts_rebuild(survey)
        assert counted(survey) == before
        entry = AuditEntry.objects.get(action="survey.simulated_clear")
        assert entry.detail == {"annotators": 3, "votes": 10}

    def test_the_trail_names_the_survey_as_everywhere(self, survey: Survey):
        simulate(survey)
        simulate(survey, clear=True)
        named = AuditEntry.objects.values_list("target_kind", "target_id", "target_label")
        assert list(named) == [("survey", "study", "A study")] * 2


@pytest.mark.django_db
def test_the_results_recover_what_was_planted(tmp_path):
    study = survey_make(photos=24, trials=24)
    planted = {"contrast": 4.0, "saturation": -1.5, "tint": 0.0, "shadows": 1.3}
    (tmp_path / "utilities.json").write_text(json.dumps(planted))
    printed, refused = simulate(
        study, annotators=32, votes=760, seed=4, lapse=0.05, side_bias=0.8,
        utilities=tmp_path / "utilities.json", truth=tmp_path / "truth.json",
    )  # fmt: skip
    assert refused == ""
    told = json.loads((tmp_path / "truth.json").read_text())
    rows = {row["key"]: row for row in told["recovered"]}
    assert rows.keys() == {*planted, "pooled", "left"}
    shown = results.survey_results(study, origins=SIMULATED)
    for distortion in shown["distortions"]:
        assert rows[distortion["key"]]["recovered"] == distortion["share"]["value"]
    for row in rows.values():
        error = (row["these_trials"] * (1 - row["these_trials"]) / row["n"]) ** 0.5
        # Pairs are drawn anew in every run: five standard errors are passed once in a million.
        assert abs(row["recovered"] - row["these_trials"]) < 5 * error, row["key"]
        assert abs(row["planted"] - row["these_trials"]) < 0.08, row["key"]
    # What was planted lies at least four standard errors apart.
    order = sorted(planted, key=lambda key: rows[key]["recovered"])
    assert order == ["saturation", "tint", "shadows", "contrast"]
    # The side bias of 0.8 logits: without it the left share of 760 votes would be 0.5 and refused
    # above, where five standard errors are 0.089.
    assert rows["left"]["these_trials"] > 0.5
    assert rows["left"]["planted"] == pytest.approx(0.594, abs=0.003)
    assert rows["left"]["recovered"] == shown["sides"]["left_chosen"]["value"]
    assert "All votes" in printed
    assert max(map(len, printed.splitlines())) <= 100


@pytest.mark.django_db(transaction=True)
class TestThroughTheWeb:
    def test_annotators_go_the_way_of_browsers(self):
        study = survey_make(photos=7, trials=5)
        with site_serve() as site:
            printed, refused = simulate(
                study, annotators=6, votes=28, http=site.origin, parallel=3, pictures=True
            )
        assert refused == ""
        assert "28 asked" in printed
        for model in (Participant, Assignment, Vote):
            assert set(model.objects.values_list("origin", flat=True)) == SIMULATED
        assert (Participant.objects.count(), Vote.objects.count()) == (6, 28)
        assert not Session.objects.filter(instructions_seen_at=None).exists()
        assert set(Session.objects.values_list("completion_code", flat=True)) == {""}
        shown = results.survey_results(study, origins=SIMULATED)
        assert (shown["votes"], shown["ledger"]["difference"]) == (28, 0)

    def test_a_site_that_does_not_know_the_sessions_gets_no_participant(
        self, survey: Survey, settings
    ):
        settings.MIDDLEWARE = [f"{__name__}.cookies_forgotten", *settings.MIDDLEWARE]
        with site_serve() as site:
            refused = simulate(survey, http=site.origin)[1]
        assert refused == (
            f"{site.origin} does not know the sessions of this installation; set DATABASE_URL to "
            "the site's database."
        )
        assert Participant.objects.count() == 1
        assert not Participant.objects.filter(origin=Origin.PERSON).exists()

    def test_a_site_that_does_not_answer_is_named(self, survey: Survey):
        refused = simulate(survey, http="http://127.0.0.1:9")[1]
        assert "http://127.0.0.1:9 does not answer" in refused


def cookies_forgotten(get_response):
    """As another installation's site answers: it has never seen this cookie."""

    def answer(request):
        request.COOKIES.clear()
        return get_response(request)

    return answer
