"""The simulated chain: what is planted must be what the lines say."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from lunardate import LunarDate

from demo.simulator import Chain, campaign_receipts, simulate
from demo.simulator.festivals import season
from demo.simulator.names import store_name
from demo.simulator.world import ean13

ANCHOR = date(2026, 11, 20)
RECEIPT = ["store_id", "receipt_no"]


@pytest.fixture(scope="module")
def chain() -> Chain:
    return simulate(stores=12, members=1_200, anchor=ANCHOR, seed=7)


def small(seed: int) -> Chain:
    return simulate(stores=4, members=80, months=4, anchor=ANCHOR, seed=seed)


def test_it_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    first, again, other = small(1), small(1), small(2)
    pd.testing.assert_frame_equal(first.lines, again.lines)
    pd.testing.assert_frame_equal(first.members, again.members)
    pd.testing.assert_frame_equal(first.faults, again.faults)
    assert not first.lines.equals(other.lines)


def test_it_stays_under_600_000_receipts_at_the_default_size(chain: Chain) -> None:
    receipts = chain.lines.groupby(RECEIPT, observed=True).ngroups
    assert 350_000 < receipts * 20_000 / len(chain.members) < 600_000


def test_it_sells_from_the_first_day_to_the_day_before_the_anchor(chain: Chain) -> None:
    days = chain.lines["business_day"]
    assert days.min() == pd.Timestamp(2025, 5, 20)
    assert days.max() == pd.Timestamp(2026, 11, 19)


def test_it_books_sales_after_midnight_on_the_day_before(chain: Chain) -> None:
    lines = chain.lines
    closing = lines["store_id"].astype(str).map(chain.stores.set_index("store_id")["closing_hour"])
    shifted = lines["moment"] - pd.to_timedelta(closing, unit="h")
    assert (shifted.dt.normalize() == lines["business_day"]).all()
    assert (lines["moment"].dt.normalize() > lines["business_day"]).any()


def test_it_gives_every_line_an_amount_that_adds_up(chain: Chain) -> None:
    lines = chain.lines
    assert lines["amount_fen"].eq(lines["quantity"] * lines["price_fen"] - lines["discount_fen"]).all()
    total = lines.groupby(RECEIPT, observed=True)["amount_fen"].transform("sum")
    assert total.eq(lines["receipt_fen"]).all()


def test_it_numbers_the_lines_of_a_receipt_and_never_repeats_one(chain: Chain) -> None:
    lines = pd.concat([chain.lines, chain.faults])
    assert not lines.duplicated([*RECEIPT, "line_no"]).any()
    heads = chain.lines.groupby(RECEIPT, observed=True)[["moment", "tender", "card_no"]]
    assert heads.nunique().le(1).all(axis=None)


def test_it_takes_back_only_what_was_sold(chain: Chain) -> None:
    lines = chain.lines
    returns = lines[lines["is_return"]]
    sold = lines[~lines["is_return"]]
    matched = returns.merge(
        sold,
        left_on=["store_id", "original_no", "line_no"],
        right_on=["store_id", "receipt_no", "line_no"],
        suffixes=("", "_sold"),
    )
    assert len(matched) == len(returns) > 0
    assert matched["amount_fen"].eq(-matched["amount_fen_sold"]).all()
    assert (matched["business_day"] > matched["business_day_sold"]).all()
    sizes = returns.groupby(["store_id", "original_no"], observed=True).size()
    originals = sold.groupby(RECEIPT, observed=True).size()
    sizes.index.names = originals.index.names
    assert (sizes < originals.reindex(sizes.index)).any(), "some returns are partial"
    assert 0.003 < len(sizes) / len(originals) < 0.009


def test_it_sells_no_tobacco_online_and_discounts_none(chain: Chain) -> None:
    tobacco = chain.lines[chain.lines["is_tobacco"] == 1]
    assert (tobacco["channel"] == "counter").all()
    assert (tobacco["discount_fen"] == 0).all()
    assert chain.lines["channel"].eq("online").any()
    assert chain.lines["discount_fen"].gt(0).any()


def test_it_leaves_about_45_percent_of_receipts_without_a_member(chain: Chain) -> None:
    receipts = chain.lines[chain.lines["line_no"].eq(1) & ~chain.lines["is_return"]]
    assert receipts["member"].lt(0).mean() == pytest.approx(0.45, abs=0.01)


def test_it_lets_nobody_buy_before_joining(chain: Chain) -> None:
    known = chain.lines[chain.lines["member"] >= 0]
    joined = chain.members["enrolled_on"].to_numpy()[known["member"]]
    assert (known["business_day"].to_numpy() >= joined).all()


def test_it_verifies_no_age_under_18_and_leaves_some_unverified(chain: Chain) -> None:
    members = chain.members
    minors = members["dateOfBirth"] + pd.DateOffset(years=18) > members["enrolled_on"]
    assert minors.any()
    assert members.loc[minors, "age_method"].eq("").all()
    checked = members["age_method"].eq("clerk")
    assert 0.7 < checked.mean() < 0.85
    assert members.loc[checked, ["age_verified_at", "age_clerk"]].notna().all(axis=None)
    assert (members["age_verified_at"].isna() == ~checked).all()


def test_it_plants_kinds_that_behave_as_planted(chain: Chain) -> None:
    known = chain.lines[chain.lines["member"] >= 0]
    kind = chain.members["kind"].astype(str).to_numpy()[known["member"]]
    evening = known["moment"].dt.hour.ge(18).groupby(kind).mean()
    carton = known["unit"].eq("carton").groupby(kind).mean()
    weekend = known["business_day"].dt.day_of_week.ge(5).groupby(kind).mean()
    discount = known["discount_fen"].gt(0).groupby(kind).mean()
    winners = (evening.idxmax(), carton.idxmax(), weekend.idxmax(), discount.idxmax())
    assert winners == ("evening", "carton", "weekend", "bargain")


@pytest.mark.parametrize(
    ("first_twelve", "code"),
    [(400_638_133_393, "4006381333931"), (590_123_412_345, "5901234123457")],
)
def test_it_computes_published_ean_check_digits(first_twelve: int, code: str) -> None:
    assert ean13(first_twelve) == code


def test_it_gives_every_product_its_own_in_store_barcodes(chain: Chain) -> None:
    products = chain.products
    codes = pd.concat([products["pack_barcode"], products["carton_barcode"]])
    codes = codes[codes != ""]
    assert codes.is_unique
    assert all(ean13(int(code[:12])) == code and 200 <= int(code[:3]) <= 299 for code in codes)
    assert set(chain.lines["barcode"].unique()) <= set(codes)
    assert products["is_tobacco"].value_counts().to_dict() == {1: 120, 0: 80}


def test_it_names_ten_thousand_stores_without_repeating_itself() -> None:
    named = [store_name(number) for number in range(10_000)]
    assert len({chinese for chinese, _ in named}) == len({english for _, english in named}) == 10_000
    assert named[0] == ("南屏路店", "Nanping Road")


def test_it_raises_sales_before_the_festivals() -> None:
    spring = pd.Timestamp(LunarDate(2026, 1, 1).to_solar_date())
    days = pd.DatetimeIndex([spring - pd.Timedelta(days=1), spring, "2026-03-20", "2026-10-03"])
    eve, feast, ordinary, national = season(days)
    assert spring == pd.Timestamp(2026, 2, 17)
    assert eve > national > ordinary == 1.0 > feast


def test_it_adds_campaign_receipts_whose_truth_is_what_the_lines_say(chain: Chain) -> None:
    cards = list(chain.members["card_no"][:1_000])
    start = date(2026, 10, 21)
    lines, truth = campaign_receipts(chain, cards=cards, start=start, days=28, effect=6.0, seed=3)
    assert truth == pytest.approx(lines["amount_fen"].sum() / 100 / 1_000)
    assert truth == pytest.approx(6.0, rel=0.15)
    assert list(lines.columns) == list(chain.lines.columns)
    assert (lines["is_tobacco"] == 0).all()
    assert set(chain.members["card_no"].to_numpy()[lines["member"]]) <= set(cards)
    assert lines["business_day"].between("2026-10-21", "2026-11-17").all()
    both = pd.concat([chain.lines, chain.faults, lines])
    assert not both.duplicated([*RECEIPT, "line_no"]).any()


def test_it_hits_the_campaign_effect_on_average_however_small(chain: Chain) -> None:
    cards = list(chain.members["card_no"])
    for effect in (0.0, 1.5, 6.0, 20.0):
        truths = [
            campaign_receipts(chain, cards=cards, start=date(2026, 10, 1), days=30, effect=effect, seed=seed)[
                1
            ]
            for seed in range(12)
        ]
        assert np.mean(truths) == pytest.approx(effect, rel=0.06)


def test_it_refuses_campaigns_outside_its_days_or_for_strangers(chain: Chain) -> None:
    known = str(chain.members["card_no"][0])
    with pytest.raises(ValueError, match="window"):
        campaign_receipts(chain, cards=[known], start=ANCHOR, days=1, effect=5, seed=1)
    for cards in ([], ["1"], [known, known]):
        with pytest.raises(ValueError, match="Cards"):
            campaign_receipts(chain, cards=cards, start=date(2026, 9, 1), days=7, effect=5, seed=1)
