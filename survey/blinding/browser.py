"""Just enough of a browser: one connection, cookies, CSRF, forms, redirects."""

import gzip
import json
import time
import zlib
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from django.utils.translation import gettext as _

from survey.blinding.base import AuditRefused

TIMEOUT_S = 60
REDIRECTS_MOST = 10
# How often and how long an answer "too many requests" is waited for.
WAITS_MOST = 5
WAIT_MOST_S = 60
# What every current browser sends; a server that compresses pictures would compress them here too.
HEADERS = {"Accept-Encoding": "gzip, deflate", "Accept-Language": "en"}


@dataclass(frozen=True, slots=True)
class Site:
    """Where the survey runs: scheme, host and port to connect to, and the name to ask for."""

    scheme: str
    address: str
    # Host header, where it differs from the address.
    host: str = ""
    # What a proxy in front would add.
    extra: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_url(cls, url: str) -> "Site":
        """Raises AuditRefused."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/"):
            raise AuditRefused(
                _("--http is %(url)r; it must be scheme, host and port, as http://127.0.0.1:8000.")
                % {"url": url}
            )
        return cls(parts.scheme, parts.netloc)

    @property
    def origin(self) -> str:
        forwarded = dict(self.extra).get("X-Forwarded-Proto", self.scheme)
        return f"{forwarded}://{self.host or self.address}"


@dataclass(frozen=True, slots=True)
class Answer:
    path: str
    status: int
    headers: tuple[tuple[str, str], ...]
    # As it came, and decompressed.
    raw: bytes
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Browser:
    def __init__(self, site: Site, cookies: dict[str, str]) -> None:
        self.site = site
        self.cookies = dict(cookies)
        kind = HTTPSConnection if site.scheme == "https" else HTTPConnection
        self.connection = kind(site.address, timeout=TIMEOUT_S)

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_error: object) -> None:
        self.connection.close()

    def get(self, path: str) -> Answer:
        """Follow redirects within the site; raises AuditRefused where the answer is an error."""
        answer = self._ask("GET", path)
        for _redirect in range(REDIRECTS_MOST):
            if answer.status not in {301, 302, 303, 307, 308}:
                return answer
            answer = self._ask("GET", self._within(answer))
        raise AuditRefused(_("%(path)s redirects without end; look at the site.") % {"path": path})

    def form_send(self, page: Answer) -> Answer:
        """Send the page's own form, as its button does; raises AuditRefused without one."""
        fields = form_fields(page.text, page.path)
        if fields is None:
            raise AuditRefused(
                _("The page %(path)s has no button that leads on; open it in a browser.")
                % {"path": page.path}
            )
        body = urlencode(fields).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = self._ask("POST", page.path, body, kind)
        return self.get(self._within(answer)) if answer.header("Location") else answer

    def api_post(self, path: str, body: dict[str, Any]) -> Answer:
        return self._ask(
            "POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )

    def _within(self, answer: Answer) -> str:
        parts = urlsplit(urljoin(answer.path, answer.header("Location")))
        if parts.scheme and f"{parts.scheme}://{parts.netloc}" != self.site.origin:
            raise AuditRefused(
                _("%(path)s leads away to %(to)s; name the site itself with --http.")
                % {"path": answer.path, "to": f"{parts.scheme}://{parts.netloc}"}
            )
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def _ask(
        self, method: str, path: str, body: bytes | None = None, more: dict[str, str] | None = None
    ) -> Answer:
        for _wait in range(WAITS_MOST):
            answer = self._ask_once(method, path, body, more or {})
            if answer.status != 429:
                break
            pause = answer.header("Retry-After")
            time.sleep(min(int(pause) if pause.isdigit() else 1, WAIT_MOST_S))
        if answer.status >= 400:
            raise AuditRefused(
                _("%(path)s answers %(status)d: %(text)s")
                % {"path": path, "status": answer.status, "text": first_words(answer)}
            )
        return answer

    def _ask_once(self, method: str, path: str, body: bytes | None, more: dict[str, str]) -> Answer:
        headers = {**HEADERS, **dict(self.site.extra), **more}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.site.host:
            headers["Host"] = self.site.host
        if method == "POST":
            headers["X-CSRFToken"] = self.cookies.get("csrftoken", "")
            headers["Origin"] = self.site.origin
            headers["Referer"] = self.site.origin + path
        began = time.perf_counter()
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
            raw = response.read()
        except (OSError, HTTPException) as error:
            raise AuditRefused(
                _("%(site)s does not answer (%(reason)s); start the site, or leave --http out.")
                % {"site": self.site.origin, "reason": error}
            ) from error
        seconds = time.perf_counter() - began
        received = tuple(response.getheaders())
        self._cookies_keep(received)
        coding = response.getheader("Content-Encoding", "")
        return Answer(path, response.status, received, raw, decompress(raw, coding), seconds)

    def _cookies_keep(self, headers: tuple[tuple[str, str], ...]) -> None:
        for name, value in headers:
            if name.lower() == "set-cookie":
                key, _equals, content = value.partition(";")[0].partition("=")
                self.cookies[key.strip()] = content


def decompress(raw: bytes, coding: str) -> bytes:
    if coding == "gzip":
        return gzip.decompress(raw)
    if coding == "deflate":
        return zlib.decompress(raw)
    return raw


def first_words(answer: Answer) -> str:
    """Say what an error answer says: the API's sentence, or nothing of a page."""
    try:
        return str(json.loads(answer.body).get("detail", ""))
    except (ValueError, AttributeError):
        return _("not the page that a participant gets")


class _Forms(HTMLParser):
    """Collects POST forms: where each leads, and its fields as they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("method", "").lower() == "post"
            if self.inside:
                self.forms.append((given.get("action", ""), {}))
        elif tag == "input" and self.inside and given.get("name"):
            self.forms[-1][1][given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


def form_fields(page: str, path: str) -> dict[str, str] | None:
    """Return the fields of the form that a page sends to itself, not of one for the language."""
    parser = _Forms()
    parser.feed(page)
    parser.close()
    for action, fields in parser.forms:
        if urlsplit(urljoin(path, action)).path == urlsplit(path).path:
            return fields
    return None
