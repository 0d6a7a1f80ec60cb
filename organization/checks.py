"""What must be so before anything starts, each as one sentence."""

import re
import sys
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from organization.crypto import keys_fit

NO_KEYS = "FIELD_KEY and each of OLD_FIELD_KEYS must be 64 hexadecimal digits."
WRONG_KEYS = (
    "FIELD_KEY is not the key this database was sealed with. Set the right one; "
    "a key that was replaced belongs into OLD_FIELD_KEYS until rotate_keys is through."
)


def register_all() -> None:
    register(_keys_are_keys, Tags.security)
    register(_keys_open_the_database, Tags.database)


def refuse_wrong_keys() -> None:
    """For processes that serve or work: end with the sentence instead of failing page by page."""
    if sentence := _wrong():
        print(sentence, file=sys.stderr, flush=True)
        sys.exit(1)


def _wrong() -> str:
    if _wrong_form():
        return NO_KEYS
    try:
        return "" if keys_fit() else WRONG_KEYS
    except DatabaseError:  # Not there or not migrated yet: that is not for the keys to say.
        return ""


def _wrong_form() -> bool:
    keys = [settings.FIELD_KEY, *settings.OLD_FIELD_KEYS]
    return not all(re.fullmatch(r"[0-9a-fA-F]{64}", key) for key in keys)


def _keys_are_keys(**kwargs: Any) -> list[CheckMessage]:
    return [Error(NO_KEYS, id="organization.E001")] if _wrong_form() else []


def _keys_open_the_database(**kwargs: Any) -> list[CheckMessage]:
    sentence = "" if _wrong_form() else _wrong()
    return [Error(sentence, id="organization.E002")] if sentence else []
