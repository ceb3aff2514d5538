"""A load generator that costs little itself: one socket a client, requests written by hand.

Half a millisecond of a client library a request would hide what is measured on two cores.
"""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

CSRF = "a" * 32
VIEWING = {
    "response_ms": 900, "viewport_width": 1440, "viewport_height": 900, "device_pixel_ratio": 1,
    "rendered_width": 600, "rendered_height": 400, "layout": "side-by-side",
}  # fmt: skip


class Line:
    """One HTTP/1.1 connection that is kept open."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None

    def ask(self, head: bytes, body: bytes = b"") -> bytes:
        """Send one request, return the body of the answer; RuntimeError for anything but 200."""
        for attempt in (1, 2):
            try:
                return self._ask(head, body)
            except (ConnectionError, TimeoutError):
                # The server closes idle connections; a request that reached nobody is sent again.
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError

    def _ask(self, head: bytes, body: bytes) -> bytes:
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        top, _blank, rest = data.partition(b"\r\n\r\n")
        lowered = top.lower()
        at = lowered.index(b"content-length:") + 15
        length = int(lowered[at:].split(b"\r\n", 1)[0])
        parts, have = [rest], len(rest)
        while have < length:
            parts.append(self._more())
            have += len(parts[-1])
        if not top.startswith(b"HTTP/1.1 200"):
            raise RuntimeError((top + b" " + b"".join(parts))[:400].decode(errors="replace"))
        if b"\r\nconnection: close" in lowered:
            self.close()
        return b"".join(parts)

    def _more(self) -> bytes:
        assert self.socket is not None
        chunk = self.socket.recv(1 << 20)
        if not chunk:
            raise ConnectionError("closed")
        return chunk

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def _head(method: str, path: str, cookie: str = "") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Cookie: csrftoken={CSRF}{cookie}"]
    if method == "POST":
        lines += [f"X-CSRFToken: {CSRF}", "Content-Type: application/json"]
    return ("\r\n".join(lines) + "\r\n").encode()


class Bare:
    """The yardstick's client."""

    def __init__(self, port: int) -> None:
        self.line = Line(port)
        self.head = _head("POST", "/bare/")

    def step(self) -> float:
        start = time.perf_counter()
        self.line.ask(self.head, b"{}")
        return time.perf_counter() - start


class Annotator:
    """Judges pair after pair; fetches both pictures of each, as a browser must."""

    def __init__(self, port: int, slug: str, keys: Callable[[], str], *, pictures: bool) -> None:
        self.line, self.slug, self.keys, self.pictures = Line(port), slug, keys, pictures
        self.votes = 0
        self.fresh()

    def fresh(self) -> None:
        """Begin as a new participant."""
        self.cookie = f"; participant-{self.slug}={self.keys()}"
        self.seen: set[str] = set()
        self.take(self.post("pair", b"{}"))

    def post(self, operation: str, body: bytes) -> dict:
        head = _head("POST", f"/api/survey/{self.slug}/{operation}/", self.cookie)
        return json.loads(self.line.ask(head, body))

    def take(self, progress: dict) -> None:
        self.trials = progress["trials"]
        if self.pictures:
            for trial in self.trials:
                if trial["token"] not in self.seen:
                    self.seen.add(trial["token"])
                    for side in ("left", "right"):
                        self.line.ask(_head("GET", trial[side], self.cookie))

    def step(self) -> float:
        """Vote and take what is next; return the seconds of the vote alone."""
        if not self.trials:
            self.fresh()
        body = json.dumps({"token": self.trials[0]["token"], "answer": "left", **VIEWING})
        start = time.perf_counter()
        progress = self.post("votes", body.encode())
        took = time.perf_counter() - start
        self.votes += 1
        self.take(progress)
        return took


@dataclass
class Outcome:
    """Seconds of every step, and how many were done a second."""

    seconds: list[float] = field(default_factory=list)
    rate: float = 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def saturate(clients: list, seconds: float) -> Outcome:
    """Every client asks again as soon as it is answered."""
    outcome, errors = Outcome(), []
    end = time.perf_counter() + seconds

    def run(client) -> None:
        try:
            while time.perf_counter() < end:
                outcome.seconds.append(client.step())
        except (RuntimeError, OSError, StopIteration) as error:
            errors.append(error)

    begun = time.perf_counter()
    _all(run, clients)
    if errors:
        raise errors[0]
    outcome.rate = len(outcome.seconds) / (time.perf_counter() - begun)
    return outcome


def paced(clients: list, rate: float, seconds: float) -> Outcome:
    """Steps begin at even times, whatever became of those before; waiting for a client counts.

    Latency is measured from the time at which a step was due (no coordinated omission).
    """
    outcome, errors = Outcome(), []
    begun = time.perf_counter()
    due = iter(begun + n / rate for n in range(int(rate * seconds)))
    lock = threading.Lock()

    def run(client) -> None:
        try:
            while True:
                with lock:
                    at = next(due, None)
                if at is None:
                    return
                time.sleep(max(0.0, at - time.perf_counter()))
                late = max(0.0, time.perf_counter() - at)
                outcome.seconds.append(late + client.step())
        except (RuntimeError, OSError, StopIteration) as error:
            errors.append(error)

    _all(run, clients)
    if errors:
        raise errors[0]
    outcome.rate = len(outcome.seconds) / (time.perf_counter() - begun)
    return outcome


def _all(run: Callable, clients: list) -> None:
    threads = [threading.Thread(target=run, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
