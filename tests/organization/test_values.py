"""For every form: a value written in it is recognised and read back; what is unclear is told."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from organization.imports.values import DateForm, NumberForm, Unclear, recognise_dates, recognise_numbers

FULL = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
amounts = st.integers(-999_999_999, 999_999_999).map(lambda cents: Decimal(cents) / 100)
days = st.dates(date(1990, 1, 1), date(2099, 12, 31))
moments = st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)


def grouped(decimal: str, thousands: str) -> Callable[[Decimal], str]:
    swap = str.maketrans({",": thousands, ".": decimal})
    return lambda value: f"{value:,.2f}".translate(swap)


def after(value: Decimal) -> str:
    return f"{abs(value):.2f}" + ("-" if value < 0 else "")


def in_parentheses(value: Decimal) -> str:
    return f"({abs(value):,.2f})" if value < 0 else f"{value:,.2f}"


NUMBERS: dict[str, Callable[[Decimal], str]] = {
    "plain": lambda value: f"{value:.2f}",
    "short": lambda value: str(value.normalize()) if value == value.to_integral() else f"{value:.2f}",
    "1,234.50": grouped(".", ","),
    "1.234,50": grouped(",", "."),
    "1234,50": grouped(",", ""),
    "1 234,50": grouped(",", " "),
    "1 234,50 (no-break)": grouped(",", "\u202f"),
    "1'234.50": grouped(".", "'"),
    "1’234.50": grouped(".", "’"),
    "(1,234.50)": in_parentheses,
    "1234.50-": after,
    "¥1,234.50": lambda value: ("-" if value < 0 else "") + f"¥{abs(value):,.2f}",
    "￥-1234.50": lambda value: f"￥{value:.2f}",
    "1234.50元": lambda value: f"{value:.2f}元",
    "1.234,50 €": lambda value: grouped(",", ".")(value) + " €",
    "CNY 12.50": lambda value: f"CNY {value:.2f}",
    "１２．５０": lambda value: f"{value:.2f}".translate(FULL),
    "（￥１，２３４．５０）": lambda value: in_parentheses(value).translate(FULL),
    "−12.50": lambda value: f"{value:.2f}".replace("-", "−"),
}


@pytest.mark.parametrize("name", list(NUMBERS))
@given(values=st.lists(amounts, min_size=1, max_size=30))
def test_it_reads_back_every_number_in_every_form(name: str, values: list[Decimal]) -> None:
    texts = [NUMBERS[name](value) for value in values]
    texts = ["0" if text == "0E+2" else f"{Decimal(text):f}" if "E" in text else text for text in texts]
    form = recognise_numbers(texts, digits=2)
    assert [Decimal(form.canonical(text) or "NaN") for text in texts] == values


def month_first(moment: datetime) -> str:
    return f"{moment.month}/{moment.day}/{moment.year} {moment:%I:%M:%S %p}"


def serial(moment: datetime) -> str:
    return f"{(moment - datetime(1899, 12, 30)) / timedelta(days=1):.10f}"


MOMENTS: dict[str, Callable[[datetime], str]] = {
    "2026-03-05 14:22:33": str,
    "2026-03-05T14:22:33": datetime.isoformat,
    "2026/3/5 14:22:33": lambda m: f"{m.year}/{m.month}/{m.day} {m.hour}:{m:%M:%S}",
    "2026.03.05 14:22:33": lambda m: f"{m:%Y.%m.%d %H:%M:%S}",
    "20260305142233": lambda m: f"{m:%Y%m%d%H%M%S}",
    "20260305 142233": lambda m: f"{m:%Y%m%d %H%M%S}",
    "20260305 14:22:33": lambda m: f"{m:%Y%m%d %H:%M:%S}",
    "05.03.2026 14:22:33": lambda m: f"{m:%d.%m.%Y %H:%M:%S}",
    "2026年3月5日 14:22:33": lambda m: f"{m.year}年{m.month}月{m.day}日 {m:%H:%M:%S}",
    "2026年3月5日14时22分33秒": lambda m: f"{m.year}年{m.month}月{m.day}日{m.hour}时{m:%M}分{m:%S}秒",
    "2026-03-05 02:22:33 PM": lambda m: f"{m:%Y-%m-%d %I:%M:%S %p}",
    "2026/3/5 下午 2:22:33": lambda m: f"{m:%Y/%m/%d} {'上午' if m.hour < 12 else '下午'} {m:%I:%M:%S}",
    "2026-3-5 下午2:22:33": lambda m: f"{m:%Y-%m-%d} {'上午' if m.hour < 12 else '下午'}{m:%I:%M:%S}",
    "46086.599": serial,
    "２０２６－０３－０５ １４：２２：３３": lambda m: str(m).translate(FULL),
}


@pytest.mark.parametrize("name", list(MOMENTS))
@given(values=st.lists(moments, min_size=1, max_size=20))
def test_it_reads_back_every_moment_in_every_form(name: str, values: list[datetime]) -> None:
    texts = [MOMENTS[name](value) for value in values]
    form = recognise_dates(texts, holds="moment")
    assert [datetime.fromisoformat(form.canonical(text) or "") for text in texts] == values


@pytest.mark.parametrize("order", ["dmy", "mdy"])
@given(
    values=st.lists(moments, min_size=1, max_size=20), decider=st.dates(date(1990, 1, 13), date(2099, 12, 31))
)
def test_it_lets_the_values_decide_what_comes_first(
    order: str, values: list[datetime], decider: date
) -> None:
    values = [*values, datetime.combine(decider.replace(day=13 + decider.day % 16), time(9, 5))]
    texts = [f"{m.day}/{m:%m/%Y %H:%M:%S}" if order == "dmy" else month_first(m) for m in values]
    form = recognise_dates(texts, holds="moment")
    assert form.order == order
    assert [datetime.fromisoformat(form.canonical(text) or "") for text in texts] == values


@given(values=st.lists(st.dates(date(2020, 1, 1), date(2029, 1, 1)), min_size=1, max_size=20))
def test_it_never_takes_one_day_for_another(values: list[date]) -> None:
    """Whatever the days are: read as they were written, or told to be unclear."""
    texts = [f"{day.day}/{day.month}/{day.year}" for day in values]
    try:
        form = recognise_dates(texts, holds="day")
    except Unclear as unclear:
        assert unclear.kind == "order" and all(day.day <= 12 for day in values)
    else:
        assert [form.canonical(text) for text in texts] == [day.isoformat() for day in values]


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["3/5/2026", "4/5/2026"], "order"),
        (["13/5/2026", "5/13/2026"], "mixed_order"),
    ],
)
def test_it_tells_when_days_can_be_read_in_two_ways(texts: list[str], kind: str) -> None:
    with pytest.raises(Unclear) as unclear:
        recognise_dates(texts, holds="day")
    assert unclear.value.kind == kind and unclear.value.example in texts
    if kind == "order":
        assert recognise_dates(texts, holds="day", usual="dmy").canonical("3/5/2026") == "2026-05-03"


@pytest.mark.parametrize(
    ("texts", "digits", "kind"),
    [
        (["1,500", "2,250"], 3, "decimals"),
        (["1,500"], 2, "decimals"),
        (["1.5", "1,5"], 2, "mixed_decimals"),
    ],
)
def test_it_tells_when_numbers_can_be_read_in_two_ways(texts: list[str], digits: int, kind: str) -> None:
    with pytest.raises(Unclear) as unclear:
        recognise_numbers(texts, digits=digits)
    assert unclear.value.kind == kind


@pytest.mark.parametrize(
    ("texts", "digits", "usual", "form"),
    [
        (["1,234", "12"], 2, "", NumberForm(".", ",")),  # 1.234 could not be stored.
        (["1,500", "2.50"], 2, "", NumberForm(".", ",")),
        (["1,500"], 3, ".", NumberForm(".", ",")),
        (["1,500"], 3, ",", NumberForm(",", "")),
        (["1.500"], 3, ",", NumberForm(",", ".")),
        (["20.005"], 2, "", NumberForm(".", "")),  # Refused later: it has three decimals.
        (["1.234.567"], 2, "", NumberForm(",", ".")),
        (["0,500"], 3, "", NumberForm(",", "")),
        (["1,5", *(f"{n}.50" for n in range(40))], 2, "", NumberForm(".", "")),  # One slip of the hand.
    ],
)
def test_it_weighs_what_the_texts_show(texts: list[str], digits: int, usual: str, form: NumberForm) -> None:
    assert recognise_numbers(texts, digits=digits, usual=usual) == form


def test_it_shows_what_it_saw() -> None:
    assert recognise_numbers(["(¥1,000.00)", "５", "3-"], digits=2).seen == (
        "currency",
        "full_width",
        "parentheses",
        "trailing_minus",
    )
    assert recognise_dates(["46086", "2026-03-05"], holds="day").seen == ("serial", "year_first")


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        (NumberForm(), ["", "x", "1,5", "1,23,456", "--1", "(1", "(-1)", "-1-", "1e5", "NaN", "1_0", "1包"]),
        (NumberForm(",", "."), ["1.5", "1,234.5", "1.23", "1,2,3"]),
        (DateForm(), ["", "3/5/2026", "2026-02-30", "2026-13-01", "soon", "2026111", "12345678", "99999",
                      "2026-03-05 25:00", "2026-03-05 上午 14:05", "2026-03-05T10:00:00Z", "26-03-05"]),
        (DateForm("day"), ["2026-03-05 10:00", "46086.5"]),
        (DateForm("time"), ["8", "24:00", "12:60", "1:2:3", "晚上12:05", "1.5"]),
    ],
)  # fmt: skip
def test_it_leaves_what_is_none_of_the_form(form: NumberForm | DateForm, texts: list[str]) -> None:
    assert [form.canonical(text) for text in texts] == [None] * len(texts)


def test_it_reads_times_of_day() -> None:
    form = recognise_dates(["x"], holds="time")
    texts = {
        "8:05": "08:05:00",
        "080509": "08:05:09",
        "下午3:05": "15:05:00",
        "12:05 AM": "00:05:00",
        "12:05 p.m.": "12:05:00",
        "0.5": "12:00:00",
        "中午12点05分": "12:05:00",
        "14时05分09秒": "14:05:09",
    }
    assert {text: form.canonical(text) for text in texts} == texts
