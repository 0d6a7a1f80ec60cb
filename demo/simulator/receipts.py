"""From visits and baskets to the lines a till would write."""

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from demo.simulator.baskets import Basket
from demo.simulator.visits import Visits
from demo.simulator.world import World

NUMBERS_PER_DAY = 10_000
TENDERS = ("WEIXIN", "ALIPAY", "CASH", "CREDITCADE", "JFEXCHANGE")
TENDER_SHARES = (0.54, 0.25, 0.18, 0.03)
POINTS_SHARE = 0.05  # of member receipts without tobacco

Ints = NDArray[np.int64]
Coded: TypeAlias = "pd.Categorical[str]"


def day_prefix(days: pd.DatetimeIndex) -> Ints:
    """yyMMdd of each day as a number: the head of its receipts' numbers."""
    years, months, dates = (np.asarray(part, dtype=np.int64) for part in (days.year, days.month, days.day))
    return np.asarray(years % 100 * 10_000 + months * 100 + dates)


def running_numbers(world: World, visits: Visits) -> NDArray[np.str_]:
    """Day and running number within the store, e.g. 2603050042."""
    store_day = visits.store * len(world.days) + visits.day
    turn = np.arange(len(store_day)) - np.searchsorted(store_day, store_day) + 1
    return (day_prefix(world.days)[visits.day] * NUMBERS_PER_DAY + turn).astype(str)


def make_lines(
    rng: Generator,
    world: World,
    *,
    visits: Visits,
    basket: Basket,
    numbers: NDArray[np.str_],
) -> pd.DataFrame:
    """Lines ordered by store, moment and line number.

    Money is in fen (`*_fen`, integers), `amount_fen` = quantity × price − discount.
    `card_no` and `mobile` are what the member showed; `member` is the row of the member frame.
    """
    visit, product = basket.visit, basket.product
    goods = world.products
    packs_each = np.where(basket.carton, goods["packs_per_carton"].to_numpy()[product], 1)
    tobacco = goods["is_tobacco"].to_numpy()[product]
    price = goods["retail_fen"].to_numpy()[product] * packs_each
    amount = basket.quantity * price - basket.discount
    total = np.bincount(visit, weights=amount, minlength=len(numbers)).astype(np.int64)
    receipt = _receipt_columns(rng, world, visits, basket)
    receipt.insert(1, "receipt_no", numbers)
    receipt["receipt_fen"] = total
    lines = receipt.iloc[visit].reset_index(drop=True)
    return lines.assign(
        line_no=np.arange(len(visit)) - np.searchsorted(visit, visit) + 1,
        goods_code=_coded(product, goods["goods_code"]),
        name=_coded(product, goods["name"]),
        barcode=_barcodes(product, basket.carton, goods),
        is_tobacco=tobacco,
        unit=_coded(np.where(tobacco == 0, 2, basket.carton), ["pack", "carton", "piece"]),
        quantity=basket.quantity,
        packs=np.where(tobacco == 1, basket.quantity * packs_each, 0),
        price_fen=price,
        buy_fen=goods["buy_fen"].to_numpy()[product] * packs_each,
        discount_fen=basket.discount,
        amount_fen=amount,
    )


def _receipt_columns(rng: Generator, world: World, visits: Visits, basket: Basket) -> pd.DataFrame:
    count = len(visits.store)
    stores = world.stores
    day = world.days[visits.day]
    clerk = visits.store * 3 + rng.integers(0, 3, count)
    clerks = [f"{store_id}-{turn}" for store_id in stores["store_id"] for turn in (1, 2, 3)]
    card, mobile = _shown(rng, world, visits)
    return pd.DataFrame(
        {
            "store_id": _coded(visits.store, stores["store_id"]),
            "license_code": _coded(visits.store, stores["license_code"]),
            "moment": day + pd.to_timedelta(visits.second, unit="s"),
            "business_day": day,
            "till": 1 + rng.integers(0, stores["tills"].to_numpy()[visits.store]),
            "clerk": _coded(np.where(visits.online, -1, clerk), clerks),
            "channel": _coded(visits.online.astype(np.int64), ["counter", "online"]),
            "member": visits.member,
            "card_no": card,
            "mobile": mobile,
            "tender": _tenders(rng, world, visits, basket),
            "is_return": np.zeros(count, dtype=bool),
            "original_no": pd.Series([pd.NA] * count, dtype="str"),
        }
    )


def _shown(rng: Generator, world: World, visits: Visits) -> tuple[Coded, Coded]:
    """Most show both; the older tills know only cards."""
    chance = rng.random(len(visits.member))
    only_cards = world.stores["till_system"].eq("shop_system").to_numpy()[visits.store]
    card = only_cards | (chance < 0.9)
    mobile = ~only_cards & ((chance < 0.7) | (chance >= 0.9))
    return (
        _coded(np.where(card, visits.member, -1), world.members["card_no"]),
        _coded(np.where(mobile, visits.member, -1), world.members["mobile"]),
    )


def _tenders(rng: Generator, world: World, visits: Visits, basket: Basket) -> Coded:
    """Points pay for other goods only; the older tills take no bank cards; the web no cash."""
    count = len(visits.store)
    tender = rng.choice(len(TENDER_SHARES), count, p=TENDER_SHARES)
    cash, bank, points = (TENDERS.index(name) for name in ("CASH", "CREDITCADE", "JFEXCHANGE"))
    older = world.stores["till_system"].eq("shop_system").to_numpy()[visits.store]
    tender = np.where((tender == bank) & older, cash, tender)
    tender = np.where((tender == cash) & visits.online, TENDERS.index("WEIXIN"), tender)
    tobacco = np.zeros(count, dtype=bool)
    tobacco[basket.visit[world.products["is_tobacco"].to_numpy()[basket.product] == 1]] = True
    may_use_points = ~tobacco & (visits.member >= 0)
    return _coded(np.where(may_use_points & (rng.random(count) < POINTS_SHARE), points, tender), TENDERS)


def _barcodes(product: Ints, carton: NDArray[np.bool_], goods: pd.DataFrame) -> Coded:
    codes = np.where(carton, product + len(goods), product)
    packs, cartons = goods["pack_barcode"], goods["carton_barcode"]
    # Goods without a carton keep a place-holder so that categories stay unique.
    cartons = cartons.where(cartons != "", "no carton " + packs)
    return _coded(codes, [*packs, *cartons])


def _coded(codes: Ints, categories: Iterable[str]) -> Coded:
    return pd.Categorical.from_codes(codes, categories=pd.Index(list(categories)))
