"""What exists before anybody buys: the days, stores, goods and members of the chain."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from demo.simulator import names
from demo.simulator.festivals import spring_festivals
from demo.simulator.kinds import KIND_NAMES, MEMBER_KINDS, by_kind

LICENCE_BASE = 990_000_000_000
MOBILE_BASE = 19_900_000_000
CARD_BASE = 8_800_000_001
LATE_CLOSING_HOUR = 2
PACKS_PER_CARTON = 10
# Yuan per pack: lowest and highest shelf price of each price class.
PACK_PRICES = {1: (38, 75), 2: (22, 30), 3: (14, 19), 4: (9, 12), 5: (5, 7)}


@dataclass(frozen=True)
class World:
    days: pd.DatetimeIndex
    stores: pd.DataFrame
    products: pd.DataFrame
    members: pd.DataFrame
    is_open: NDArray[np.bool_]  # store × day


def make_world(rng: Generator, *, stores: int, members: int, first_day: pd.Timestamp, anchor: date) -> World:
    days = pd.date_range(first_day, pd.Timestamp(anchor), inclusive="left")
    store_frame = make_stores(rng, count=stores)
    products = make_products(rng)
    member_frame = make_members(rng, count=members, days=days, stores=store_frame, products=products)
    return World(days, store_frame, products, member_frame, _opening(rng, days, stores))


def _opening(rng: Generator, days: pd.DatetimeIndex, stores: int) -> NDArray[np.bool_]:
    is_open = rng.random((stores, len(days))) > 0.002
    for feast in spring_festivals(days):
        is_open[::3, days == feast] = False
    return is_open


def make_stores(rng: Generator, *, count: int) -> pd.DataFrame:
    number = np.arange(count)
    called = [names.store_name(int(n)) for n in number]
    regions = [names.REGIONS[n * len(names.REGIONS) // count] for n in number]
    return pd.DataFrame(
        {
            "store_id": [f"S{n + 1:03d}" for n in number],
            "license_code": [str(LICENCE_BASE + n + 1) for n in number],
            "cust_name": [chinese for chinese, _ in called],
            "cust_name_en": [english for _, english in called],
            "is_active": 1,
            "region": [f"{names.COMPANY[0]}/{chinese}" for chinese, _ in regions],
            "region_en": [f"{names.COMPANY[1]}/{english}" for _, english in regions],
            "time_zone": "Asia/Shanghai",
            "closing_hour": np.where(number % 12 == 5, LATE_CLOSING_HOUR, 0),
            "till_system": np.where(number % 3 == 2, "shop_system", "retail_terminal"),
            "size": rng.lognormal(0, 0.4, count),
            "tills": rng.integers(1, 4, count),
        }
    )


def ean13(first_twelve: int) -> str:
    """The 13 digits with their check digit (GS1 General Specifications, 7.9)."""
    digits = f"{first_twelve:012d}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-weighted % 10)


def make_products(rng: Generator) -> pd.DataFrame:
    products = pd.DataFrame(_tobacco(rng) + _other_goods(rng))
    products["popularity"] = rng.lognormal(0, 0.7, len(products))
    return products


def _tobacco(rng: Generator) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for brand_number, (brand, level) in enumerate(names.BRANDS):
        for variant, pack_format, capsule, step in names.VARIANTS:
            price_class = min(5, max(1, level + step))
            price = int(rng.integers(*PACK_PRICES[price_class], endpoint=True)) * 100
            number = len(rows) + 1
            rows.append(
                {
                    "goods_code": f"T{number:04d}",
                    "name": f"{brand}（{variant}）",
                    "pack_barcode": ean13(200_000_000_000 + number * 10),
                    "carton_barcode": ean13(200_000_000_000 + number * 10 + 1),
                    "brand": brand,
                    "manufacturer": names.MAKERS[brand_number % len(names.MAKERS)],
                    "price_class": price_class,
                    "format": pack_format,
                    "capsule": int(capsule),
                    "tar": int(rng.integers(5, 8) if pack_format == "slim" else rng.integers(8, 12)),
                    "packs_per_carton": PACKS_PER_CARTON,
                    "category": "卷烟",
                    "is_tobacco": 1,
                    "retail_fen": price,
                    "buy_fen": round(price * rng.uniform(0.85, 0.9)),
                }
            )
    return rows


def _other_goods(rng: Generator) -> list[dict[str, object]]:
    goods = [(cat, *good) for cat, row in names.OTHER_GOODS.items() for good in row]
    return [
        {
            "goods_code": f"N{number:04d}",
            "name": name,
            "pack_barcode": ean13(210_000_000_000 + number * 10),
            "carton_barcode": "",
            "brand": "",
            "manufacturer": "",
            "price_class": 0,
            "format": "",
            "capsule": 0,
            "tar": 0,
            "packs_per_carton": 0,
            "category": category,
            "is_tobacco": 0,
            "retail_fen": yuan * 100 - (50 if yuan > 3 and number % 3 == 0 else 0),
            "buy_fen": round(yuan * 100 * rng.uniform(0.55, 0.75)),
        }
        for number, (category, name, yuan) in enumerate(goods, start=1)
    ]


def make_members(
    rng: Generator,
    *,
    count: int,
    days: pd.DatetimeIndex,
    stores: pd.DataFrame,
    products: pd.DataFrame,
) -> pd.DataFrame:
    """One row per member, ordered by card; from `kind` on, columns are hidden truth."""
    kind = rng.choice(len(MEMBER_KINDS), count, p=[k.member_share for k in MEMBER_KINDS])
    sex = _sex(rng, kind)
    enrolled = _enrolment_days(rng, count, days)
    home = rng.choice(len(stores), count, p=stores["size"] / stores["size"].sum())
    enrolled_at = np.where(rng.random(count) < 0.9, home, rng.integers(0, len(stores), count))
    births = _births(rng, count, days[-1])
    frame = pd.DataFrame(
        {
            "card_no": (CARD_BASE + np.arange(count)).astype(str),
            "mobile": (MOBILE_BASE + rng.permutation(count)).astype(str),
            "wechat_id": _wechat_ids(rng, count),
            "nickName": _person_names(rng, sex),
            "sex": sex,
            "dateOfBirth": births,
            "tobaccoLicense": stores["license_code"].to_numpy()[enrolled_at],
            "enrolled_on": enrolled,
            **_age_checks(rng, enrolled, births, stores["store_id"].to_numpy()[enrolled_at]),
            "consent_sms": _consents(rng, count, yes=0.62, no=0.2),
            "consent_wechat": _consents(rng, count, yes=0.55, no=0.1),
            "consent_email": _consents(rng, count, yes=0.12, no=0.08),
            "self_excluded": (rng.random(count) < 0.012).astype(int),
            "kind": pd.Categorical.from_codes(kind, categories=pd.Index(KIND_NAMES)),
            "home": home,
            "visits_per_day": by_kind("visits_per_week")[kind] / 7 * rng.gamma(4, 1 / 4, count),
        }
    )
    # Some people take a card and are never seen again.
    frame.loc[rng.random(count) < 0.03, "visits_per_day"] = 0.0
    return frame


def _sex(rng: Generator, kind: NDArray[np.int64]) -> NDArray[np.int64]:
    female = np.where(kind == KIND_NAMES.index("slim"), 0.45, 0.09)
    sex = np.where(rng.random(len(kind)) < female, 2, 1)
    return np.where(rng.random(len(kind)) < 0.03, 0, sex)


def _enrolment_days(rng: Generator, count: int, days: pd.DatetimeIndex) -> pd.DatetimeIndex:
    before = rng.random(count) < 0.55
    offset = np.where(before, -rng.integers(1, 720, count), rng.integers(0, len(days), count))
    return days[0] + pd.to_timedelta(offset, unit="D")


def _births(rng: Generator, count: int, last: pd.Timestamp) -> pd.Series:
    ages = np.clip(rng.normal(42, 12, count), 19, 82)
    ages = np.where(rng.random(count) < 0.004, rng.uniform(15, 17.8, count), ages)
    births = pd.Series(last - pd.to_timedelta((ages * 365.25).astype(int), unit="D"))
    return births.mask(rng.random(count) < 0.06)


def _wechat_ids(rng: Generator, count: int) -> NDArray[np.str_]:
    ids = np.char.mod("hy_demo_%06d", rng.permutation(count))
    return np.where(rng.random(count) < 0.6, ids, "")


def _person_names(rng: Generator, sex: NDArray[np.int64]) -> NDArray[np.str_]:
    count = len(sex)

    def syllable() -> NDArray[np.str_]:
        female = rng.choice(names.GIVEN_FEMALE, count)
        return np.where(sex == 2, female, rng.choice(names.GIVEN_MALE, count))

    second = np.where(rng.random(count) < 0.7, syllable(), "")
    given = np.char.add(syllable(), second)
    return np.char.add(rng.choice(names.SURNAMES, count), given)


def _age_checks(
    rng: Generator, enrolled: pd.DatetimeIndex, births: pd.Series, store_ids: NDArray[np.object_]
) -> dict[str, object]:
    """Most adults were checked by a clerk on the day they joined; nobody under age was."""
    count = len(enrolled)
    adult_since = births.fillna(pd.Timestamp(1970, 1, 1)) + pd.DateOffset(years=18)
    checked = (rng.random(count) < 0.78) & (adult_since <= enrolled).to_numpy()
    moment = pd.Series(enrolled + pd.to_timedelta(rng.integers(9 * 3600, 20 * 3600, count), unit="s"))
    clerks = np.char.add(store_ids.astype(str), np.char.mod("-%d", rng.integers(1, 4, count)))
    return {
        "age_method": np.where(checked, "clerk", ""),
        "age_verified_at": moment.where(checked),
        "age_clerk": np.where(checked, clerks, ""),
    }


def _consents(rng: Generator, count: int, *, yes: float, no: float) -> NDArray[np.str_]:
    return rng.choice(["1", "0", ""], count, p=[yes, no, 1 - yes - no])
