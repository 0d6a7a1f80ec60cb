"""Random keys for digests that must stay equal when FIELD_KEY is changed; sealed like any value."""

import secrets
from typing import Any

from organization.crypto import CHECK, keyed
from organization.models import Secret

# Of what was sent: rows of members and buyers of receipts, to tell a file sent again from a new one.
CONTENT = "content"


class Digests:
    """Keyed digests under a lasting key; load it once per piece of work."""

    def __init__(self, name: str) -> None:
        new = {"value": secrets.token_hex(32)}
        self._key = bytes.fromhex(Secret.unscoped.get_or_create(name=name, defaults=new)[0].value)

    def of(self, kind: str, plain: str) -> bytes:
        return keyed(self._key, kind, plain)


def key_check_ensure(**signal: Any) -> None:
    """After each migration: the constant that `keys_fit` tries to open."""
    Secret.unscoped.get_or_create(name=CHECK, defaults={"value": "huiyan"})
