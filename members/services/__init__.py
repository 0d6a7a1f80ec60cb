"""Writes of this app."""

from members.services.disclosure import member_export, member_reveal
from members.services.erasure import erasure_lift, member_erase

__all__ = ["erasure_lift", "member_erase", "member_export", "member_reveal"]
