"""The page of the API and the page of tokens, in a browser and under its policy (CSP)."""

import json
import urllib.request

from django.contrib.auth.models import User

from tests.browser.conftest import Visitor
from tests.browser.test_people import PASSWORD, good, log_in

TOKENS = "/dashboard/tokens/"


def test_the_description_draws_itself_and_asks_no_other_host(transactional_db: None, visit):
    User.objects.create_superuser("ada", password=PASSWORD)
    visitor: Visitor = visit()
    log_in(visitor, "ada", "/api/docs/")
    page = visitor.page
    page.wait_for_selector(".opblock")
    assert page.locator(".opblock").count() >= 12
    page.click("#operations-participants-vote_record .opblock-summary-control")
    page.wait_for_selector("#operations-participants-vote_record .responses-wrapper")
    # What the policy forbids would be an error of the console.
    assert visitor.errors == []
    assert visitor.hosts == {visitor.address.split("/")[2]}


def test_a_token_is_made_copied_used_and_revoked(transactional_db: None, visit):
    User.objects.create_superuser("ada", password=PASSWORD)
    visitor: Visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.page
    log_in(visitor, "ada", TOKENS)
    good(visitor)
    page.fill("[name=name]", "Notebook in the lab")
    page.select_option("[name=days]", "30")
    page.click("text=Make a token")
    text = page.input_value("[data-copy]")
    page.click("main button:has-text('Copy')")
    page.wait_for_selector("text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == text
    good(visitor)
    request = urllib.request.Request(
        f"{visitor.address}/api/survey/", headers={"Authorization": f"Bearer {text}"}
    )
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["count"] == 0
    page.click("text=Done")
    page.wait_for_selector("text=last used")
    good(visitor)
    page.set_viewport_size({"width": 390, "height": 844})
    good(visitor)
    page.click("main button:has-text('Revoke')")
    page.wait_for_selector("text=You have none.")
    assert "The token is revoked" in page.inner_text("main")
    assert visitor.errors == []
