"""Secrets of second factors move to a new field key with everything else."""

import re
from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from organization.crypto import is_current, seal, unseal

# Version, nonce and tag are longer than this, in hexadecimal digits.
_HEX = re.compile(r"[0-9a-f]{56,}")


@transaction.atomic
def second_factors_reseal(write: bool) -> int:
    """How many secrets depended on an old key; see `organization.crypto.register_rotation`."""
    found = 0
    for authenticator in Authenticator.objects.select_for_update().order_by("pk"):
        old = {name: value for name, value in authenticator.data.items() if _is_old(value)}
        found += len(old)
        if old and write:
            authenticator.data |= {name: _anew(value) for name, value in old.items()}
            authenticator.save(update_fields=["data"])
    return found


def _is_old(value: Any) -> bool:
    """Of a sealed text, or of a list of them; numbers and names are not sealed."""
    if isinstance(value, list):
        return any(map(_is_old, value))
    return (
        isinstance(value, str) and _HEX.fullmatch(value) is not None and not is_current(bytes.fromhex(value))
    )


def _anew(value: Any) -> Any:
    if isinstance(value, list):
        return [_anew(each) for each in value]
    return seal(unseal(bytes.fromhex(value))).hex()
