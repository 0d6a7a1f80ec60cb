"""Personal data at rest: encrypted with AES-GCM, found again by a keyed hash of the plain value.

Both keys come from FIELD_KEY by HKDF, so neither tells the other. A cipher text starts with one
byte for the version of the key, then the nonce.
"""

import hashlib
import hmac
import os
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models
from django.utils.functional import Promise

VERSION = b"\x01"


@cache
def _key(purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(bytes.fromhex(settings.FIELD_KEY))


@cache
def _cipher() -> AESGCM:
    return AESGCM(_key(b"huiyan field"))


def encrypt(plain: str) -> bytes:
    nonce = os.urandom(12)
    return VERSION + nonce + _cipher().encrypt(nonce, plain.encode(), None)


def decrypt(sealed: bytes) -> str:
    sealed = bytes(sealed)
    return _cipher().decrypt(sealed[1:13], sealed[13:], None).decode()


def lookup(kind: str, plain: str) -> bytes:
    """The 16-byte index value of an identity; equal for equal values of the same kind."""
    return hmac.digest(_key(b"huiyan lookup"), f"{kind}:{plain}".encode(), hashlib.sha256)[:16]


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]
    """Text in Python, a sealed value in the table."""

    def from_db_value(self, value: Any, *args: Any) -> str | None:
        return None if value is None else decrypt(value)

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Promise):
            value = str(value)
        return encrypt(value) if isinstance(value, str) else value
