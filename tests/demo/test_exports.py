"""The export files: everything sold is in them once, and the spoilt rows are counted."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from demo.exports import append_campaign, write_exports
from demo.simulator import Chain, campaign_receipts, simulate

ANCHOR = date(2026, 11, 20)
SPLIT = date(2026, 11, 1)


@pytest.fixture(scope="module")
def chain() -> Chain:
    return simulate(stores=6, members=400, months=6, anchor=ANCHOR, seed=5)


@pytest.fixture(scope="module")
def paths(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_exports(chain, tmp_path_factory.mktemp("exports"), split=SPLIT)


def read(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    return pd.read_csv(path, dtype="str", keep_default_na=False, encoding=encoding)


def sound_a(path: Path) -> pd.DataFrame:
    rows = read(path)
    return rows[
        rows["license_code"].ne("990099999999")
        & rows["dtl_quantity"].ne("#N/A")
        & ~rows["dtl_amount"].str.contains("O")
        & rows["bizdate"].lt("2030")
    ]


def goods_rows_b(path: Path) -> pd.DataFrame:
    rows = read(path, "gb18030")
    return rows[rows["小票号"] != ""]


def sound_b(path: Path) -> pd.DataFrame:
    rows = goods_rows_b(path)
    return rows[
        rows["门店编码"].ne("S9999")
        & rows["数量"].ne("#N/A")
        & ~rows["金额"].str.contains("O")
        & rows["成交日期"].str[:4].lt("2030")
    ]


def fen(column: pd.Series) -> int:
    return int(column.str.replace(".", "").astype("int64").sum())


def test_it_writes_every_sold_line_once(chain: Chain, paths: dict[str, Path]) -> None:
    a, later = sound_a(paths["sales_a_before"]), sound_a(paths["sales_after"])
    b = sound_b(paths["sales_b_before"])
    assert len(a) + len(b) + len(later) == len(chain.lines)
    written = fen(a["dtl_amount"]) + fen(b["金额"]) + fen(later["dtl_amount"])
    assert written == chain.lines["amount_fen"].sum()


def test_it_splits_by_business_day_and_till_system(chain: Chain, paths: dict[str, Path]) -> None:
    a, later = sound_a(paths["sales_a_before"]), sound_a(paths["sales_after"])
    assert a["bizdate"].max() < "20261101" <= later["bizdate"].min()
    assert later["bizdate"].max() == "20261119"
    older = set(sound_b(paths["sales_b_before"])["门店编码"])
    assert older == {"S003", "S006"}
    assert a["license_code"].nunique() == 4
    assert later["license_code"].nunique() == 6


def test_it_spoils_as_many_rows_as_it_says(chain: Chain, paths: dict[str, Path]) -> None:
    a = pd.concat([read(paths["sales_a_before"]), read(paths["sales_after"])])
    b = goods_rows_b(paths["sales_b_before"])
    seen = {
        "quantity_unreadable": a["dtl_quantity"].eq("#N/A").sum() + b["数量"].eq("#N/A").sum(),
        "store_unknown": a["license_code"].eq("990099999999").sum() + b["门店编码"].eq("S9999").sum(),
        "date_in_future": a["bizdate"].gt("2030").sum() + b["成交日期"].gt("2030").sum(),
        "amount_not_a_number": (a["dtl_amount"].str.contains("O").sum() + b["金额"].str.contains("O").sum()),
    }
    assert seen == chain.planted_faults
    assert sum(seen.values()) == pytest.approx(len(chain.lines) / 1000, abs=4)


def test_it_closes_each_store_of_the_older_system_with_its_total(paths: dict[str, Path]) -> None:
    rows = read(paths["sales_b_before"], "gb18030")
    totals = rows[rows["门店编码"] == "合计"]
    sound = sound_b(paths["sales_b_before"])
    blocks = sound.assign(fen=sound["金额"].str.replace(".", "").astype(int)).groupby("门店编码")
    assert list(totals["数量"].astype(int)) == list(blocks["数量"].apply(lambda n: n.astype(int).sum()))
    assert list(totals["金额"].str.replace(".", "").astype(int)) == list(blocks["fen"].sum())
    assert (rows == "").all(axis=1).any(), "a blank row now and then"


def test_it_prints_dates_and_returns_as_the_older_system_does(paths: dict[str, Path]) -> None:
    rows = sound_b(paths["sales_b_before"])
    assert rows["成交日期"].str.fullmatch(r"2026/[1-9]\d?/[1-9]\d?").all()
    assert rows["成交时间"].str.fullmatch(r"(0|[1-9]|1\d|2[0-3]):[0-5]\d:[0-5]\d").all()
    assert set(rows["单位"]) == {"包", "条", "件"}
    assert set(rows["支付方式"]) <= {"1", "2", "3", "4"}
    returned = rows["交易类型"] == "1"
    assert returned.any()
    assert rows.loc[returned, "数量"].str.startswith("-").all()
    assert rows.loc[returned, "金额"].str.startswith("-").all()
    assert rows.loc[returned, "原单号"].isin(rows["小票号"]).all()


def test_it_writes_the_reference_files_in_full(chain: Chain, paths: dict[str, Path]) -> None:
    stores, products, members = (read(paths[name]) for name in ("stores", "products", "members"))
    assert list(stores["license_code"]) == list(chain.stores["license_code"])
    assert stores["region"].str.fullmatch("公司/[东西南北]区").all()
    assert "kind" not in members.columns
    assert members["mobile"].str.fullmatch(r"1990000\d{4}").all()
    assert members["dateOfBirth"].str.fullmatch(r"(\d{4}-\d\d-\d\d)?").all()
    assert members["tobaccoLicense"].isin(stores["license_code"]).all()
    other = products["is_tobacco"] == "0"
    assert products.loc[other, ["price_class", "carton_barcode"]].isin([""]).all(axis=None)
    assert products.loc[~other, "price_class"].isin(list("12345")).all()


def test_it_appends_a_campaign_in_the_shape_of_the_file(
    chain: Chain, paths: dict[str, Path], tmp_path: Path
) -> None:
    copy = tmp_path / "sales_after.csv"
    copy.write_bytes(paths["sales_after"].read_bytes())
    lines, _ = campaign_receipts(
        chain, cards=list(chain.members["card_no"]), start=SPLIT, days=14, effect=8, seed=2
    )
    append_campaign(copy, lines)
    before, after = read(paths["sales_after"]), read(copy)
    added = after.iloc[len(before) :]
    assert len(added) == len(lines) > 0
    assert fen(added["dtl_amount"]) == lines["amount_fen"].sum()
    assert added["bizdate"].between("20261101", "20261114").all()
