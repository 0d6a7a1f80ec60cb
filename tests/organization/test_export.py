import pytest

from organization.export import as_it_was, csv_response, safe


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+8619900001111", "'+8619900001111"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("\t=1", "'\t=1"),
        ("\r=1", '"\'\r=1"'),
        ("\n=1", '"\'\n=1"'),
        ("＝1+1", "'＝1+1"),
        ("-12.50", "-12.50"),
        (-3, "-3"),
        ("南屏路店", "南屏路店"),
        ("a=b", "a=b"),
        ("'=1+1", "''=1+1"),
        ("'tis", "'tis"),
    ],
)
def test_it_writes_no_formula_and_leaves_numbers_alone(cell: object, written: str) -> None:
    answer = csv_response(name="a.csv", header=["x"], rows=[[cell]])
    content = b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]
    assert content == f"\ufeffx\r\n{written}\r\n"


def test_it_writes_no_formula_as_the_name_of_a_column() -> None:
    answer = csv_response(name="a.csv", header=["=1+1"], rows=[])
    assert b"".join(answer.streaming_content).decode() == "\ufeff'=1+1\r\n"  # type: ignore[arg-type]


def test_it_is_a_download() -> None:
    answer = csv_response(name="rows.csv", header=["x"], rows=[])
    assert answer["Content-Disposition"] == 'attachment; filename="rows.csv"'


@pytest.mark.parametrize(
    "cell",
    ["=1", "'=1", "''=1", "'-5", "-5", "-5x", "+86", "'", "''", "", "'a", "＝1", "\t", "'@", "南屏路店"],
)
def test_it_gives_back_the_cell_as_it_was(cell: str) -> None:
    assert as_it_was(safe(cell)) == cell
