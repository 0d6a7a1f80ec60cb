"""Which column of a file may be which of ours, and why: by its title, and by its values.

Proposals fill in the page that asks; nothing is read by them before somebody has seen them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.utils.translation import gettext as _
from django.utils.translation import override

from organization.imports.columns import Column, plain_title
from organization.imports.looks import LOOKS, Look

ENOUGH = 0.5  # of 1: below that nothing is proposed
MOST_VALUES = 60
# Words shop systems use beside the titles that are read without asking.
OTHER_WORDS = {
    "store": ("shop", "outlet", "outlet number", "branch", "site", "店铺", "店号", "门店", "网点"),
    "number": ("receipt", "ticket", "transaction id", "invoice", "bill no", "order no", "订单号", "单据号",
               "交易号"),
    "moment": ("timestamp", "transaction date", "sale time", "datetime", "交易时间", "交易日期", "下单时间",
               "日期"),
    "time": ("time of day", "clock", "交易时刻", "时间"),
    "barcode": ("ean", "gtin", "plu", "sku", "item code", "商品码", "货号"),
    "pack_barcode": ("ean", "gtin", "盒码", "小盒条码"),
    "carton_barcode": ("carton ean", "条盒码"),
    "quantity": ("units", "pieces", "count", "件数", "销量", "销售数量"),
    "amount": ("line total", "line amount", "net", "sales", "小计", "销售额", "销售金额", "应收"),
    "total": ("grand total", "amount paid", "实收", "合计金额"),
    "price": ("unit price", "售价", "零售单价"),
    "discount": ("rebate", "折扣", "优惠"),
    "tender": ("pay type", "payment method", "付款方式", "结算方式"),
    "trade_type": ("sale or return", "transaction type", "type", "类型", "销退标志", "销售类型"),
    "phone": ("cell", "telephone", "tel", "联系电话", "电话", "手机号"),
    "card": ("member no", "loyalty id", "membership", "会员号", "会员编号"),
    "till": ("terminal", "pos", "lane", "款台", "机号"),
    "clerk": ("operator", "user", "营业员", "操作员"),
    "line": ("seq", "item no", "序号"),
    "name": ("customer", "full name", "客户名称", "会员姓名"),
    "enrolled_on": ("joined", "member since", "注册日期", "办卡日期"),
    "code": ("sku", "id", "编号"),
    "licence_number": ("license", "licence", "专卖证号", "烟草证号"),
}  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """Column `at` of the file may be ours."""

    at: int
    why: str
    score: float


def propose(
    columns: tuple[Column, ...], titles: list[str], rows: list[list[str]], *, headerless: bool
) -> dict[str, Proposal]:
    """One column of the file at most for each of ours, the best matches first; of equal ones those needed."""
    values = _values(rows, len(titles))
    shares = {(number, at): look.test(cells) for number, look in enumerate(LOOKS)
              for at, cells in enumerate(values) if cells}  # fmt: skip
    found = [
        (proposal, column.name)
        for column in sorted(columns, key=lambda column: not column.required)
        for at, title in enumerate(titles)
        if (proposal := _weigh(column, at, "" if headerless else title, bool(values[at]), shares))
    ]
    chosen: dict[str, Proposal] = {}
    for proposal, name in sorted(found, key=lambda each: -each[0].score):
        if name not in chosen and proposal.at not in {taken.at for taken in chosen.values()}:
            chosen[name] = proposal
    return chosen


def _values(rows: list[list[str]], width: int) -> list[list[str]]:
    """Distinct filled cells by column."""
    cells = [dict.fromkeys(row[at].strip() for row in rows if at < len(row)) for at in range(width)]
    return [[cell for cell in found if cell][:MOST_VALUES] for found in cells]


def _weigh(
    column: Column, at: int, title: str, filled: bool, shares: dict[tuple[int, int], float]
) -> Proposal | None:
    by_name, why_name = _by_name(column, title)
    by_value, why_value = 0.0, ""
    contradicted = False
    for number, look in enumerate(LOOKS):
        if column.name not in look.columns or not filled:
            continue
        share = shares[number, at]
        if share * look.weight > by_value and share >= 0.5:
            by_value, why_value = share * look.weight, str(look.why)
        contradicted = contradicted or _contradicts(look, share)
    # A title that is ours stays ours, whatever stands below it.
    score = max(by_name, by_value) + min(by_name, by_value) / 10
    score *= 0.5 if contradicted and by_name < 1 else 1
    why = _("; ").join(word for word in (why_name, why_value) if word)
    return Proposal(at, why, score) if score >= ENOUGH else None


def _contradicts(look: Look, share: float) -> bool:
    return look.needed and share < 0.3


def _by_name(column: Column, title: str) -> tuple[float, str]:
    plain = plain_title(title)
    if not plain:
        return 0, ""
    if plain in {plain_title(known) for known in (column.name, *column.aliases)}:
        return 1, _("the title is known")
    best, closest = max(_likeness(plain, plain_title(known), known) for known in _known_titles(column))
    return (best, _("the title is like “%(title)s”") % {"title": closest}) if best >= ENOUGH else (0, "")


def _known_titles(column: Column) -> Iterator[str]:
    yield from (column.name, *column.aliases, *OTHER_WORDS.get(column.name, ()))
    for language in ("en", "zh-hans"):
        with override(language):
            label = str(column.label)
        yield from (part for part in re.split(r"[()（）]", label) if part.strip())


def _likeness(title: str, known: str, shown: str) -> tuple[float, str]:
    """From 0 to 0.95; how much of the longer one the shorter covers counts where it is part of it."""
    if not known:
        return 0, shown
    if title == known:
        return 0.95, shown
    short, long = sorted((title, known), key=len)
    enough = 2 if not short.isascii() else 4
    if len(short) >= enough and short in long:
        return 0.55 + 0.35 * len(short) / len(long), shown
    ratio = SequenceMatcher(None, title, known).ratio()
    return (ratio * 0.85 if ratio >= 0.75 else 0), shown
