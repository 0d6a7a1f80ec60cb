"""Names that people gave to files and columns may be somebody's number; they are kept in clear."""

import re
from typing import Any

_DAY = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
# Seven digits or more that are neither a day nor a day with a time of day.
_NUMBER = re.compile(rf"(?<!\d)(?!{_DAY}(?:[01]\d|2[0-3])?(?:[0-5]\d)?(?:[0-5]\d)?(?!\d))\d{{7,}}")


def without_numbers(name: str) -> str:
    """Long runs of digits are masked, days are not."""
    return _NUMBER.sub("•••", name)


def without_numbers_within(value: Any) -> Any:
    """The same for every text in lists and dictionaries."""
    if isinstance(value, str):
        return without_numbers(value)
    if isinstance(value, list):
        return [without_numbers_within(each) for each in value]
    if isinstance(value, dict):
        return {name: without_numbers_within(each) for name, each in value.items()}
    return value
