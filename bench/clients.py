"""Fifty annotators at once against the real server: leases, votes, balance, votes a second.

Usage: python -m bench.clients [CLIENTS] [TRIALS]

A fresh SQLite file, gunicorn as `make run` starts it (2 workers x 2 threads), one HTTP connection
a client, no pause between votes. The yardstick is the same server's landing page.
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from bench.votes import setup, survey_make

VIEWING = {
    "response_ms": 900, "viewport_width": 1440, "viewport_height": 900, "device_pixel_ratio": 1,
    "rendered_width": 600, "rendered_height": 400, "layout": "side-by-side",
}  # fmt: skip


class Browser:
    """Just enough of one: a connection, cookies, the CSRF token of the last form."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def request(self, method: str, path: str, body: str = "", kind: str = "") -> str:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if method == "POST":
            headers |= {"Content-Type": kind, "X-CSRFToken": self.cookies.get("csrftoken", "")}
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _equals, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if response.status >= 400:
            raise RuntimeError(f"{path}: {response.status} {text[:200]}")
        return text

    def join(self) -> None:
        for step in ("", "consent/", "instructions/"):
            page = self.request("GET", f"/s/bench/{step}")
            hidden = re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', page)
            form = "&".join(f"{name}={value}" for name, value in hidden)
            self.request("POST", f"/s/bench/{step}", form, "application/x-www-form-urlencoded")
        self.request("GET", "/s/bench/pair/")

    def post(self, operation: str, **body: object) -> dict:
        path = f"/api/survey/bench/{operation}/"
        return json.loads(self.request("POST", path, json.dumps(body), "application/json"))

    def judge(self) -> list[str]:
        tokens = []
        state = self.post("pair")
        while state["state"] == "pair":
            tokens.append(state["trials"][0]["token"])
            state = self.post("votes", token=tokens[-1], answer="left", **VIEWING)
        return tokens


def serve(port: int) -> subprocess.Popen:
    command = [
        sys.executable, "-m", "gunicorn", "config.wsgi:application", "-k", "gthread",
        "-w", "2", "--threads", "2", "-b", f"127.0.0.1:{port}", "--log-level", "error",
    ]  # fmt: skip
    server = subprocess.Popen(command, env=dict(os.environ))
    for _try in range(200):
        try:
            with Browser(port) as browser:
                browser.request("GET", "/about/")
        except OSError:
            time.sleep(0.1)
        else:
            return server
    raise RuntimeError("the server does not answer")


def main(clients: int, trials: int) -> None:
    with tempfile.TemporaryDirectory(prefix="proofsheet-bench-") as folder:
        setup(folder)
        survey = survey_make(trials=trials)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = serve(port)
        try:
            run(survey, port, clients, trials)
        finally:
            server.terminate()
            server.wait()


def run(survey, port: int, clients: int, trials: int) -> None:
    from django.utils import timezone

    from survey.models import Assignment
    from survey.selectors import results as selectors

    start = time.perf_counter()
    page = Browser(port)
    for _time in range(200):
        page.request("GET", "/about/")
    pages = 200 / (time.perf_counter() - start)
    browsers = [Browser(port) for _client in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(Browser.join, browsers))
        start = time.perf_counter()
        tokens = [token for judged in pool.map(Browser.judge, browsers) for token in judged]
        took = time.perf_counter() - start
    rate = len(tokens) / took
    print(f"about page, one client (yardstick)   {pages:7.1f} /s   1.00 x")
    print(f"votes with next lease, {clients} clients    {rate:7.1f} /s {rate / pages:6.2f} x")
    print(f"answered votes {len(tokens)} of {clients * trials}, shared leases "
          f"{len(tokens) - len(set(tokens))}")  # fmt: skip
    print(f"ledger {selectors.ledger(survey, now=timezone.now())}")
    counts = Counter(Assignment.objects.values_list("condition", flat=True))
    sides = Counter(Assignment.objects.values_list("original_side", flat=True))
    print(f"trials a condition {min(counts.values())} to {max(counts.values())} "
          f"({len(counts)} conditions), original on the left {sides['left']}, "
          f"right {sides['right']}")  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 50, int(sys.argv[2]) if sys.argv[2:] else 20)
