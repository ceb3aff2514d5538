"""kill -9 of the web server while people vote, over and over.

`python -m pytest -s -m slow tests/faults/test_server.py` kills it 20 times and prints a table. It
is the death of processes, not a power cut: whether a disk keeps what it confirmed is not tested.
"""

import http.client
import json
import os
import random
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from config.web import server_command
from tests.config.conftest import ROOT

PEOPLE = 8
# Real pictures of seven photos; everybody judges 24 of their 42 pairs.
MAKE = """
import django
django.setup()
from django.core.management import call_command
from tests.factories import survey_make
call_command("migrate", verbosity=0)
survey_make("study", photos=7, trials=24, photo_repeats=6, photo_gap=1, break_every=0)
"""
VIEWING = {
    "response_ms": 900, "viewport_width": 1440, "viewport_height": 900, "device_pixel_ratio": 1,
    "rendered_width": 600, "rendered_height": 400, "layout": "side-by-side",
}  # fmt: skip
STORED = """
    SELECT a.token, a.revision_token, a.state, v.chosen_side, v.first_chosen_side
    FROM survey_vote v JOIN survey_assignment a ON a.id = v.assignment_id
"""
HALF = """
    SELECT count(*) FROM survey_assignment a LEFT JOIN survey_vote v ON v.assignment_id = a.id
    WHERE (a.state = 'voted') != (v.id IS NOT NULL)
"""


class Browser:
    """Cookies, forms, and asking again until the server answers; as the page does."""

    def __init__(self, port: int, over: threading.Event) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        self.over = over
        self.cookies: dict[str, str] = {}
        self.tries = 0

    def request(self, method: str, path: str, body: str = "", kind: str = "") -> str:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if method == "POST":
            headers |= {"Content-Type": kind, "X-CSRFToken": self.cookies.get("csrftoken", "")}
        while True:
            try:
                self.connection.request(method, path, body, headers)
                response = self.connection.getresponse()
                text = response.read().decode()
            except (OSError, http.client.HTTPException):
                self.tries += 1
                self.connection.close()
                time.sleep(0.05)
                continue
            for cookie in response.headers.get_all("Set-Cookie") or []:
                name, _equals, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            if response.status >= 400:
                raise RuntimeError(f"{path}: {response.status} {text[:200]}")
            return text

    def join(self) -> None:
        for step in ("", "consent/", "instructions/"):
            page = self.request("GET", f"/s/study/{step}")
            hidden = re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page)
            form = "&".join(f"{name}={value}" for name, value in hidden)
            kind = "application/x-www-form-urlencoded"
            self.request("POST", f"/s/study/{step}", form, kind)
        self.request("GET", "/s/study/pair/")

    def post(self, operation: str, **body: object) -> dict:
        path = f"/api/survey/study/{operation}/"
        return json.loads(self.request("POST", path, json.dumps(body), "application/json"))


@dataclass
class Book:
    """What the server has confirmed: token of a presentation -> answer; each once."""

    votes: dict[str, str] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    retried: int = 0


def take_part(port: int, seed: int, over: threading.Event, book: Book) -> None:
    """Judge, and now and then take back, one session after the other until it is over."""
    rng = random.Random(seed)
    try:
        while not over.is_set():
            browser = Browser(port, over)
            browser.join()
            state = browser.post("pair")
            while state["state"] == "pair" and not over.is_set():
                token, answer = state["trials"][0]["token"], rng.choice(["left", "right"])
                kept = book.revisions if state["revising"] else book.votes
                state = browser.post("votes", token=token, answer=answer, **VIEWING)
                kept[token] = answer
                if state["undo"] and rng.random() < 0.15:
                    state = browser.post("undo", token=state["undo"])
            book.retried += browser.tries
            browser.connection.close()
    except Exception as error:  # noqa: BLE001 - told by the test, which runs in another thread
        book.errors.append(repr(error))


class Server:
    """Gunicorn as `make run` starts it; its socket is ours and outlives it."""

    def __init__(self, folder: Path) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.database = folder / "votes.sqlite3"
        self.env = {
            **os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.dev",
            "PROOFSHEET_VAR": str(folder), "MEDIA_ROOT": str(folder / "media"),
            "DATABASE_URL": f"sqlite:///{self.database}", "STORAGE_URL": "",
            "API_PARTICIPANT_PER_MINUTE": "0", "API_STRANGER_PER_MINUTE": "0",
        }  # fmt: skip
        self.run("-c", MAKE)
        self.start()

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], env=self.env, cwd=ROOT, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        self.process = subprocess.Popen(
            server_command(self.listener), env=self.env, cwd=ROOT, start_new_session=True,
            pass_fds=[self.listener.fileno()], stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        self.kill()
        self.listener.close()

    def rows(self, sql: str) -> list[tuple]:
        with closing(sqlite3.connect(self.database)) as database:
            return database.execute(sql).fetchall()


@contextmanager
def voters(server: Server, book: Book) -> Iterator[None]:
    over = threading.Event()
    people = [
        threading.Thread(target=take_part, args=(server.port, seed, over, book), daemon=True)
        for seed in range(PEOPLE)
    ]
    for person in people:
        person.start()
    try:
        yield
    finally:
        over.set()
        for person in people:
            person.join(timeout=60)


def reach(book: Book, number: int, *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while len(book.votes) < number and not book.errors and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not book.errors, book.errors
    assert len(book.votes) >= number


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_no_confirmed_vote_is_lost_or_doubled(
    tmp_path: Path, kills: int, record: Callable[[str], None]
):
    server = Server(tmp_path)
    book, rng = Book(), random.Random(kills)
    try:
        with voters(server, book):
            for _kill in range(kills):
                reach(book, len(book.votes) + 5 + rng.randrange(25))
                server.kill()
                server.start()
            reach(book, len(book.votes) + 10)
    finally:
        server.close()
    assert not book.errors, book.errors
    lost, wrong, unknown, counted = compare(server, book)
    record(
        "kills  retried requests  confirmed votes  revisions  stored  lost  wrong  doubled\n"
        f"{kills:5} {book.retried:17} {len(book.votes):16} {len(book.revisions):10} "
        f"{counted:7} {lost:5} {wrong:6} {counted - len(book.votes) - unknown:8}"
    )
    assert (lost, wrong) == (0, 0)
    # Everybody asked again until their vote was confirmed, so no other vote is there.
    assert (unknown, counted) == (0, len(book.votes))
    assert server.rows("PRAGMA integrity_check") == [("ok",)]
    assert server.rows(HALF) == [(0,)]
    assert "Every count agrees." in server.run("manage.py", "check_counts", "--survey", "study")


def compare(server: Server, book: Book) -> tuple[int, int, int, int]:
    """Votes lost, with another answer than the confirmed one, never confirmed; votes stored."""
    stored = server.rows(STORED)
    first = {token: (first or side) for token, _again, _state, side, first in stored}
    second = {again: side for _token, again, _state, side, first in stored if first}
    lost = len(book.votes.keys() - first.keys()) + len(book.revisions.keys() - second.keys())
    wrong = sum(first.get(token, answer) != answer for token, answer in book.votes.items())
    wrong += sum(second.get(token, answer) != answer for token, answer in book.revisions.items())
    unknown = len(first.keys() - book.votes.keys()) + len(second.keys() - book.revisions.keys())
    return lost, wrong, unknown, len(stored)


@pytest.fixture
def record(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def write(table: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{table}\n")

    return write
