"""An acknowledged vote is on the disk: the server is killed while people vote."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.client import HTTPException
from pathlib import Path

from bench.clients import VIEWING, Browser

WANTED = 120
MAKE = """
import sys
import bench.votes
bench.votes.PHOTOS = 12
bench.votes.setup(sys.argv[1])
bench.votes.survey_make(trials=12)
"""


def serve(folder: Path, port: int) -> subprocess.Popen:
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "PROOFSHEET_VAR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder / 'bench.sqlite3'}",
    }
    subprocess.run([sys.executable, "-c", MAKE, str(folder)], env=env, check=True)
    command = [
        sys.executable, "-m", "gunicorn", "config.wsgi:application", "-k", "gthread",
        "-w", "2", "--threads", "2", "-b", f"127.0.0.1:{port}", "--log-level", "critical",
    ]  # fmt: skip
    return subprocess.Popen(command, env=env, start_new_session=True)


def vote(port: int, acknowledged: list[str]) -> None:
    """Judge until the server is gone; a token is noted only once its answer has come."""
    try:
        while True:
            with Browser(port) as browser:
                browser.join()
                state = browser.post("pair")
                while state["state"] == "pair":
                    token = state["trials"][0]["token"]
                    state = browser.post("votes", token=token, answer="right", **VIEWING)
                    acknowledged.append(token)
    except (OSError, HTTPException):
        return


def test_no_acknowledged_vote_is_lost_when_the_server_is_killed(tmp_path: Path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = serve(tmp_path, port)
    try:
        for _try in range(300):
            try:
                with Browser(port) as browser:
                    browser.request("GET", "/about/")
                break
            except OSError:
                time.sleep(0.1)
        acknowledged: list[str] = []
        people = [threading.Thread(target=vote, args=(port, acknowledged)) for _n in range(8)]
        for person in people:
            person.start()
        deadline = time.monotonic() + 60
        while len(acknowledged) < WANTED and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
    for person in people:
        person.join()
    assert len(acknowledged) >= WANTED
    with closing(sqlite3.connect(tmp_path / "bench.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {
            token
            for (token,) in database.execute(
                "SELECT token FROM survey_assignment JOIN survey_vote "
                "ON survey_vote.assignment_id = survey_assignment.id WHERE state = 'voted'"
            )
        }
        half = database.execute(
            "SELECT count(*) FROM survey_assignment LEFT JOIN survey_vote "
            "ON survey_vote.assignment_id = survey_assignment.id "
            "WHERE (state = 'voted') != (survey_vote.id IS NOT NULL)"
        ).fetchone()
    assert set(acknowledged) <= stored
    assert half == (0,)
