"""How often something may be done in a minute of the clock, counted without a query.

With CACHE_URL all server processes count together. Without it each counts for itself in its
memory: with n of them somebody gets up to n times as many.
"""

import hashlib
import logging
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from django.core.cache import BaseCache, caches
from django.http import HttpRequest
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

MINUTE = 60
# So many seconds a shared cache that did not answer is not asked again: nobody's vote waits for it.
PAUSE = 10
logger = logging.getLogger(__name__)


def _key(scope: str, who: str) -> str:
    # Hashed: `who` is whatever somebody sent, and a key of the cache is short and plain.
    caller = hashlib.sha256(who.encode()).hexdigest()[:32]
    return f"calls:{scope}:{caller}:{int(time.time() // MINUTE)}"


def count(scope: str, who: str) -> int:
    """Count one call of somebody in this minute; return how many there were."""
    key = _key(scope, who)
    return _ask(lambda cache: _add(cache, key))


def _add(cache: BaseCache, key: str) -> int:
    if cache.add(key, 1, timeout=MINUTE):
        return 1
    try:
        return cache.incr(key)
    except ValueError:
        # Forgotten in between: the minute is over.
        return 1


def counted(scope: str, who: str) -> int:
    """How many calls of somebody were counted in this minute."""
    key = _key(scope, who)
    return _ask(lambda cache: int(cache.get(key, 0)))


class _Shared:
    """Until when (monotonic seconds) this process leaves the shared cache alone."""

    silent_until = 0.0


def _ask(question: Callable[[BaseCache], int]) -> int:
    """Ask the cache, or this process's memory while a shared one does not answer.

    People vote on then: a limit that is too wide for a while harms less than a lost vote.
    """
    now = time.monotonic()
    if now >= _Shared.silent_until:
        try:
            return question(caches["default"])
        except (RedisError, OSError) as error:
            _Shared.silent_until = now + PAUSE
            logger.warning(
                "The cache of CACHE_URL does not answer (%s); limits are counted in each process "
                "until it does.",
                error,
            )
    return question(caches["process"])


def seconds_left() -> int:
    """Whole seconds to the next minute, at least 1."""
    return max(1, round(MINUTE - time.time() % MINUTE))


def address(request: HttpRequest | Request) -> str:
    """Where a request comes from, as the proxy in front tells it; empty where nobody tells."""
    return address_or_none(request) or ""


def address_or_none(request: HttpRequest | Request) -> str | None:
    """As `address`, by the API's NUM_PROXIES; None for what is no address: databases refuse it.

    Of IPv6 it is the first address of the /64 network: one machine has all of that network's, and
    would be another caller with each.
    """
    told = BaseThrottle().get_ident(request)  # type: ignore[arg-type]
    try:
        found = ip_address(told)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(IPv6Address(int(found) >> 64 << 64))
        found = found.ipv4_mapped
    return str(found)
