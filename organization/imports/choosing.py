"""With which shape a file is read: the one somebody chose, a saved profile, a built-in one, or none."""

import hashlib
import re
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from organization.imports.columns import Column, match_header, plain_title
from organization.imports.mapping import BadMapping, ColumnMapping, parse_mapping
from organization.imports.profiles import Builtin, builtins, recognised
from organization.imports.reading import (
    Layout,
    Sent,
    Source,
    Unmapped,
    detect_layout,
    first_rows,
    look_at,
    look_at_corrections,
)
from organization.imports.shapes import AsSent, OfStore
from organization.imports.tables import USUAL, Form, Habits, Shape
from organization.imports.values import DateForm, NumberForm
from organization.jobs import JobError
from organization.models import Import, ImportKind, SourceProfile

NAMES, MAPPING = "names", "mapping"  # the other shapes of an import are names of built-in ones
ROWS_LOOKED_AT = 100


def layout_of(record: Import, file: Source, columns: tuple[Column, ...]) -> Layout:
    """How the file of an import is read; what was found by itself is noted on the record."""
    sent = None
    if not record.shape:
        sent = look_at(file)
        _choose(record, file, sent, columns)
    return replace(_layout(record, file, sent, columns), habits=_habits(record))


def _layout(record: Import, file: Source, sent: Sent | None, columns: tuple[Column, ...]) -> Layout:
    if record.corrects_id and record.corrects:
        return _as_corrected(record, record.corrects, file, columns)
    shape: Shape | None = None
    headerless = False
    if record.shape == MAPPING:
        shape = mapping = _mapping(record.mapping, columns)
        headerless = mapping.headerless
    elif record.shape != NAMES:
        builtin = builtin_of(record.shape, record.kind)
        sent, shape = _fitting(builtin, sent or look_at(file)), builtin.shape()
    shape = _of_store(record, columns, shape)
    return detect_layout(file, columns, shape, headerless=headerless, sent=sent)


def _fitting(builtin: Builtin, sent: Sent) -> Sent:
    """The file as a built-in shape needs it; a `JobError` for one that is not built like this."""
    header = sent.layout.header
    if not builtin.recognises(header):
        raise JobError(
            _("This file is not built like “%(label)s”. Let it be recognised, or choose another.")
            % {"label": builtin.label}
        )
    names = builtin.names(header)
    return sent.without_names(names) if names else sent


def _of_store(record: Import, columns: tuple[Column, ...], shape: Shape | None) -> Shape | None:
    """A shape whose rows are of the store that was chosen, where they say none."""
    if not record.store:
        return shape
    column = next((each for each in columns if each.name == "store"), None)
    if column is None:
        raise JobError(_("A file of this kind names no store. Send it without one."))
    return OfStore(column, record.store.licence_number, shape or AsSent())


def _habits(record: Import) -> Habits:
    """Those of the profile, else those of the built-in shape."""
    if record.profile:
        return Habits(record.profile.resend, record.profile.numbering)
    found = next((builtin for builtin in builtins(record.kind) if builtin.name == record.shape), None)
    return found.habits if found else USUAL


def builtin_of(name: str, kind: str) -> Builtin:
    found = next((builtin for builtin in builtins(kind) if builtin.name == name), None)
    if found is None:
        raise Unmapped(f"There is no shape {name} for files of this kind.")
    return found


def take_profile(record: Import, profile: SourceProfile) -> None:
    """Read an import with a profile; the rules are copied."""
    record.profile = profile
    record.shape = profile.builtin or MAPPING
    record.mapping = None if profile.builtin else profile.mapping


def profile_for(record: Import, file: Source, sent: Sent) -> SourceProfile | None:
    """The profile of this source that was made for such a header."""
    saved = list(
        SourceProfile.unscoped.filter(source=record.source_id, kind=record.kind).order_by("-changed_at")
    )
    named = fingerprint_of_titles(sent.layout.header)
    found = next((profile for profile in saved if profile.fingerprint == named), None)
    if found or not sent.may_be_headerless or not any(p.fingerprint.startswith("0:") for p in saved):
        return found
    bare = sent.without_names().layout
    kinds = fingerprint_of_values(first_rows(file, bare, ROWS_LOOKED_AT))
    return next((profile for profile in saved if _alike(profile.fingerprint, kinds)), None)


