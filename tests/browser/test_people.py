"""Invitation to deactivation in a browser, at a desk and on a phone."""

from django.contrib.auth.models import User

from survey.models import AuditEntry
from survey.services.audit import audit_record
from survey.services.invitations import invitation_make
from tests.browser.conftest import Visitor
from tests.people import account_make

PEOPLE = "/dashboard/people/"
PASSWORD = "correct horse battery"


def log_in(visitor: Visitor, name: str, to: str = PEOPLE) -> None:
    visitor.open(f"/login/?next={to}")
    visitor.page.fill("[name=username]", name)
    visitor.page.fill("[name=password]", PASSWORD)
    visitor.page.press("[name=password]", "Enter")
    visitor.page.wait_for_url(f"**{to}")


def good(visitor: Visitor) -> None:
    """Nothing that a person with a screen reader or a small screen would trip over."""
    assert visitor.violations() == []
    page = visitor.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_from_invitation_to_deactivation(transactional_db: None, visit):
    User.objects.create_superuser("ada", password=PASSWORD)
    admin = visit(permissions=["clipboard-read", "clipboard-write"])
    page = admin.page
    log_in(admin, "ada")
    assert "You are the only one here." in page.inner_text("main")
    good(admin)

    page.click("text=Invite somebody")
    good(admin)
    page.fill("[name=name]", "Ana from Bath")
    page.click("button:has-text('Make the link')")
    link = page.input_value("[data-copy]")
    page.click("text=Copy")
    page.wait_for_selector("text=Copied")
    assert page.evaluate("navigator.clipboard.readText()") == link
    good(admin)

    phone = visit(390, 844, device_scale_factor=2, is_mobile=True, has_touch=True)
    phone.page.goto(link)
    assert "ada invites you" in phone.page.inner_text("h1")
    good(phone)
    phone.page.fill("[name=username]", "ana")
    phone.page.fill("[name=password1]", PASSWORD)
    phone.page.fill("[name=password2]", PASSWORD + "!")
    phone.page.click("text=Make my account")
    phone.page.wait_for_selector("text=didn’t match")
    good(phone)
    phone.page.fill("[name=password1]", PASSWORD)
    phone.page.fill("[name=password2]", PASSWORD)
    phone.page.click("text=Make my account")
    phone.page.wait_for_url("**/dashboard/")
    assert phone.page.locator("nav >> text=People").count() == 0

    page.click("text=Done")
    page.click("text=ana")
    good(admin)
    page.check("[name=role][value=admin]")
    page.click("text=Change the role")
    page.wait_for_selector("text=ana has the role admin.")
    phone.page.reload()
    phone.page.click("nav >> text=People")
    good(phone)
    phone.page.click("tbody >> text=ada")
    phone.page.wait_for_selector("text=only another superuser")
    good(phone)

    page.click("text=Deactivate …")
    good(admin)
    page.click("button:has-text('Deactivate')")
    page.wait_for_selector("text=ana is deactivated and logged out.")
    phone.page.reload()
    assert "/login/" in phone.page.url
    page.click("text=Everything that ana did")
    assert "invitation.accept" in page.inner_text("main")
    good(admin)
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {
        "invitation.make", "invitation.accept", "person.role", "person.deactivate"
    }  # fmt: skip
    assert admin.hosts | phone.hosts == {admin.address.removeprefix("http://")}
    # The form that was refused answered 400, which a browser notes.
    assert [text for text in phone.errors if "400" not in text] == []
    assert admin.errors == []


def fill() -> None:
    """Fifty people, open links and 120 entries."""
    ada = User.objects.create_superuser("ada", password=PASSWORD)
    for number in range(49):
        name = f"p{number}" if number % 7 else f"a.rather.long.name.{number}@institute.example.org"
        account_make(name, "admin" if number % 5 == 0 else "analyst", is_active=number % 9 != 0)
    for name in ("Ben from Graz", "Professor Wilhelmina van der Berg-Lindqvist"):
        invitation_make(actor=ada, role="analyst", name=name, email="someone@example.org")
    for number in range(120):
        audit_record(
            actor=ada, action="job.launch", target="job", target_id=number,
            label=f"NIMA check of dataset {number}",
            detail={"checkpoint": "vgg16-kentsyx", "photos": 1290 + number, "device": "cuda:0"},
        )  # fmt: skip


def test_fifty_people_at_a_desk_and_on_a_phone(transactional_db: None, visit):
    fill()
    ana = User.objects.get(username="p1")
    for width, scheme in ((1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")):
        visitor = visit(width, 844, color_scheme=scheme)
        log_in(visitor, "ada")
        assert visitor.page.locator("tbody tr").count() == 50
        good(visitor)
        visitor.page.click("button:has-text('Name')")
        names = visitor.page.locator("tbody th a").all_inner_texts()
        assert [n for n in names if n[0] == "p"] == [f"p{n}" for n in range(49) if n % 7]
        for path in ("invite/", f"{ana.pk}/", f"{ana.pk}/deactivate/", "audit/"):
            visitor.open(PEOPLE + path)
            good(visitor)
        visitor.page.click("text=Older")
        assert visitor.page.locator("tbody tr").count() == 50
        visitor.page.click("text=Older")
        assert "Older" not in visitor.page.inner_text("nav.pages")
        assert visitor.errors == []


def test_refusals_are_readable(transactional_db: None, visit):
    ana = account_make("ana", "analyst")
    ana.set_password(PASSWORD)
    ana.save()
    for width in (1440, 390):
        visitor = visit(width, 844)
        log_in(visitor, "ana", "/dashboard/")
        visitor.open(PEOPLE)
        assert "with the role analyst" in visitor.page.inner_text("main")
        good(visitor)
        visitor.open("/invite/nothing/")
        assert "does not work any more" in visitor.page.inner_text("main")
        good(visitor)
