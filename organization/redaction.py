"""Addresses that are keys: whoever reads one could open what it opens, so no log may hold it."""

import logging
import re

# A member's own page /me/<signed text>/…, an invitation, a mailed link to a new password.
SECRET_PATH = re.compile(r"(/(?:me|invitation)/|/password/[0-9A-Za-z]+-)[^/?#\s\"']+")


def redacted(text: str) -> str:
    return SECRET_PATH.sub(r"\1…", text)


class SecretPaths(logging.Filter):
    """For handlers: the line as it would be written, without the secret part of an address."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):
            record.msg, record.args = redacted(record.getMessage()), None
        return True
