"""How often something may be done in a minute of the clock, counted in memory without a query.

Each server process counts for itself: with n of them somebody gets up to n times as many.
"""

import hashlib
import time
from ipaddress import ip_address

from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

MINUTE = 60


def _key(scope: str, who: str) -> str:
    # Hashed: `who` is whatever somebody sent, and a key of the cache is short and plain.
    caller = hashlib.sha256(who.encode()).hexdigest()[:32]
    return f"calls:{scope}:{caller}:{int(time.time() // MINUTE)}"


def count(scope: str, who: str) -> int:
    """Count one call of somebody in this minute; return how many there were."""
    key = _key(scope, who)
    if cache.add(key, 1, timeout=MINUTE):
        return 1
    try:
        return cache.incr(key)
    except ValueError:
        # Forgotten in between: the minute is over.
        return 1


def counted(scope: str, who: str) -> int:
    """How many calls of somebody were counted in this minute."""
    return int(cache.get(_key(scope, who), 0))


def seconds_left() -> int:
    """Whole seconds to the next minute, at least 1."""
    return max(1, round(MINUTE - time.time() % MINUTE))


def address(request: HttpRequest | Request) -> str:
    """Where a request comes from, as the proxy in front tells it; empty where nobody tells."""
    return address_or_none(request) or ""


def address_or_none(request: HttpRequest | Request) -> str | None:
    """As `address`, by the API's NUM_PROXIES; None for what is no address: databases refuse it."""
    told = BaseThrottle().get_ident(request)  # type: ignore[arg-type]
    try:
        return str(ip_address(told))
    except ValueError:
        return None
