"""How the cells of a column are written: recognised from a sample of it, then each made plain.

No Django, no clock. A form is recognised once per column; what the sample does not decide is
`Unclear`, never guessed. A text that does not fit its column's form is left for the column's cleaner
to refuse, like any other text that is none of its kind.
"""

from organization.imports.values.dates import DateForm, proven_order, recognise_dates
from organization.imports.values.numbers import NumberForm, proven_mark, recognise_numbers
from organization.imports.values.plain import Unclear

__all__ = [
    "DateForm",
    "NumberForm",
    "Unclear",
    "proven_mark",
    "proven_order",
    "recognise_dates",
    "recognise_numbers",
]
