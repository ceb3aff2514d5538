"""A real browser (Debian's Chromium) against a real server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from models_app.models import Rendition
from models_app.services import publish
from models_app.services.datasets import photos_import
from survey.models import Survey
from tests.conftest import needs
from tests.jobs import work_all

# Playwright keeps an event loop running in the main thread until the last test; the ORM is used
# beside that loop, never inside it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parent.parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
# On a page with a pair: it takes answers, and its clock runs.
CHOOSING = "[data-tool=pause][aria-disabled=false]"
# That the pictures of so many pairs are here: the page shows a pair without a line only then.
LOADED = """async (pairs) => {
  const names = performance.getEntriesByType("resource").map((entry) => entry.name);
  const pictures = [...new Set(names.filter((name) => name.includes("/p/")))];
  if (pictures.length < 2 * pairs) return false;
  // After those of the page itself, which are decoded in turn.
  await Promise.all(pictures.map((src) => Object.assign(new Image(), { src }).decode()));
  return true;
}"""
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.django_db(transaction=True))


def come_back(page: Page, *operations: str) -> list[str]:
    """Open the page anew on a line that holds; return what it sends, in order."""
    order: list[str] = []

    def note(route: Route) -> None:
        order.append(route.request.url.rsplit("/", 2)[1])
        route.continue_()

    address = page.url
    # Left first: it tries again by itself, and might do so on the line that holds.
    page.goto("about:blank")
    for operation in operations:
        page.unroute(f"**/{operation}/")
    page.route("**/api/survey/study/*/", note)
    page.goto(address)
    return order


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    needs(CHROMIUM.exists(), "Chromium (/usr/bin/chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """One browser profile; it notes every host it was asked to contact."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context = context
        self.address = address
        self.hosts: set[str] = set()
        self.errors: list[str] = []
        context.on("request", lambda request: self.hosts.add(request.url.split("/")[2]))
        self.page = self.tab()

    def tab(self) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console", lambda line: self.errors.append(line.text) if line.type == "error" else None
        )
        return page

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def to_first_pair(self) -> None:
        self.open("/s/study/")
        for _page in range(3):
            self.page.click("main button[type=submit]")
        self.pair()

    def pair(self) -> tuple[str, str]:
        """Wait for a pair and return the addresses of its two pictures."""
        self.page.wait_for_selector(".pair.shown:not(.leaving) button[aria-disabled=false] img")
        self.page.wait_for_selector(CHOOSING, state="attached")
        images = self.page.query_selector_all(".side img")
        left, right = (image.get_attribute("src") or "" for image in images)
        return left, right

    def choose(self, how: str) -> None:
        """Answer the pair on the page by click or key, and wait for the next page state."""
        before = self.pair()
        # The page ignores what comes within 300 ms of a new pair, as a second tap would.
        self.page.wait_for_timeout(350)
        if how in {"left", "right"}:
            self.page.click(f".side[data-side={how}]")
        else:
            self.page.keyboard.press(how)
        self.page.wait_for_function(
            "(old) => !document.querySelector('.pair') || "
            "(document.querySelector('.pair.shown:not(.leaving)') && "
            "document.querySelector('.side img').getAttribute('src') !== old && "
            "document.querySelector('.side[aria-disabled=false]') && "
            f"document.querySelector('{CHOOSING}'))",
            arg=before[0],
        )

    def loaded(self, pairs: int) -> None:
        """Wait until so many pairs could be shown without a line."""
        self.page.wait_for_function(LOADED, arg=pairs)

    def violations(self) -> list[str]:
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document)")
        return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found["violations"]]


@pytest.fixture
def visit(chromium: Browser, live_server):
    """Make visitors: visit(width, height, ...)."""
    contexts = []

    def make(width: int = 1440, height: int = 900, **options: object) -> Visitor:
        context = chromium.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(60_000)
        contexts.append(context)
        return Visitor(context, live_server.url)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def study(transactional_db: None, real_photos: list[Path]) -> Survey:
    """Seven real photos, six strong edits, twenty trials."""
    photos_import("d", {path: path.name for path in real_photos}, credits={})
    settings = {"trials": 20, "photo_repeats": 6, "photo_gap": 3, "long_side": 640}
    publish.survey_make("study", title="Holiday photos", dataset="d", settings=settings)
    wanted = [("original", ""), ("contrast", "-0.6"), ("contrast", "0.6"), ("saturation", "-1.0"),
              ("exposure", "1.2"), ("tint", "0.8"), ("temperature", "3000")]  # fmt: skip
    keep = [
        rendition.pk
        for rendition in Rendition.objects.all()
        if (rendition.distortion, rendition.level) in wanted
    ]
    Rendition.objects.exclude(pk__in=keep).delete()
    work_all()
    return Survey.objects.get(slug="study")
