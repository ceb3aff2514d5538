"""This installation's own site for the time of an audit, on a free port of the loopback."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from survey.blinding.browser import Site

LOOPBACK = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    # Headers and body are written apart: the body would wait 40 ms for the headers' receipt.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the audit makes hundreds of requests."""


@contextmanager
def site_serve() -> Iterator[Site]:
    """Serve with the settings, database and storage of this process: real sockets, real headers.

    What a proxy or another server in front adds is not seen; for that, audit the running site.
    """
    server = ThreadedWSGIServer((LOOPBACK, 0), _Quiet)
    # Closing the server then waits for the last answer, and its database connection is closed.
    server.daemon_threads = False
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        port = server.server_address[1]
        yield Site("http", f"{LOOPBACK}:{port}", host=host_name(port), extra=proxy_headers())
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def host_name(port: int) -> str:
    """Return the first host name that the settings allow, empty where the loopback will do."""
    named = [name for name in settings.ALLOWED_HOSTS if not name.startswith((".", "*"))]
    if not named or LOOPBACK in named or "*" in settings.ALLOWED_HOSTS:
        return ""
    return f"{named[0]}:{port}"


def proxy_headers() -> tuple[tuple[str, str], ...]:
    """Return what the proxy that the settings trust would add, so that HTTPS is not asked for."""
    if settings.SECURE_PROXY_SSL_HEADER is None:
        return ()
    name, value = settings.SECURE_PROXY_SSL_HEADER
    return ((name.removeprefix("HTTP_").replace("_", "-").title(), value),)
