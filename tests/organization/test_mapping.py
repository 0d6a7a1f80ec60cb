"""Which column of a file is which of ours: rules, proposals, and files without names."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from django.utils.translation import gettext_lazy

from demo.workbook import workbook
from members.imports.columns import MEMBERS
from organization.imports.columns import Column
from organization.imports.mapping import BadMapping, ColumnMapping, parse_mapping, refs_of
from organization.imports.masking import cell_shown
from organization.imports.proposals import propose
from organization.imports.reading import (
    PlainFile,
    Unmapped,
    WrongWidth,
    detect_layout,
    holds_values,
    read_batches,
)
from organization.imports.runner import importer_of
from organization.models import ImportKind
from sales.imports.columns import SALES

SALE_OR_RETURN = (("sale", gettext_lazy("sale")), ("return", gettext_lazy("return")))
COLUMNS = (
    Column("number", gettext_lazy("Code"), (), True),
    Column("amount", gettext_lazy("Amount"), (), holds="number"),
    Column("sold_on", gettext_lazy("Date and time"), (), holds="moment"),
    Column("kind", gettext_lazy("Kind"), (), choices=SALE_OR_RETURN),
    Column("phone", gettext_lazy("Phone"), ()),
)  # fmt: skip
TWICE = {"sale": ["A"], "return": ["a"]}
NUMBER = {"number": {"refs": ["x"]}}


def mapping(**rules: dict[str, Any]) -> ColumnMapping:
    return parse_mapping({"columns": NUMBER | rules}, COLUMNS)


def made(rule: dict[str, Any], cells: list[list[str]], name: str = "amount") -> list[str]:
    """What a rule makes of the columns x, y and z."""
    shape = mapping(**{name: rule})
    titles = shape.titles(["x", "y", "z"])
    _rows, columns = shape.columns(np.arange(len(cells)), [pa.array(c) for c in zip(*cells, strict=True)])
    found: list[str] = columns[titles.index(name)].to_pylist()
    return found


@pytest.mark.parametrize(
    ("rule", "name", "expected"),
    [
        ({"refs": ["Y"]}, "amount", ["3", "", "1,5/2"]),
        ({"refs": [2]}, "amount", ["3", "", "1,5/2"]),
        ({"how": "constant", "text": "7"}, "amount", ["7", "", "7"]),
        ({"how": "joined", "refs": ["x", "z"], "text": " "}, "sold_on", ["2026-03-05 10:00", "", "b/c"]),
        ({"how": "before", "refs": ["y"], "text": "/"}, "amount", ["3", "", "1,5"]),
        ({"how": "after", "refs": ["y"], "text": "/"}, "amount", ["", "", "2"]),
        ({"how": "times", "refs": ["y"], "times": "10"}, "amount", ["30", "", "“1,5/2”"]),
        ({"how": "means", "refs": ["y"], "means": {"sale": ["3"]}}, "kind", ["sale", "", "1,5/2"]),
    ],
)  # fmt: skip
def test_it_makes_a_column(rule: dict[str, Any], name: str, expected: list[str]) -> None:
    assert made(rule, [["2026-03-05", "3", "10:00"], ["", " ", ""], ["b/c", "1,5/2", ""]], name) == expected


@pytest.mark.parametrize("mark", ["|", ".", "(", "\\", "数量", "$", " "])
def test_it_takes_any_mark_as_it_is(mark: str) -> None:
    cells = [[f"1{mark}2{mark}3", "", ""]]
    assert made({"how": "before", "refs": ["x"], "text": mark}, cells) == ["1"]
    assert made({"how": "after", "refs": ["x"], "text": mark}, cells) == [f"2{mark}3"]


@pytest.mark.parametrize(
    ("rules", "name", "sentence"),
    [
        ({"number": None}, "number", "no row can do without it"),
        ({"amount": {"refs": []}}, "amount", "Choose a column."),
        ({"amount": {"how": "joined", "refs": ["x"]}}, "amount", "Choose the second column."),
        ({"amount": {"how": "constant", "text": " "}}, "amount", "which value every row has"),
        ({"phone": {"how": "constant", "text": "199"}}, "phone", "Not every row can be of the same person."),
        ({"amount": {"how": "before", "refs": ["x"]}}, "amount", "which mark"),
        ({"amount": {"how": "times", "refs": ["x"], "times": "ten"}}, "amount", "by which number"),
        ({"amount": {"how": "times", "refs": ["x"], "times": "NaN"}}, "amount", "by which number"),
        ({"kind": {"how": "times", "refs": ["x"], "times": "2"}}, "kind", "Only numbers"),
        ({"amount": {"how": "means", "refs": ["x"], "means": {"1": ["a"]}}}, "amount", "be translated"),
        ({"kind": {"how": "means", "refs": ["x"], "means": {}}}, "kind", "mean what"),
        ({"kind": {"how": "means", "refs": ["x"], "means": TWICE}}, "kind", "two things"),
        ({"amount": {"how": "magic", "refs": ["x"]}}, "amount", "not known"),
    ],
)  # fmt: skip
def test_it_says_what_a_rule_lacks(rules: dict[str, Any], name: str, sentence: str) -> None:
    with pytest.raises(BadMapping) as bad:
        mapping(**rules)
    assert sentence in bad.value.faults[name]
    assert set(parse_mapping({"columns": NUMBER | rules}, COLUMNS, partly=True).rules) <= {"number"}


def test_it_is_the_same_after_a_journey_through_json() -> None:
    shape = mapping(amount={"how": "times", "refs": [2], "times": "10"},
                    kind={"how": "means", "refs": ["y"], "means": {"return": ["退"]}})  # fmt: skip
    assert parse_mapping(shape.as_json(), COLUMNS) == shape


def test_it_names_the_columns_a_file_lacks() -> None:
    with pytest.raises(Unmapped, match=r"lacks columns that its profile needs: x, Column 7"):
        mapping(amount={"refs": [7]}).titles(["a", "b"])


def test_it_keeps_no_title_that_is_a_number_or_not_the_only_one() -> None:
    assert refs_of(["单号", "19900001111", "", "金额", "金 额"], headerless=False) == ["单号", 2, 3, 4, 5]
    assert refs_of(["单号", "金额"], headerless=True) == [1, 2]


@pytest.mark.parametrize("kind", ImportKind.values)
def test_our_names_are_no_other_column_s_titles(kind: str) -> None:
    columns = importer_of(kind).columns
    names = {column.name for column in columns}
    for column in columns:
        assert not names & set(column.aliases) - {column.name}


ROWS = [
    ["A1", "12.50", "2026-03-05 10:00"],
    ["A2", "7.25", "2026-03-06 11:00"],
    ["A3", "1.00", "2026-03-07 09:00"],
]


@pytest.mark.parametrize(
    ("content", "numbers"),
    [
        ("\n".join(",".join(row) for row in ROWS).encode(), [1, 2, 3]),
        ("\n".join("|".join(row) for row in ROWS).encode("utf-16"), [1, 2, 3]),
        (workbook(ROWS), [1, 2, 3]),
        (workbook([[], [], *ROWS]), [3, 4, 5]),
        (",".join(ROWS[0]).encode(), [1]),
    ],
    ids=["csv", "utf-16", "xlsx", "xlsx lower", "one row"],
)
def test_it_reads_a_file_without_names_from_its_first_row(
    content: bytes, numbers: list[int], tmp_path: Path
) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    rules = {"number": {"refs": [1]}, "amount": {"refs": [2]}, "sold_on": {"refs": [3]}}
    shape = parse_mapping({"headerless": True, "columns": rules}, COLUMNS)
    layout = detect_layout(PlainFile(path), COLUMNS, shape, headerless=True)
    batches = [batch for batch in read_batches(PlainFile(path), layout, WrongWidth()) if len(batch.rows)]
    assert [row for batch in batches for row in batch.rows.tolist()] == numbers
    amounts = batches[0].column("amount")
    assert amounts is not None and amounts.to_pylist() == [row[1] for row in ROWS][: len(numbers)]
    assert layout.described()["columns"][0] == {"name": "number", "title": "Column 1"}  # type: ignore[index]


def test_it_numbers_rows_of_the_wrong_width_where_there_are_no_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("A1,1\nA2\nA3,3\n")
    shape = parse_mapping({"headerless": True, "columns": {"number": {"refs": [1]}}}, COLUMNS)
    layout, wrong = detect_layout(PlainFile(path), COLUMNS, shape, headerless=True), WrongWidth()
    rows = [row for batch in read_batches(PlainFile(path), layout, wrong) for row in batch.rows.tolist()]
    assert (rows, wrong.found) == ([1, 3], [(2, 1, "A2")])


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        (["0001", "R1", "20260305100000"], True),
        (["南屏路店", "R1", "2026-03-05"], True),
        (["门店编码", "20260305"], False),
        (["shop", "ticket", "when"], False),
    ],
)
def test_it_tells_values_from_names(header: list[str], holds: bool) -> None:
    assert holds_values(header, SALES) is holds


def chosen(
    columns: tuple[Column, ...], titles: list[str], rows: list[list[str]], **how: bool
) -> dict[str, str]:
    found = propose(columns, titles, rows, headerless=how.get("headerless", False))
    return {name: titles[proposal.at] for name, proposal in found.items()}


SOLD = ["0001", "T100", "2026-03-05", "10:00", "6900000000011", "2", "20.00", "19900001111"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "titles",
    [
        ["Store No", "Ticket", "Transaction date", "Clock", "EAN", "Units", "Line total", "Telephone"],
        ["店铺", "订单号", "交易日期", "交易时刻", "商品码", "销售数量", "销售额", "联系电话"],
    ],
)
def test_it_proposes_by_titles_in_both_languages(titles: list[str]) -> None:
    names = ["store", "number", "moment", "time", "barcode", "quantity", "amount", "phone"]
    found = chosen(SALES, titles, [SOLD])
    assert {name: found.get(name) for name in names} == dict(zip(names, titles, strict=True))


@pytest.mark.django_db
def test_it_proposes_by_values_what_the_database_knows(store: Any) -> None:
    from tests.sales.importing import make_products

    make_products()
    titles = [f"c{n}" for n in range(len(SOLD))]
    proposals = propose(SALES, titles, [SOLD], headerless=True)
    assert (proposals["store"].at, proposals["barcode"].at, proposals["phone"].at) == (0, 4, 7)
    assert proposals["store"].why == "the values are stores we know"
    assert proposals["time"].at == 3 and proposals["moment"].at == 2
    # Money may be many things; what cannot be left out is proposed first.
    assert proposals["amount"].at == 6 and "price" not in proposals


@pytest.mark.django_db
def test_it_proposes_no_column_twice_and_nothing_from_nothing() -> None:
    assert chosen(MEMBERS, ["q", "w"], [["a", "b"]]) == {}
    found = chosen(MEMBERS, ["Phone number", "Member name"], [["19900001111", "Li"]])
    assert found == {"phone": "Phone number", "name": "Member name"}


@pytest.mark.parametrize(
    ("kind", "title", "value", "is_masked"),
    [
        (ImportKind.SALES, "Customer name", "Lena Test", True),
        (ImportKind.SALES, "商品名称", "云岭（细支）", False),
        (ImportKind.SALES, "", "王小明", True),
        (ImportKind.SALES, "备注", "找 19900001111 取", True),
        (ImportKind.SALES, "x", "110101199003071234", True),
        (ImportKind.SALES, "x", "6900000000011", False),
        (ImportKind.MEMBERS, "x", "任意", True),
    ],
)
def test_it_masks_who_may_be_a_person_in_columns_nobody_has_named(
    kind: str, title: str, value: str, is_masked: bool
) -> None:
    assert ("•" in cell_shown(kind, title, value)) is is_masked
