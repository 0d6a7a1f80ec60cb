"""How often an address has tried links that open nothing."""

from contextlib import suppress

from allauth.core.internal.httpkit import get_client_ip
from allauth.core.internal.ratelimit import truncate_ip
from django.core.cache import cache
from django.http import HttpRequest

from organization.crypto import lookup

MOST, SECONDS = 30, 600


def is_over_the_limit(request: HttpRequest) -> bool:
    return int(cache.get(_key(request), 0)) >= MOST


def miss_count(request: HttpRequest) -> None:
    key = _key(request)
    cache.add(key, 0, SECONDS)
    with suppress(ValueError):  # It ended in between: a new period begins with the next miss.
        cache.incr(key)


def _key(request: HttpRequest) -> str:
    """A keyed hash: an address is personal data, also in a cache. Of IPv6 the network of a household."""
    return f"own-misses-{lookup('address', truncate_ip(get_client_ip(request) or '')).hex()}"
