"""The results page while simulated annotators vote: the banner comes by itself and stays."""

from django.contrib.auth.models import User
from django.core.management import call_command

from tests.factories import survey_make


def simulate(votes: int) -> None:
    call_command("simulate_annotators", survey="study", annotators=votes // 4, votes=votes)


def test_the_banner_follows_the_votes_and_stays_in_sight(visit, capsys):
    survey_make()
    User.objects.create_superuser("ada", password="correct horse battery")
    visitor = visit(width=390, height=844)
    page = visitor.page
    visitor.open("/login/?next=/dashboard/surveys/study/")
    page.fill("[name=username]", "ada")
    page.fill("[name=password]", "correct horse battery")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/surveys/study/")
    assert page.query_selector(".whose") is None

    simulate(20)
    # The page asks every two seconds; the switch comes, and what is counted stays the same.
    page.wait_for_selector("text=with simulated annotators")
    assert page.inner_text("[data-bind=votes] >> nth=0") == "0"
    page.click("text=with simulated annotators")
    page.wait_for_url("**/surveys/study/?include=simulated")
    page.wait_for_load_state()
    banner = "These numbers include 5 simulated annotators, who gave 20 of the 20 votes"
    assert banner in page.inner_text(".not-people")
    assert visitor.violations() == []

    call_command("simulate_annotators", survey="study", clear=True)
    simulate(24)
    page.wait_for_selector("text=These numbers include 6 simulated annotators")
    page.wait_for_function(
        "document.querySelector('.not-people').textContent.includes('24 of the 24 votes')"
    )
    # Wherever the page is scrolled to, and on paper.
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    place = page.evaluate("document.querySelector('.not-people').getBoundingClientRect().top")
    assert place == 0
    page.emulate_media(media="print")
    assert page.is_visible(".not-people")
    assert not page.is_visible(".whose")
    assert visitor.errors == []
