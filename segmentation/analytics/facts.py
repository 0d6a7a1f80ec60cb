"""Member facts from integer columns.

A fact holds only its member's own data. Whole numbers are summed and ratios are taken last, so
neither the order of rows nor the way members are split into shards can change a single bit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segmentation.analytics.digits import Digits
from segmentation.analytics.ids import distinct, places

Ints = NDArray[np.integer[Any]]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

EVENING_STARTS = 18 * 60
MINUTES_PER_DAY = 24 * 60
PRICE_CLASSES = (1, 2, 3, 4, 5)
FIXED_POINT = 1 << 24


@dataclass(frozen=True)
class Table:
    """Columns of equal length; ValueError otherwise."""

    def __post_init__(self) -> None:
        lengths = {field.name: len(getattr(self, field.name)) for field in fields(self)}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns of {type(self).__name__} differ in length: {lengths}")

    def where(self, rows: Flags | Ints) -> Self:
        """Return the rows a mask or an index array names."""
        if rows.dtype == bool and rows.all():
            return self
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class Receipts(Table):
    """One row per member receipt, returns included.

    member: id. day: business day as days since 1970-01-01. minute: local minute of the day,
    0–1439. store: id, at least 1. online: bought online. cents: net, negative for a return.
    counts: a sale that was not fully returned, so that it is a visit; money is added either way.
    discounted: any line carries a discount.
    """

    member: Ints
    day: Ints
    minute: Ints
    store: Ints
    online: Flags
    cents: Ints
    counts: Flags
    discounted: Flags


@dataclass(frozen=True)
class Lines(Table):
    """One row per receipt line.

    member, day: as in Receipts. product: row of Products; only tobacco is looked at. packs:
    negative on a return. carton: sold by the carton. cents: net.
    """

    member: Ints
    day: Ints
    product: Ints
    packs: Ints
    carton: Flags
    cents: Ints


@dataclass(frozen=True)
class Products(Table):
    """Indexed by product id. brand: id, 0 for none. price_class: 1–5, 0 for none."""

    brand: Ints
    price_class: Ints
    slim: Flags
    tobacco: Flags


@dataclass(frozen=True)
class Facts(Table):
    """One row per member, ordered by member id. W is the window of days that ends on as_of.

    first_day, last_day: of visits, ever; days since 1970-01-01, -1 for none.
    lifetime_receipts, lifetime_cents: ever. receipts, cents, purchase_days, stores, packs: in W.
    home_store: the store of most visits in W; tied, that of the latest; tied, the lowest store
    rank; 0 for none. top_brand: the brand of most packs; tied, the lowest brand rank; 0 for none.

    The rest are float64, of W, NaN where nothing is there to divide by:
    mean_ticket_cents: cents per visit. gap_mean (days) and gap_cv (sample standard deviation over
    mean): of the days between consecutive purchase days; gap_cv needs two gaps.
    discount_share, online_share, weekend_share (Saturday, Sunday), evening_share (from 18:00):
    of visits. price_per_pack: cents. carton_share, class1–class5, slim_share: of packs.
    brand_entropy: Shannon entropy of packs over brands, in nats.

    Packs are those kept: net per product and form of sale, never below zero, because goods
    bought before W and returned in it are not consumption in W.
    """

    member: Ints
    first_day: Ints
    last_day: Ints
    lifetime_receipts: Ints
    lifetime_cents: Ints
    receipts: Ints
    cents: Ints
    purchase_days: Ints
    stores: Ints
    home_store: Ints
    packs: Ints
    top_brand: Ints
    mean_ticket_cents: Floats
    gap_mean: Floats
    gap_cv: Floats
    discount_share: Floats
    online_share: Floats
    weekend_share: Floats
    evening_share: Floats
    price_per_pack: Floats
    carton_share: Floats
    class1: Floats
    class2: Floats
    class3: Floats
    class4: Floats
    class5: Floats
    slim_share: Floats
    brand_entropy: Floats


@dataclass(frozen=True)
class Closed(Table):
    """What is known of receipts that are not read; one row per member, ordered by member id.

    first_day, last_day: of visits, -1 for none. receipts: visits. cents: net of all receipts.
    """

    member: Ints
    first_day: Ints
    last_day: Ints
    receipts: Ints
    cents: Ints


def closed(member: Ints, day: Ints, counts: Flags, cents: Ints) -> Closed:
    """Return the sums of receipts given by one column each, in any order, as in Receipts."""
    members = distinct(member)
    owner, _there = places(members, member)
    first, last = np.full((2, len(members)), -1)
    visitor, visit = owner[counts], day[counts]
    np.maximum.at(last, visitor, visit)
    first[visitor] = visit
    np.minimum.at(first, visitor, visit)
    return Closed(
        member=members,
        first_day=first,
        last_day=last,
        receipts=np.bincount(visitor, minlength=len(members)),
        cents=_sums(owner, cents, len(members)),
    )


NOTHING_CLOSED = Closed(*np.zeros((5, 0), np.int64))

_Columns = dict[str, NDArray[Any]]


def _with_closed(facts: Facts, closed: Closed) -> Facts:
    """Add receipts of earlier days; every member of `closed` is one of `facts`."""
    at, _there = places(facts.member, closed.member)
    first, last = facts.first_day.copy(), facts.last_day.copy()
    first[at] = np.where(closed.first_day >= 0, closed.first_day, first[at])
    last[at] = np.where(last[at] >= 0, last[at], closed.last_day)
    receipts, cents = facts.lifetime_receipts.copy(), facts.lifetime_cents.copy()
    receipts[at] += closed.receipts
    cents[at] += closed.cents
    return replace(facts, first_day=first, last_day=last, lifetime_receipts=receipts, lifetime_cents=cents)


def member_facts(
    *,
    receipts: Receipts,
    lines: Lines,
    products: Products,
    store_rank: Ints,
    brand_rank: Ints,
    as_of: int,
    window: int = 365,
    closed: Closed = NOTHING_CLOSED,
) -> Facts:
    """Return the facts of every member with a receipt up to as_of, over (as_of - window, as_of].

    closed: receipts of days before those of `receipts`, none of them in the window. store_rank,
    brand_rank: place of each store and brand id in the order of their codes, indexed by id. Rows after
    as_of are ignored. ValueError if a line's member has no receipt.
    """
    since = as_of - window
    receipts = receipts.where(receipts.day <= as_of)
    lines = lines.where((lines.day <= as_of) & (lines.day > since))
    lines = lines.where(products.tobacco[lines.product])
    member = distinct(receipts.member, closed.member)
    owner, _there = places(member, receipts.member)
    size = len(member)
    recent = receipts.day > since
    visit = receipts.counts
    cents = _sums(owner[recent], receipts.cents[recent], size)
    facts = Facts(
        member=member,
        lifetime_receipts=np.bincount(owner[visit], minlength=size),
        lifetime_cents=_sums(owner, receipts.cents, size),
        cents=cents,
        **_rhythm(owner[visit], receipts.day[visit], size, since),
        **_habits(owner[visit & recent], receipts.where(visit & recent), cents),
        **_home(owner[visit & recent], receipts.where(visit & recent), size, since, store_rank),
        **_basket(_positions(member, lines.member), lines, products, size, brand_rank),
    )
    return _with_closed(facts, closed)


def shard(member: Ints, shards: int) -> Ints:
    """Return the shard, 0 to shards - 1, to which each member's rows belong."""
    return member % shards


