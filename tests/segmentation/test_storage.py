"""Thirty nights of a small chain: the tables hardly grow, and the last night is as if made from nothing."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from members.models import Member
from organization.models import Store
from segmentation.models import NightlyRun
from tests.segmentation.builders import NIGHT, a_product, an_import, days_before, make_night, published_rows

pytestmark = pytest.mark.django_db(transaction=True)

MEMBERS, NIGHTS, BEFORE, PER_DAY = 2_000, 30, 200, 60
SELL = """
    WITH receipt AS (
        INSERT INTO sales_receipt (store_id, source_id, number, epoch, member_id, business_day, moment,
                                   minute, till, clerk, channel, tender, is_return, total,
                                   original_number, returned, content, imported_by_id)
        SELECT m.enrolment_store_id, %(source)s, %(day)s::text || '-' || n, 0, m.id, %(day)s, %(day)s,
               480 + n * 7 %% 800, '1', '1', 1 + n %% 2, 'CASH', false, 10 + m.id * 7 %% 90, '', 0, 0,
               %(import)s
        FROM unnest(%(members)s::bigint[]) WITH ORDINALITY s (id, n) JOIN members_member m USING (id)
        RETURNING id, store_id, member_id, business_day, total
    )
    INSERT INTO sales_receiptline (receipt_id, line_number, store_id, member_id, business_day, product_id,
                                   quantity, packs, is_carton, amount, discount)
    SELECT id, 1, store_id, member_id, business_day,
           (%(products)s::bigint[])[1 + member_id %% cardinality(%(products)s::bigint[])],
           1, 1 + id %% 4, false, total, id %% 3
    FROM receipt"""
SIZE = "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(%s) t"


def test_thirty_nights_take_little_room_and_equal_a_rebuild(store: Store, other_store: Store) -> None:
    chain = Chain([store, other_store])
    first = days_before(NIGHTS)
    for number in range(BEFORE, -1, -1):
        chain.sell(first - timedelta(days=number))
    make_night(first)
    begin = stored()
    for number in range(1, NIGHTS + 1):
        chain.sell(first + timedelta(days=number))
        make_night(first + timedelta(days=number))
    assert NightlyRun.objects.get(as_of=NIGHT).touched
    assert stored() <= 2.5 * begin
    incremental = published_rows()
    make_night(full=True)
    assert published_rows() == incremental


class Chain:
    """Members who differ in how often they come, and what they buy."""

    def __init__(self, stores: list[Store]) -> None:
        self.random = random.Random(7)
        Member.unscoped.bulk_create(
            Member(enrolment_store=store, home_store=store, enrolled_on=NIGHT)
            for store in self.random.choices(stores, k=MEMBERS)
        )
        self.members = list(Member.unscoped.values_list("pk", flat=True))
        self.often = [self.random.paretovariate(1) for _member in self.members]
        self.products = [
            a_product(f"P{number}", brand="甲乙丙"[number], slim=number == 1).pk for number in range(3)
        ]
        self.imported = an_import()

    def sell(self, day: date) -> None:
        buyers = list(set(self.random.choices(self.members, self.often, k=PER_DAY)))
        given: dict[str, Any] = {"day": day, "members": buyers, "products": self.products}
        given |= {"source": self.imported.source_id, "import": self.imported.pk}
        with connection.cursor() as cursor:
            cursor.execute(SELL, given)


def stored() -> int:
    """Bytes of all tables of this app and their indexes, once tidied up."""
    tables = [model._meta.db_table for model in apps.get_app_config("segmentation").get_models()]
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM {', '.join(tables)}")
        cursor.execute(SIZE, [tables])
        return int(cursor.fetchone()[0])
