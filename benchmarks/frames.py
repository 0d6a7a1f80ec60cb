"""The same facts and clusters by data frames: rows out by COPY, pandas, K-means, rows back by COPY.

What a data team would write without this product; it measures time, not itself against ours bit by bit.
"""

import sys
import time
from datetime import date, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from django.db import connection
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

WINDOW = 365
RECEIPTS = """
    SELECT member_id, business_day - DATE '1970-01-01' AS day, minute, store_id, channel, total,
           NOT is_return AND (returned = 0 OR returned < total) AS visit, id
    FROM sales_receipt WHERE member_id IS NOT NULL AND business_day <= %s"""
LINES = """
    SELECT l.member_id, l.receipt_id, l.product_id, l.packs, l.is_carton, l.amount, l.discount,
           coalesce(p.brand_id, 0) AS brand, coalesce(p.price_class, 0) AS price_class,
           p.format = 'slim' AS slim
    FROM sales_receiptline l JOIN sales_product p ON p.id = l.product_id
    WHERE l.member_id IS NOT NULL AND p.is_tobacco AND l.business_day <= %s AND l.business_day > %s"""
# As a night does: how many clusters is told among few, where they are among some, who is in them among all.
FEW, SOME, CLUSTERS = 5_000, 20_000, range(4, 9)


def seconds(as_of: date) -> float:
    """How long all of it takes."""
    begin = time.perf_counter()
    with TemporaryDirectory() as folder:
        receipts = _frame(Path(folder), RECEIPTS, as_of)
        lines = _frame(Path(folder), LINES, as_of, as_of - timedelta(days=WINDOW))
    facts = _facts(receipts, lines, (as_of - date(1970, 1, 1)).days - WINDOW)
    _score(facts)
    _cluster(facts)
    _write(facts)
    return time.perf_counter() - begin


def _frame(folder: Path, query: str, *values: date) -> pd.DataFrame:
    path = folder / "rows.csv"
    with connection.cursor() as cursor, path.open("wb") as file:
        statement = cursor.mogrify(query, values).decode()
        cursor.copy_expert(f"COPY ({statement}) TO STDOUT (FORMAT csv, HEADER)", file)
    return pd.read_csv(path, true_values=["t"], false_values=["f"])


def _facts(receipts: pd.DataFrame, lines: pd.DataFrame, since: int) -> pd.DataFrame:
    visits = receipts[receipts["visit"]].copy()
    visits["discounted"] = visits["id"].isin(lines.loc[lines["discount"] > 0, "receipt_id"])
    by = visits.groupby("member_id")
    facts = pd.DataFrame({"first_day": by["day"].min(), "last_day": by["day"].max(), "visits": by.size()})
    facts["lifetime"] = receipts.groupby("member_id")["total"].sum()
    recent = visits[visits["day"] > since].copy()
    recent["online"] = recent["channel"] == 2
    recent["weekend"] = (recent["day"] + 3) % 7 >= 5
    recent["evening"] = recent["minute"] >= 18 * 60
    by = recent.groupby("member_id")
    facts["receipts"] = by.size()
    facts["spend"] = receipts[receipts["day"] > since].groupby("member_id")["total"].sum()
    facts["mean_ticket"] = facts["spend"] / facts["receipts"]
    facts[["online", "weekend", "evening", "discount"]] = by[
        ["online", "weekend", "evening", "discounted"]
    ].mean()
    facts["stores"] = by["store_id"].nunique()
    return facts.join(_home(recent)).join(_rhythm(recent)).join(_basket(lines))


def _home(recent: pd.DataFrame) -> pd.Series:
    recent["moment"] = recent["day"] * 1440 + recent["minute"]
    pairs = recent.groupby(["member_id", "store_id"])["moment"].agg(["size", "max"]).reset_index()
    pairs = pairs.sort_values(["member_id", "size", "max"], ascending=[True, False, False])
    return pairs.drop_duplicates("member_id").set_index("member_id")["store_id"].rename("home")


