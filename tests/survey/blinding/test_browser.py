"""The parts of the browser that a walk through this site's pages does not reach."""

import gzip
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from survey.blinding.base import AuditRefused
from survey.blinding.browser import Browser, Site, decompress, form_fields

PAGE = """
<form method="get" action="/search"><input name="q" value="x"></form>
<form method="post" action="/language/"><input type="hidden" name="next" value="/"></form>
<form method="post"><input type="hidden" name="text" value="abc"><input value="no name"></form>
<input name="outside" value="1">
"""


class Handler(BaseHTTPRequestHandler):
    """Answers by the path; every third request to /busy is let through."""

    protocol_version = "HTTP/1.1"
    busy = 0

    def do_GET(self):
        status, headers, body = 200, [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2")], b"ok"
        if self.path == "/busy":
            Handler.busy += 1
            if Handler.busy % 3:
                status, headers = 429, [("Retry-After", "0")]
        elif self.path == "/gzip":
            headers, body = [("Content-Encoding", "gzip")], gzip.compress(b"plain")
        elif self.path == "/cookies":
            body = self.headers["Cookie"].encode()
        elif self.path == "/round":
            status, headers = 302, [("Location", "/round")]
        elif self.path == "/away":
            status, headers = 302, [("Location", "http://elsewhere.example/")]
        elif self.path == "/closed":
            status, body = 409, b'{"detail": "This survey is closed."}'
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture
def browser():
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            with Browser(Site("http", f"127.0.0.1:{server.server_port}"), {"kept": "0"}) as browser:
                yield browser
        finally:
            server.shutdown()
            thread.join()


def test_cookies_are_kept_and_sent(browser: Browser):
    browser.get("/")
    assert browser.get("/cookies").text == "kept=0; a=1; b=2"


def test_bytes_sent_are_those_of_the_wire(browser: Browser):
    answer = browser.get("/gzip")
    assert answer.body == b"plain"
    assert answer.raw == gzip.compress(b"plain") != answer.body


def test_too_many_requests_are_waited_for(browser: Browser):
    assert browser.get("/busy").status == 200
    assert Handler.busy % 3 == 0


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/round", "/round redirects without end"),
        ("/away", "/away leads away to http://elsewhere.example"),
        ("/closed", "/closed answers 409: This survey is closed."),
    ],
)
def test_what_leads_nowhere_is_one_sentence(browser: Browser, path: str, said: str):
    with pytest.raises(AuditRefused, match=said):
        browser.get(path)


def test_the_pages_own_form_is_found():
    assert form_fields(PAGE, "/s/study/consent/") == {"text": "abc"}
    assert form_fields(PAGE, "/language/") == {"next": "/"}
    assert form_fields("<p>closed</p>", "/s/study/") is None


@pytest.mark.parametrize("coding", ["gzip", "deflate", ""])
def test_codings_are_undone(coding: str):
    packed = {"gzip": gzip.compress, "deflate": zlib.compress}.get(coding, bytes)(b"plain")
    assert decompress(packed, coding) == b"plain"


@pytest.mark.parametrize("url", ["", "example.org", "ftp://example.org", "http://example.org/x"])
def test_only_a_site_is_an_address(url: str):
    with pytest.raises(AuditRefused, match="scheme, host and port"):
        Site.from_url(url)
