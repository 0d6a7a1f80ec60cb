"""Writes of this app."""

from members.services.disclosure import check_reason, member_export, member_reveal

__all__ = ["check_reason", "member_export", "member_reveal"]
