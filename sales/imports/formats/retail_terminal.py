"""Orders as licensed retailers' terminals upload them: one message per receipt.

A message knows sale prices and quantities of its lines and what was received for all of them. What
was received less is a discount on the whole receipt, and is spread over the lines in proportion.
"""

from collections import defaultdict

import numpy as np
import pyarrow as pa
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from organization.imports.columns import match_header, plain_title
from organization.imports.messages import Apart, Messages, elements
from organization.imports.profiles import has_titles
from sales.imports.columns import SALES, TENDERS
from sales.imports.distinct import BAD
from sales.imports.formats.arithmetic import fixed, gross_cents, money, shares

# Of the first of these that are there.
MADE_OF = {
    "amount": (("dtlamount",), ("dtlsaleprice", "dtlquantity"), ()),
    "discount": (("dtldiscount",), ("receiptamount",), ()),
    "tender": (("paydtlfundchannel",), ()),
}
USED = {"dtlcount", "paydtlcount", "paydtlfundchannel", "paydtlamount", "totalamount"}
AMOUNT, DISCOUNT = ("dtlamount", "amount"), ("dtldiscount", "discount")


is_orders = has_titles("clientorderid", "dtlcount", "dtlbarcode")


class Orders(Messages):
    worked_out = ("amount", "discount", "tender")

    def titles(self, header: list[str]) -> list[str]:
        """Those of the message, and what is worked out."""
        self._sent = {plain_title(title): title for title in header}
        return super().titles(header)

    def origin(self, name: str) -> str:
        """The titles that a column of ours is made of."""
        if name in MADE_OF:
            found = next(titles for titles in MADE_OF[name] if self._sent.keys() >= set(titles))
            return ", ".join(self._sent[title] for title in found) or "–"
        at = match_header([*self._sent], SALES)[0].get(name)
        return "–" if at is None else [*self._sent.values()][at]

    def unused(self, header: list[str]) -> list[str]:
        """Titles that nothing is made of."""
        return [title for title in match_header(header, SALES)[1] if plain_title(title) not in USED]

    def work_out(self, apart: Apart) -> list[pa.Array]:
        gross = gross_cents(apart.texts("dtlsaleprice"), apart.texts("dtlquantity"))
        amount, discount = fixed(apart.texts(*AMOUNT), 2), fixed(apart.texts(*DISCOUNT), 2)
        net = np.where(amount != BAD, amount, gross - np.where(discount == BAD, 0, discount))
        net = np.where((gross == BAD) & (amount == BAD), BAD, net)
        if not apart.columns.keys() & {*AMOUNT, *DISCOUNT}:
            net = _less_what_was_not_received(apart, gross)
        given = np.where((gross == BAD) | (net == BAD), BAD, gross - net)
        discount = np.where(discount == BAD, given, discount)
        amounts = _as_sent(money(net), net, apart.texts(*AMOUNT, "dtlsaleprice"))
        return [amounts, money(discount), _tenders(apart)]


def _as_sent(texts: pa.Array, cents: NDArray[np.int64], sent: pa.Array) -> pa.Array:
    """What is no number is shown as it was sent."""
    return pa.compute.if_else(pa.array(cents == BAD), sent, texts)


def _less_what_was_not_received(apart: Apart, gross: NDArray[np.int64]) -> NDArray[np.int64]:
    received, total = fixed(apart.texts("receiptamount"), 2), fixed(apart.texts("totalamount"), 2)
    starts = apart.starts()
    net = gross.copy()
    for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(gross)], strict=True):
        lines = gross[start:end].tolist()
        message, whole, got = int(apart.of[start]), int(total[start]), int(received[start])
        if BAD in lines or apart.reasons[message]:
            continue
        if whole not in (BAD, sum(lines)):
            said = {"total": f"{whole / 100:.2f}", "sum": f"{sum(lines) / 100:.2f}"}
            apart.reasons[message] = (
                _("total_amount is %(total)s, but sale prices × quantities come to %(sum)s.") % said
            )
        elif got != BAD and got != sum(lines) and abs(got) < abs(sum(lines)) and got * sum(lines) >= 0:
            net[start:end] = shares(lines, got)
    return net


def _tenders(apart: Apart) -> pa.Array:
    """How each message was paid, the largest part first: wechat+points."""
    starts = apart.starts()
    sent = (
        apart.texts(f"paydtl{name}").take(pa.array(starts)) for name in ("count", "fundchannel", "amount")
    )
    known: list[str] = []
    for message, (count, channels, paid) in enumerate(zip(*map(pa.Array.to_pylist, sent), strict=True)):
        found = elements(channels), elements(paid)
        known.append(_tender(*found))
        apart.reasons[message] = apart.reasons[message] or _unequal(count.strip(), *found)
    return pa.array(known, pa.string()).take(pa.array(apart.of))


def _tender(channels: list[str], amounts: list[str]) -> str:
    names = [TENDERS.get(channel, channel) for channel in channels]
    if len(names) < 2:
        return "".join(names)
    sums: dict[str, int] = defaultdict(int)
    cents = fixed(pa.array(amounts or [""] * len(names), pa.string()), 2, empty=0).tolist()
    for name, paid in zip(names, cents, strict=False):
        sums[name] += abs(paid) if paid != BAD else 0
    paid_with = [name for name in sums if name and (sums[name] or not any(sums.values()))]
    return "+".join(sorted(paid_with, key=lambda name: -sums[name]))


def _unequal(count: str, channels: list[str], amounts: list[str]) -> str:
    lengths = {len(found) for found in (channels, amounts) if found}
    if count not in ("", "0"):
        lengths |= {int(count) if count.isdecimal() else -1}
    if len(lengths) < 2:
        return ""
    return _("The payments of this message are not equally many in paydtlcount and its lists.")
