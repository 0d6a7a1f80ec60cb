"""Personal data at rest: encrypted with AES-GCM, found again by a keyed hash of the plain value.

Keys come from FIELD_KEY by HKDF, so none tells another. A sealed value says which key sealed it:
version 2, four bytes of the key's id, the nonce, the cipher text. Version 1 had no id. Values under
a key of OLD_FIELD_KEYS are read and found, never written; `manage.py rotate_keys` seals them anew.
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils.functional import Promise

FIRST, VERSION = b"\x01", b"\x02"
ID_BYTES, NONCE_BYTES = 4, 12
# The name of the sealed constant that tells whether the keys are those of this database.
CHECK = "key check"

# Seals again what no EncryptedTextField holds; without `write` it only counts. Returns how many
# values depended on an old key.
Rotation = Callable[[bool], int]
rotations: dict[str, Rotation] = {}


class WrongKey(Exception):
    """A value was sealed with a key that is not here."""

    def __init__(self) -> None:
        super().__init__("A value was sealed with a key that is neither FIELD_KEY nor in OLD_FIELD_KEYS.")


@dataclass(frozen=True)
class Key:
    id: bytes
    cipher: AESGCM
    index: bytes  # of the look-up values


def register_rotation(name: str, rotation: Rotation) -> None:
    """Have `rotate_keys` also seal anew what this function knows of."""
    rotations[name] = rotation


def encrypt(plain: str) -> bytes:
    return seal(plain.encode())


def decrypt(sealed: bytes) -> str:
    return unseal(sealed).decode()


def seal(plain: bytes) -> bytes:
    key, nonce = ring()[0], os.urandom(NONCE_BYTES)
    return VERSION + key.id + nonce + key.cipher.encrypt(nonce, plain, None)


def unseal(sealed: bytes) -> bytes:
    sealed = bytes(sealed)
    start = 1 if sealed[:1] == FIRST else 1 + ID_BYTES
    nonce, text = sealed[start : start + NONCE_BYTES], sealed[start + NONCE_BYTES :]
    for key in ring():
        if start == 1 or sealed[1:start] == key.id:
            try:
                return key.cipher.decrypt(nonce, text, None)
            except InvalidTag:
                continue
    raise WrongKey


def is_current(sealed: bytes) -> bool:
    return bytes(sealed[: 1 + ID_BYTES]) == current_prefix()


def current_prefix() -> bytes:
    """How every value begins that is sealed with FIELD_KEY."""
    return VERSION + ring()[0].id


def lookup(kind: str, plain: str) -> bytes:
    """The 16-byte index value of an identity; equal for equal values of the same kind."""
    return keyed(ring()[0].index, kind, plain)


def lookups(kind: str, plain: str) -> list[bytes]:
    """Index values under every key, the current one first: an identity may still stand under an old one."""
    return [keyed(key.index, kind, plain) for key in ring()]


def keyed(key: bytes, kind: str, plain: str) -> bytes:
    return hmac.digest(key, f"{kind}:{plain}".encode(), hashlib.sha256)[:16]


def keys_fit() -> bool:
    """Whether the keys are those this database was sealed with; True where nothing is sealed yet."""
    from organization.models import Secret

    try:
        # unscoped: a constant that is nobody's.
        return all(Secret.unscoped.filter(name=CHECK).values_list("value", flat=True))
    except WrongKey:
        return False


def ring() -> list[Key]:
    """The current key, then the old ones."""
    return [_key(settings.FIELD_KEY), *map(_key, settings.OLD_FIELD_KEYS)]


@cache
def _key(secret: str) -> Key:
    def derived(purpose: bytes, size: int = 32) -> bytes:
        return HKDF(SHA256(), size, salt=None, info=purpose).derive(bytes.fromhex(secret))

    return Key(
        derived(b"huiyan key id", ID_BYTES), AESGCM(derived(b"huiyan field")), derived(b"huiyan lookup")
    )


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]
    """Text in Python, a sealed value in the table.

    `index`: the columns beside it that hold the kind and the look-up value of the same text, so that
    a rotation of keys moves both at once.
    """

    def __init__(self, *args: Any, index: tuple[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.index = index

    def from_db_value(self, value: Any, *args: Any) -> str | None:
        return None if value is None else decrypt(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Promise):
            value = str(value)
        return encrypt(value) if isinstance(value, str) else value


def sealed_fields(model: type[models.Model]) -> list[EncryptedTextField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, EncryptedTextField)]


def models_with_sealed_fields() -> list[type[models.Model]]:
    """Every model with one, found and not listed; the key check comes last."""
    found = [model for model in apps.get_models() if sealed_fields(model)]
    return sorted(found, key=lambda model: (model._meta.label == "organization.Secret", model._meta.label))
