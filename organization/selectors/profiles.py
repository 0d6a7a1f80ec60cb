"""Reads of profiles of sources."""

from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet

from organization.imports.choosing import MAPPING, NAMES, builtin_label, fits_names
from organization.imports.columns import Column
from organization.imports.mapping import BadMapping, parse_mapping
from organization.imports.profiles import builtins
from organization.imports.reading import Unmapped
from organization.imports.samples import Sample
from organization.models import Import, SourceProfile, Staff


def profiles(staff: Staff, *, words: str = "", kind: str = "") -> QuerySet[SourceProfile]:
    """Profiles whose name or source holds the words, with how many files were read by each."""
    found: QuerySet[SourceProfile] = SourceProfile.objects.visible_to(staff).select_related("source")
    found = found.filter(Q(kind=kind) if kind else Q())
    if words:
        found = found.filter(Q(name__icontains=words) | Q(source__name__icontains=words))
    counted = found.annotate(files=Count("imports"), used_at=Max("imports__created_at"))
    return counted.order_by("kind", "source__name", "name")


@dataclass(frozen=True)
class Reading:
    """One way to read a file that waits: a profile, a built-in shape, or our own names."""

    value: str
    label: str
    is_chosen: bool


def readings(
    staff: Staff, record: Import, sample: Sample, columns: tuple[Column, ...]
) -> tuple[list[Reading], list[Reading], bool]:
    """Profiles of the source and built-in shapes that may read this file, and whether our names do."""
    saved = SourceProfile.objects.visible_to(staff).filter(source=record.source_id, kind=record.kind)
    own = [
        Reading(f"profile:{profile.pk}", profile.name, record.profile_id == profile.pk)
        for profile in saved
        if _fits(profile, sample, columns)
    ]
    shapes = [
        Reading(f"builtin:{builtin.name}", str(builtin.label), record.shape == builtin.name)
        for builtin in builtins(record.kind)
        if builtin.recognises(sample.first)
    ]
    return own, shapes, fits_names(sample.first, columns)


def _fits(profile: SourceProfile, sample: Sample, columns: tuple[Column, ...]) -> bool:
    if profile.builtin:
        return True
    try:
        mapping = parse_mapping(profile.mapping, columns)
        mapping.titles(sample.header(headerless=mapping.headerless))
    except (BadMapping, Unmapped):
        return False
    return True


def read_by(record: Import) -> str:
    """The profile or shape an import was read with, "" for our own names."""
    if record.profile:
        return record.profile.name
    if record.shape in ("", NAMES, MAPPING):
        return ""
    return builtin_label(record.shape, record.kind)
