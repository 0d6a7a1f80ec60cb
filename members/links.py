"""The signed text in the address of a member's own page.

A forged text costs the same work as a genuine one: one signature per key in use, then one look-up.
So neither an answer nor its time tells a text that never was from one that is over.
"""

from django.core.signing import Signer
from django.utils.crypto import constant_time_compare

from members.models import MemberLink

SIGNER = Signer(salt="members.link", sep=".")
# No key is this short, so that a text with a wrong signature is looked up in vain.
NO_KEY = "-"


def link_token(link: MemberLink) -> str:
    return str(SIGNER.sign(link.key))


def key_of(token: str) -> str:
    """The key of the link a text was made for, or NO_KEY."""
    key, _sep, signature = token.rpartition(".")
    secrets = (SIGNER.key, *SIGNER.fallback_keys)
    # All are tried, whichever fits.
    fits = [constant_time_compare(signature, SIGNER.signature(key, secret)) for secret in secrets]
    return key if True in fits else NO_KEY
