"""Every code that is written has a label."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from config.scopes import APPS
from members.selectors import tables_of_members
from organization.trail.codes import CODES, GROUPS, KINDS, group_of
from organization.trail.names import NAMES

WRITERS = {"audit", "audit_many"}


def codes_written() -> Iterator[tuple[str, str]]:
    """File and code of every call that writes to the audit trail."""
    for app in (*APPS, "demo", "config"):
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and _name(node.func) in WRITERS:
                    for keyword in node.keywords:
                        if keyword.arg == "code":
                            yield from ((path.name, code) for code in _texts(keyword.value))


def keys_written() -> set[str]:
    """Every name of a value that stands in such a call."""
    return {
        key.value
        for app in APPS
        for path in (Path(settings.BASE_DIR) / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _name(node.func) in WRITERS | {"Audited"}
        for keyword in node.keywords
        if keyword.arg == "data"
        for part in ast.walk(keyword.value)
        if isinstance(part, ast.Dict)
        for key in part.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def _name(function: ast.expr) -> str:
    return str(getattr(function, "id", None) or getattr(function, "attr", ""))


def _texts(value: ast.expr) -> list[str]:
    """The texts in an expression; one that has none is a name, which a reader cannot look up."""
    found = [node.value for node in ast.walk(value) if isinstance(node, ast.Constant)]
    return [text for text in found if isinstance(text, str)]


def test_it_finds_the_codes_in_the_source() -> None:
    assert ("services.py", "campaign.started") in set(codes_written())


@pytest.mark.parametrize("code", sorted({code for _file, code in codes_written()}))
def test_it_has_a_label(code: str) -> None:
    assert code in CODES, f"Give {code} a line in organization/trail/codes.py: CODES"


@pytest.mark.parametrize("code", CODES)
def test_it_belongs_to_a_group(code: str) -> None:
    assert group_of(code) in GROUPS and code.count(".") == 1 and len(code) <= 60


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.page])
def test_it_knows_the_page_of_an_object(kind: object) -> None:
    assert reverse(kind.page, args=[1])  # type: ignore[attr-defined]


def test_it_finds_the_names_of_values_in_the_source() -> None:
    assert {"kind", "file", "reason", "personal"} <= keys_written()


@pytest.mark.parametrize(
    "key", sorted({*keys_written(), *(m._meta.label_lower for m, _ in tables_of_members())})
)
def test_a_value_has_a_name(key: str) -> None:
    assert key in NAMES, f"Give {key} a line in organization/trail/names.py: NAMES"
