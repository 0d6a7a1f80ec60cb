"""What members may do on their own page. Each has words to read before, and takes effect at once."""

from collections.abc import Callable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from campaigns.policy.audience import MONTH_CAP, WEEK_CAP
from dashboards.own.words import sender
from members import services
from members.models import Channel, Member, Purpose


@dataclass(frozen=True)
class Deed:
    question: str
    points: tuple[str, ...]
    button: str
    done: str
    carry_out: Callable[[], object]
    # There is no page to go back to.
    is_last: bool = False


def find(member: Member, name: str) -> Deed | None:
    """The deed an address names; None if there is no such thing to do for this member."""
    kind, _sep, rest = name.partition("-")
    if kind == "tag":
        return _tag(member, rest)
    if kind in ("allow", "stop"):
        channel, _sep, purpose = rest.partition("-")
        if channel not in Channel or purpose not in Purpose:
            return None
        return (_allow if kind == "allow" else _stop)(member, Channel(channel), Purpose(purpose))
    return DEEDS[name](member) if name in DEEDS else None


def _allow(member: Member, channel: Channel, purpose: Purpose) -> Deed:
    words = {"sender": sender(), "channel": channel.label, "purpose": purpose.label}
    caps = {"week": WEEK_CAP, "month": MONTH_CAP}
    return Deed(
        _("Allow messages by %(channel)s?") % words,
        (
            _("You allow %(sender)s to send you %(purpose)s by %(channel)s.") % words,
            _("Never about tobacco; at most %(week)s in a week and %(month)s in a month.") % caps,
            _("You can stop this here at any time. It is free and changes nothing else for you."),
        ),
        _("Yes, I allow it"),
        _("You allowed messages by %(channel)s.") % words,
        lambda: services.consent_give(member=member, channel=channel, purpose=purpose),
    )


def _stop(member: Member, channel: Channel, purpose: Purpose) -> Deed:
    words = {"channel": channel.label, "purpose": purpose.label}
    return Deed(
        _("Stop messages by %(channel)s?") % words,
        (_("You get no more %(purpose)s by %(channel)s, from now on.") % words,),
        _("Stop"),
        _("Stopped. You get no more messages by %(channel)s.") % words,
        lambda: services.consent_withdraw(member=member, channel=channel, purpose=purpose),
    )


def _silence(member: Member) -> Deed:
    return Deed(
        _("Stop all messages?"),
        (
            _("You get no message from us any more, not even one that is already waiting to be sent."),
            _("Everything you allowed is withdrawn. Staff see a note not to offer you anything."),
            _("Nobody but you can take this back, and only on this page."),
        ),
        _("Stop all messages"),
        _("Done. You get no more messages from us."),
        lambda: services.self_exclusion_start(member=member),
    )


def _silence_end(member: Member) -> Deed:
    return Deed(
        _("Take it back?"),
        (
            _("We may write to you again, but only where you allow it anew."),
            _("Until you allow a channel on this page, nothing is sent."),
        ),
        _("Take it back"),
        _("Taken back. Nothing is sent until you allow a channel."),
        lambda: services.self_exclusion_end(member=member, actor=None),
    )


def _profiling_end(member: Member) -> Deed:
    return Deed(
        _("Leave all groups?"),
        (
            _("Your groups are deleted now. We no longer sort you by when, how often and what you buy."),
            _("You get only what is meant for every member alike. Prices stay the same."),
            _("Nobody but you can take this back, and only on this page."),
        ),
        _("Leave all groups"),
        _("Done. You are in no group."),
        lambda: services.profiling_end(member=member),
    )


def _profiling_resume(member: Member) -> Deed:
    return Deed(
        _("Be grouped again?"),
        (_("From the next night on we sort you by when, how often and what you buy, as we did before."),),
        _("Take it back"),
        _("Taken back. The next night will group you again."),
        lambda: services.profiling_resume(member=member, actor=None),
    )


def _erase(member: Member) -> Deed:
    return Deed(
        _("Erase everything about you?"),
        (
            _("Your name, numbers, consents, groups and tags are deleted now, and this link ends."),
            _("Your receipts stay in our books, without anything that leads to you."),
            _("You are no longer a member. Nobody can undo this."),
        ),
        _("Erase everything"),
        _("Everything about you is erased."),
        lambda: _erased(member),
        is_last=True,
    )


def _erased(member: Member) -> None:
    try:
        services.member_erase(member=member, reason=services.SOURCE, actor=None)
    except ValidationError:
        message = _("Our books are being updated just now. Please try again in a few minutes.")
        raise services.WishError(message) from None


def _tag(member: Member, number: str) -> Deed | None:
    tag = member.tags.in_use().filter(pk=number).first() if _is_number(number) else None
    if tag is None:
        return None
    words = {"tag": tag.text}
    return Deed(
        _("Delete the tag “%(tag)s”?") % words,
        (_("It is gone at once, and neither staff nor a file can bring it back."),),
        _("Delete it"),
        _("The tag is deleted."),
        lambda: services.member_tag_forget(member=member, tag=tag.pk),
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


DEEDS: dict[str, Callable[[Member], Deed]] = {
    "silence": _silence,
    "silence-end": _silence_end,
    "profiling-end": _profiling_end,
    "profiling-resume": _profiling_resume,
    "erase": _erase,
}