def concatenate(parts: Sequence[Facts]) -> Facts:
    """Join facts of disjoint sets of members, ordered by member id."""
    names = [field.name for field in fields(Facts)]
    whole = Facts(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    return whole.where(np.argsort(whole.member))


def _sums(owner: Ints, values: NDArray[Any], size: int) -> NDArray[np.int64]:
    # Whole numbers below 2**53 are exact in float64, in whatever order they are added.
    return np.bincount(owner, weights=values, minlength=size).astype(np.int64)


def _ratio(numerator: NDArray[Any], denominator: NDArray[Any]) -> Floats:
    ratio = np.full(len(denominator), np.nan)
    np.divide(numerator, denominator, out=ratio, where=denominator > 0)
    return ratio


def _starts(in_order: Ints) -> Ints:
    return np.flatnonzero(np.diff(in_order, prepend=-1))


def _positions(member: Ints, wanted: Ints) -> Ints:
    positions, found = places(member, wanted)
    if not found.all():
        raise ValueError(f"a line's member has no receipt: {wanted[~found][0]}")
    return positions


def _rhythm(owner: Ints, day: Ints, size: int, since: int) -> _Columns:
    span = int(day.max(initial=0)) + 1
    visits = np.sort(owner * span + day)
    who, when = np.divmod(visits[_starts(visits)], span)
    first, last = np.full((2, size), -1)
    first[who[_starts(who)]] = when[_starts(who)]
    ends = np.flatnonzero(np.diff(who, append=-1))
    last[who[ends]] = when[ends]

    who, when = who[when > since], when[when > since]
    same_member = np.diff(who) == 0
    gap, gap_owner = np.diff(when)[same_member], who[1:][same_member]
    gaps = np.bincount(gap_owner, minlength=size)
    total, squares = _sums(gap_owner, gap, size), _sums(gap_owner, gap * gap, size)
    mean = _ratio(total, gaps)
    variance = _ratio(gaps * squares - total * total, gaps * (gaps - 1))
    return {
        "first_day": first,
        "last_day": last,
        "purchase_days": np.bincount(who, minlength=size),
        "gap_mean": mean,
        "gap_cv": np.sqrt(variance) / mean,
    }


def _habits(owner: Ints, visits: Receipts, cents: Ints) -> _Columns:
    size = len(cents)
    count = np.bincount(owner, minlength=size)

    def share(chosen: Flags) -> Floats:
        return _ratio(np.bincount(owner[chosen], minlength=size), count)

    monday_based = (visits.day + 3) % 7  # 1970-01-01 was a Thursday
    return {
        "receipts": count,
        "mean_ticket_cents": _ratio(cents, count),
        "discount_share": share(visits.discounted),
        "online_share": share(visits.online),
        "weekend_share": share(monday_based >= 5),
        "evening_share": share(visits.minute >= EVENING_STARTS),
    }


def _home(owner: Ints, visits: Receipts, size: int, since: int, store_rank: Ints) -> _Columns:
    moment = (visits.day - since).astype(np.int64) * MINUTES_PER_DAY + visits.minute
    rank, store_of = store_rank[visits.store], _by_rank(store_rank, visits.store)
    visit = Digits(size, len(store_of), int(moment.max(initial=0)) + 1)
    who, rank, moment = visit.split(np.sort(visit.join(owner, rank, moment)))
    last = np.flatnonzero((np.diff(who, append=-1) != 0) | (np.diff(rank, append=-1) != 0))
    who, rank, latest, count = who[last], rank[last], moment[last], np.diff(last, prepend=-1)
    choice = Digits(len(owner) + 1, 1 << visit.bits[2], len(store_of))
    best, found = _best(who, choice.join(count, latest, len(store_of) - 1 - rank), size)
    home = store_of[len(store_of) - 1 - choice.split(best)[2]]
    return {"stores": np.bincount(who, minlength=size), "home_store": np.where(found, home, 0)}


def _by_rank(rank: Ints, ids: Ints) -> Ints:
    """Return the id of each rank, of those ids that occur."""
    of = np.zeros(int(rank.max(initial=0)) + 1, np.int64)
    of[rank[ids]] = ids
    return of


def _best(who: Ints, value: Ints, size: int) -> tuple[Ints, Flags]:
    """Return each member's greatest value and whether there is one; rows are sorted by member."""
    best, found, starts = np.zeros(size, np.int64), np.zeros(size, bool), _starts(who)
    if len(starts):
        best[who[starts]] = np.maximum.reduceat(value, starts)
        found[who[starts]] = True
    return best, found


def _basket(owner: Ints, lines: Lines, products: Products, size: int, rank: Ints) -> _Columns:
    line = Digits(size, len(products.brand), 2)
    sold = line.join(owner, lines.product, lines.carton)
    row = np.argsort(sold)
    starts = _starts(sold[row])
    net = _run_sums(lines.packs[row], starts)
    kept = net > 0
    packs, cents = net[kept], _run_sums(lines.cents[row], starts)[kept]
    who, product, carton = line.split(sold[row][starts][kept])
    total = _sums(who, packs, size)

    def share(chosen: Flags) -> Floats:
        return _ratio(_sums(who[chosen], packs[chosen], size), total)

    classes = products.price_class[product]
    return {
        "packs": total,
        "price_per_pack": _ratio(_sums(who, cents, size), total),
        "carton_share": share(carton == 1),
        "slim_share": share(products.slim[product]),
        **{f"class{number}": share(classes == number) for number in PRICE_CLASSES},
        **_brands(who, products.brand[product], packs, size, rank),
    }


def _run_sums(values: Ints, starts: Ints) -> NDArray[np.int64]:
    """Return the sum from each start up to the next."""
    return np.add.reduceat(values, starts, dtype=np.int64) if len(starts) else np.zeros(0, np.int64)


def _brands(owner: Ints, brand: Ints, packs: Ints, size: int, rank: Ints) -> _Columns:
    branded = brand > 0
    brand_of = _by_rank(rank, brand[branded])
    pairs, pair = np.unique(owner[branded] * len(brand_of) + rank[brand[branded]], return_inverse=True)
    who, each = np.divmod(pairs, len(brand_of))
    count = _sums(pair, packs[branded], len(pairs))
    total = _sums(who, count, size)
    surprise = _n_log_n(total) - _sums(who, _n_log_n(count), size)
    choice = Digits(int(count.max(initial=0)) + 1, len(brand_of))
    best, found = _best(who, choice.join(count, len(brand_of) - 1 - each), size)
    top = brand_of[len(brand_of) - 1 - choice.split(best)[1]]
    return {
        "brand_entropy": _ratio(surprise, total * FIXED_POINT),
        "top_brand": np.where(found, top, 0),
    }


def _n_log_n(counts: Ints) -> NDArray[np.int64]:
    # One scalar logarithm per distinct count: a vectorised one may round by place in the array.
    distinct = np.unique(counts)
    table = [round(n * math.log(n) * FIXED_POINT) if n else 0 for n in distinct.tolist()]
    return np.array(table, np.int64)[np.searchsorted(distinct, counts)]
