"""Writes of this app."""

from members.services.disclosure import check_reason, member_export, member_reveal
from members.services.erasure import SWEEP, erasure_lift, member_erase, rows_set_aside_forget
from members.services.links import member_link_create, member_links_revoke
from members.services.tags import member_tag_add, member_tag_forget, member_tag_remove
from members.services.wishes import (
    SOURCE,
    WishError,
    consent_give,
    consent_withdraw,
    profiling_end,
    profiling_resume,
    self_exclusion_end,
    self_exclusion_start,
)

__all__ = [
    "SOURCE",
    "SWEEP",
    "WishError",
    "check_reason",
    "consent_give",
    "consent_withdraw",
    "erasure_lift",
    "member_erase",
    "member_export",
    "member_link_create",
    "member_links_revoke",
    "member_reveal",
    "member_tag_add",
    "member_tag_forget",
    "member_tag_remove",
    "profiling_end",
    "profiling_resume",
    "rows_set_aside_forget",
    "self_exclusion_end",
    "self_exclusion_start",
]
