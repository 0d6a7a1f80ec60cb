"""Profiles of sources: made on the page that maps columns, changed on their own."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from organization.imports.choosing import NAMES, take_profile
from organization.imports.mapping import ColumnMapping
from organization.imports.runner import importer_of
from organization.imports.samples import Sample, sample_ensure
from organization.models import Import, SourceProfile, Staff
from organization.services.audit import audit
from organization.services.imports import give_job
from organization.services.refusal import Refusal


def import_sample(*, record: Import) -> Sample:
    """The first rows of a file, taken from it once; `JobError` where it cannot be read at all."""
    return sample_ensure(record, importer_of(record.kind).columns)


@transaction.atomic
def import_map(
    *, record: Import, actor: Staff, mapping: ColumnMapping, sample: Sample, profile: dict[str, str]
) -> bool:
    """Keep a mapping as a profile of the source and check the file with it.

    `profile` holds its name, `resend` and `numbering`. A profile of that name is changed. False where
    the file waits for nothing of the kind any more.
    """
    fresh = _mappable(record)
    if fresh is None:
        return False
    values: dict[str, Any] = {
        "mapping": mapping.as_json(),
        "header": sample.refs(headerless=mapping.headerless),
        "fingerprint": sample.fingerprint(headerless=mapping.headerless),
        "builtin": "",
        **{name: profile[name] for name in ("resend", "numbering")},
    }
    saved = SourceProfile.unscoped.filter(
        source=fresh.source_id, kind=fresh.kind, name=profile["name"]
    ).first()
    if saved and saved.pk != fresh.profile_id and saved.fingerprint != values["fingerprint"]:
        raise Refusal(_("Another profile of this source has this name."), "name")
    saved = _saved(saved, fresh, actor, profile["name"], values)
    take_profile(fresh, saved)
    _check_again(fresh, actor)
    return True


def _saved(
    profile: SourceProfile | None, record: Import, actor: Staff, name: str, values: dict[str, Any]
) -> SourceProfile:
    if profile:
        _change(profile, actor, values)
        return profile
    made = SourceProfile.unscoped.create(source_id=record.source_id, kind=record.kind, name=name, **values)
    audit(actor=actor, code="profile.created", on=made, data={"name": name, **values["mapping"]})
    return made


@transaction.atomic
def import_read_with(
    *, record: Import, actor: Staff, profile: SourceProfile | None = None, shape: str = ""
) -> bool:
    """Check a file with another profile, a built-in shape, or by our own names; False if it cannot wait."""
    fresh = _mappable(record)
    if fresh is None:
        return False
    if profile:
        take_profile(fresh, profile)
    else:
        fresh.profile, fresh.mapping, fresh.shape = None, None, shape or NAMES
    _check_again(fresh, actor)
    return True


def _mappable(record: Import) -> Import | None:
    """The import, held, if nothing of it is in yet and nobody works on it."""
    fresh = Import.unscoped.select_for_update(of=("self",)).select_related("job").get(pk=record.pk)
    return fresh if fresh.takes_columns else None


def _check_again(record: Import, actor: Staff) -> None:
    record.needs_mapping, record.checked_at, record.report = False, None, None
    record.save(update_fields=["profile", "mapping", "shape", "needs_mapping", "checked_at", "report"])
    give_job(record, actor, check=True)
    audit(
        actor=actor,
        code="import.mapped",
        on=record,
        data={"shape": record.shape, "profile": record.profile_id},
    )


@transaction.atomic
def profile_update(
    *, profile: SourceProfile, actor: Staff, name: str, resend: str, numbering: str,
    mapping: ColumnMapping | None = None,
) -> None:  # fmt: skip
    """Rename a profile or change what it says; imports read before keep the rules they were read with."""
    fresh = SourceProfile.unscoped.select_for_update().get(pk=profile.pk)
    others = SourceProfile.unscoped.filter(source=fresh.source_id, kind=fresh.kind, name=name)
    if others.exclude(pk=fresh.pk).exists():
        raise Refusal(_("Another profile of this source has this name."), "name")
    values: dict[str, Any] = {"name": name, "resend": resend, "numbering": numbering}
    if mapping is not None:
        values["mapping"] = mapping.as_json()
    _change(fresh, actor, values)


def _change(profile: SourceProfile, actor: Staff, values: dict[str, Any]) -> None:
    changed = {name: value for name, value in values.items() if getattr(profile, name) != value}
    if not changed:
        return
    before = {name: getattr(profile, name) for name in changed}
    for name, value in changed.items():
        setattr(profile, name, value)
    profile.save()
    shown = changed.keys() - {"fingerprint"}
    audit(
        actor=actor,
        code="profile.updated",
        on=profile,
        before={name: before[name] for name in shown},
        after={name: changed[name] for name in shown},
    )


@transaction.atomic
def profile_delete(*, profile: SourceProfile, actor: Staff) -> None:
    """Imports read with it keep their copy of its rules; the next file asks for its columns again."""
    audit(actor=actor, code="profile.deleted", on=profile, data={"name": profile.name, "kind": profile.kind})
    profile.delete()