def _rhythm(recent: pd.DataFrame) -> pd.DataFrame:
    days = recent[["member_id", "day"]].drop_duplicates().sort_values(["member_id", "day"])
    days["gap"] = days.groupby("member_id")["day"].diff()
    by = days.groupby("member_id")
    mean, deviation = by["gap"].mean(), by["gap"].std()
    return pd.DataFrame({"purchase_days": by.size(), "gap_mean": mean, "gap_cv": deviation / mean})


def _basket(lines: pd.DataFrame) -> pd.DataFrame:
    keys = ["member_id", "product_id", "is_carton", "brand", "price_class", "slim"]
    net = lines.groupby(keys, sort=False)[["packs", "amount"]].sum().reset_index()
    net = net[net["packs"] > 0]
    packs = net.groupby("member_id")["packs"].sum()

    def share(chosen: Any) -> Any:
        return net[chosen].groupby("member_id")["packs"].sum().reindex(packs.index, fill_value=0) / packs

    columns = {"packs": packs, "price_per_pack": net.groupby("member_id")["amount"].sum() / packs}
    columns |= {"carton_share": share(net["is_carton"]), "slim_share": share(net["slim"])}
    columns |= {f"class{number}": share(net["price_class"] == number) for number in range(1, 6)}
    return pd.DataFrame(columns).join(_brands(net[net["brand"] > 0]))


def _brands(net: pd.DataFrame) -> pd.DataFrame:
    brands = net.groupby(["member_id", "brand"])["packs"].sum().reset_index()
    part = brands["packs"] / brands.groupby("member_id")["packs"].transform("sum")
    brands["surprise"] = -part * np.log(part)
    entropy = brands.groupby("member_id")["surprise"].sum()
    top = brands.sort_values(["member_id", "packs"], ascending=[True, False]).drop_duplicates("member_id")
    return pd.DataFrame({"entropy": entropy, "top_brand": top.set_index("member_id")["brand"]})


def _score(facts: pd.DataFrame) -> None:
    known = facts["receipts"] > 0
    for name, of in (("r", "last_day"), ("f", "receipts"), ("m", "spend")):
        less = facts.loc[known, of].rank(method="min") - 1
        facts[name] = (1 + 5 * less // known.sum()).reindex(facts.index)


def _cluster(facts: pd.DataFrame) -> None:
    skewed = ["packs", "price_per_pack", "gap_mean", "mean_ticket"]
    others = ["carton_share", "slim_share", "entropy", "evening", "weekend", "discount", "online"]
    known = facts.loc[facts["receipts"] > 0, skewed + others]
    known = known.fillna(known.median())
    known[skewed] = np.log1p(known[skewed].clip(lower=0))
    points = ((known - known.mean()) / known.std().replace(0, 1)).to_numpy()
    few, some = (_drawn(points, size) for size in (FEW, SOME))
    fits = {k: KMeans(k, n_init=3, random_state=0).fit_predict(few) for k in CLUSTERS}
    best = max(fits, key=lambda k: float(silhouette_score(few, fits[k])))
    centres = KMeans(best, n_init=10, random_state=0).fit(some).cluster_centers_
    facts.loc[known.index, "cluster"] = KMeans(best, init=centres, n_init=1).fit(points).labels_


def _drawn(points: Any, size: int) -> Any:
    return points[np.random.default_rng(0).choice(len(points), min(size, len(points)), replace=False)]


def _write(facts: pd.DataFrame) -> None:
    text = StringIO()
    facts.to_csv(text, header=False)
    columns = ", ".join(f'"{name}" float8' for name in facts.columns)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS frames; CREATE TABLE frames (member_id bigint, {columns})")
        cursor.copy_expert("COPY frames FROM STDIN (FORMAT csv)", BytesIO(text.getvalue().encode()))
        cursor.execute("ALTER TABLE frames ADD PRIMARY KEY (member_id); DROP TABLE frames")


def main(words: list[str]) -> None:
    sys.stdout.write(f"{seconds(date.fromisoformat(words[0]))}\n")
