"""The first rows of a file, kept sealed with its import while somebody says what its columns are."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from organization.imports.choosing import ROWS_LOOKED_AT, fingerprint_of_titles, fingerprint_of_values
from organization.imports.columns import Column
from organization.imports.mapping import Ref, refs_of, titled
from organization.imports.reading import first_rows, holds_values, look_at
from organization.jobs import JobError
from organization.models import Import
from organization.sealing import SealedFile


@dataclass(frozen=True)
class Sample:
    """`first` is the first row, be it names or values; `rows` are those below it."""

    first: list[str]
    rows: list[list[str]]
    may_be_headerless: bool
    headerless: bool  # as it looks

    def values(self, *, headerless: bool) -> list[list[str]]:
        return [self.first, *self.rows] if headerless else self.rows

    def refs(self, *, headerless: bool) -> list[Ref]:
        return refs_of(self.first, headerless=headerless)

    def header(self, *, headerless: bool) -> list[str]:
        """Titles under which a mapping finds its columns."""
        return [str(at + 1) for at in range(len(self.first))] if headerless else self.first

    def shown(self, *, headerless: bool) -> list[str]:
        """What a page calls the columns."""
        return [titled(ref) for ref in self.refs(headerless=headerless)]

    def fingerprint(self, *, headerless: bool) -> str:
        if headerless:
            return fingerprint_of_values(self.values(headerless=True))
        return fingerprint_of_titles(self.first)


def sample_ensure(record: Import, columns: tuple[Column, ...]) -> Sample:
    """The sample of an import, taken from its file where there is none yet."""
    if record.sample:
        return Sample(**json.loads(str(record.sample)))
    sample = _sample(record, columns)
    record.sample = json.dumps(asdict(sample), ensure_ascii=False)
    record.save(update_fields=["sample"])
    return sample


def _sample(record: Import, columns: tuple[Column, ...]) -> Sample:
    file = SealedFile(Path(record.path))
    if not file.path.is_file():
        raise JobError(_("The uploaded file is no longer there; upload it again."))
    sent = look_at(file)
    header = sent.layout.header
    headerless = sent.may_be_headerless and holds_values(header, columns)
    try:
        rows = first_rows(file, sent.layout, ROWS_LOOKED_AT)
    except JobError:
        if not headerless:
            raise
        rows = []  # One row is a whole file where there are no names.
    return Sample(header, rows, sent.may_be_headerless, headerless)
