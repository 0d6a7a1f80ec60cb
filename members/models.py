"""Who the members are: identities, age verification, consent, and what they decide about their data."""

import secrets
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from members.querysets import LinkQuerySet, MemberQuerySet, OfMemberQuerySet, TagQuerySet
from organization.crypto import EncryptedTextField
from organization.models import Import, Staff, Store
from organization.querysets import AdminQuerySet, closed


class Sex(models.IntegerChoices):
    UNKNOWN = 0, _("unknown")
    MALE = 1, _("male")
    FEMALE = 2, _("female")


def _import_that_added() -> "models.ForeignKey[Any, Any]":
    """Kept without a constraint: it is asked for by who undoes an import, and by nobody else."""
    return models.ForeignKey(
        Import, models.DO_NOTHING, null=True, db_constraint=False, db_index=False, related_name="+"
    )


class Member(models.Model):
    name = EncryptedTextField(null=True)
    sex = models.SmallIntegerField(choices=Sex, default=Sex.UNKNOWN)
    birth_date = models.DateField(null=True)
    enrolment_store = models.ForeignKey(Store, models.PROTECT, related_name="+")
    enrolled_on = models.DateField()
    # Where most receipts of the window are; the enrolment store until there is one.
    home_store = models.ForeignKey(Store, models.PROTECT, related_name="members")
    # A keyed digest of the last imported row: the same row again changes nothing.
    row_digest = models.BinaryField(max_length=16, null=True)
    # Nobody any more: the receipts of a person who was erased hang together here.
    is_anonymous = models.BooleanField(default=False, db_default=False)

    unscoped = MemberQuerySet.as_manager()
    objects = closed(MemberQuerySet)

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How a page names a member: never by name, phone or card number."""
        if self.is_anonymous:
            return gettext("Erased")
        return f"M··· {self.pk % 10_000:04d}"

    @property
    def initial(self) -> str:
        return f"{self.name[0]} ·" if self.name else ""


class MemberBefore(models.Model):
    """What the row of a member was before an import, as long as the import can be undone.

    Erased with the member, as every table that names one.
    """

    member = models.ForeignKey(Member, models.CASCADE, db_index=False, related_name="+")
    changed_by = models.ForeignKey(Import, models.CASCADE, related_name="+")
    # The import made the member: there was nothing before.
    is_new = models.BooleanField(default=False)
    name = EncryptedTextField(null=True)
    sex = models.SmallIntegerField(choices=Sex, default=Sex.UNKNOWN)
    birth_date = models.DateField(null=True)
    row_digest = models.BinaryField(max_length=16, null=True)

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["member", "changed_by"], name="member_before_once")]


class IdentityKind(models.TextChoices):
    CARD = "card", _("card number")
    PHONE = "phone", _("phone")
    WECHAT = "wechat", _("WeChat id")


class MemberIdentity(models.Model):
    """One way a source knows a member. The value is sealed; `lookup` finds it again."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=8, choices=IdentityKind)
    lookup = models.BinaryField(max_length=16)
    value = EncryptedTextField(index=("kind", "lookup"))
    added_by = _import_that_added()

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "lookup"], name="identity_unique")]


class AgeVerification(models.Model):
    """That somebody saw proof of age: how, when and who. Never the document itself."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="age_verification")
    method = models.CharField(max_length=40)
    verified_at = models.DateTimeField()
    clerk = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=80, blank=True)
    added_by = _import_that_added()

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)

    class Meta:
        constraints = [
            # Who vouches: a person at the counter or a system that checks.
            models.CheckConstraint(condition=~Q(clerk="", source=""), name="age_verification_has_witness")
        ]


class Channel(models.TextChoices):
    SMS = "sms", _("SMS")
    WECHAT = "wechat", _("WeChat")
    EMAIL = "email", _("E-mail")


class Purpose(models.TextChoices):
    MARKETING = "marketing", _("offers and greetings")


class Consent(models.Model):
    """One entry of the consent ledger; the latest per channel and purpose is in force."""

    member = models.ForeignKey(Member, models.CASCADE, related_name="consents")
    channel = models.CharField(max_length=8, choices=Channel)
    purpose = models.CharField(max_length=12, choices=Purpose)
    granted = models.BooleanField()
    at = models.DateTimeField()
    source = models.CharField(max_length=80)
    added_by = _import_that_added()

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)

    class Meta:
        indexes = [models.Index(fields=["member", "channel", "purpose", "-at"])]


class SelfExclusion(models.Model):
    """A member who asked to be left alone, or is quitting. Only the member can take it back."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="self_exclusion")
    at = models.DateTimeField()
    source = models.CharField(max_length=80)
    recorded_by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+")

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)


def _key() -> str:
    return secrets.token_urlsafe(16)


class MemberLink(models.Model):
    """Opens a member's own page until it expires or is revoked; see members/links.py."""

    key = models.CharField(max_length=22, unique=True, default=_key)
    member = models.ForeignKey(Member, models.CASCADE, related_name="links")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    created_by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    unscoped = LinkQuerySet.as_manager()
    objects = closed(LinkQuerySet)


class TagOrigin(models.TextChoices):
    IMPORT = "import", _("from a file")
    STAFF = "staff", _("written by staff")


class MemberTag(models.Model):
    """A word somebody put beside a member.

    Of one the member deleted only the keyed hash stays, so that it is never written again.
    """

    member = models.ForeignKey(Member, models.CASCADE, related_name="tags")
    lookup = models.BinaryField(max_length=16)
    text = EncryptedTextField(null=True)
    origin = models.CharField(max_length=8, choices=TagOrigin)
    added_at = models.DateTimeField()
    removed_by_member_at = models.DateTimeField(null=True)
    added_by = _import_that_added()

    unscoped = TagQuerySet.as_manager()
    objects = closed(TagQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "lookup"], name="member_tag_once"),
            models.CheckConstraint(
                condition=Q(text__isnull=False) ^ Q(removed_by_member_at__isnull=False),
                name="removed_tag_has_no_text",
            ),
        ]


class ProfilingObjection(models.Model):
    """A member who wants to be in no segment and no cluster. Only the member can take it back."""

    member = models.OneToOneField(Member, models.CASCADE, related_name="profiling_objection")
    at = models.DateTimeField()
    source = models.CharField(max_length=80)

    unscoped = OfMemberQuerySet.as_manager()
    objects = closed(OfMemberQuerySet)


class Erasure(models.Model):
    """That a member was erased: when, by whom, and nothing of who it was."""

    erased_at = models.DateTimeField(auto_now_add=True)
    erased_by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)


class Tombstone(models.Model):
    """A digest of an identity that may not come back with a file, under a key of its own."""

    erasure = models.ForeignKey(Erasure, models.CASCADE, related_name="tombstones")
    digest = models.BinaryField(max_length=16, unique=True)

    unscoped = AdminQuerySet.as_manager()
    objects = closed(AdminQuerySet)