def fingerprint_of_titles(header: list[str]) -> str:
    """Of a header, whatever the order of its columns; in order where titles alone do not tell them apart."""
    plain = [plain_title(title) for title in header]
    told_apart = all(plain) and len(set(plain)) == len(plain)
    text = "\x1f".join(sorted(plain) if told_apart else plain)
    return f"1:{hashlib.sha256(text.encode()).hexdigest()}"


def fingerprint_of_values(rows: list[list[str]]) -> str:
    """Of a file without titles: how many columns, and what kind of values each holds."""
    return "0:" + "".join(_kind_of(list(cells)) for cells in zip(*rows, strict=True))


def _kind_of(cells: list[str]) -> str:
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return "."
    for kind, pattern in (("n", r"[-+]?[\d.,]+"), ("d", r"\d{1,4}[-/.年]\d{1,2}[-/.月].*")):
        if all(re.fullmatch(pattern, cell) for cell in filled):
            return kind
    return "t"


def _alike(saved: str, found: str) -> bool:
    """A column that was empty in one of the files may hold anything in the other."""
    pairs = zip(saved[2:], found[2:], strict=False)
    return (
        saved.startswith("0:")
        and len(saved) == len(found)
        and all(one == two or "." in (one, two) for one, two in pairs)
    )


def _choose(record: Import, file: Source, sent: Sent, columns: tuple[Column, ...]) -> None:
    """A profile comes first, then a built-in shape, then our own names."""
    if profile := profile_for(record, file, sent):
        take_profile(record, profile)
        return
    found = recognised(sent.layout.header)
    known = [builtin for builtin in found if builtin.kind == record.kind]
    if found and not known:
        raise other_kind(found[0].kind, record.kind)
    record.shape = known[0].name if known else NAMES


def _mapping(said: Any, columns: tuple[Column, ...]) -> ColumnMapping:
    try:
        return parse_mapping(said or {}, columns)
    except BadMapping as bad:
        labels = {column.name: str(column.label) for column in columns}
        raise Unmapped(
            " ".join(f"{labels.get(name, name)}: {fault}" for name, fault in bad.faults.items())
        ) from None


def _as_corrected(record: Import, first: Import, file: Source, columns: tuple[Column, ...]) -> Layout:
    """Rows that come again are written as the file they were set aside from, below its titles."""
    shape: Shape | None = None
    if record.shape == MAPPING:
        shape = _mapping(record.mapping, columns)
    elif record.shape != NAMES:
        shape = builtin_of(record.shape, record.kind).shape()
    if shape and not shape.keeps_rows:
        shape = None  # Its rows were set aside as they had become.
    sent = look_at_corrections(file, first.reading["header"])
    forms, shape = forms_of(first.reading, columns), _of_store(record, columns, shape)
    return detect_layout(file, columns, shape, headerless=False, sent=sent, forms=forms)


def forms_of(reading: dict[str, Any], columns: tuple[Column, ...]) -> dict[str, Form]:
    """How the columns of a file that was read wrote their numbers and dates."""
    holds = {column.name: column.holds for column in columns if column.holds}
    found: dict[str, Form] = {}
    for name, said in reading.get("forms", {}).items():
        if holds.get(name) == "number":
            found[name] = NumberForm(said["decimal"], said["thousands"], tuple(said["seen"]))
        elif name in holds:
            found[name] = DateForm(holds[name], said["order"], tuple(said["seen"]))
    return found


def fits_names(header: list[str], columns: tuple[Column, ...]) -> bool:
    """Whether every column that must be there has one of our names."""
    positions, _unused = match_header(header, columns)
    return all(column.name in positions for column in columns if column.required)


def builtin_label(name: str, kind: str) -> str:
    """What a page calls a built-in shape; its name where this version has it no more."""
    return next((str(builtin.label) for builtin in builtins(kind) if builtin.name == name), name)


def other_kind(kind: str, chosen: str) -> JobError:
    """What to say of a file whose columns are those of another kind."""
    names = {"kind": ImportKind(kind).label, "chosen": ImportKind(chosen).label}
    return JobError(_("This looks like a file of %(kind)s, not of %(chosen)s.") % names)
