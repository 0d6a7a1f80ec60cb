"""A damaged file is refused with a sentence or taken in with all its rows counted; nothing else."""

import contextlib

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from organization.jobs import JobError
from organization.models import ImportKind, Store
from tests.organization.importing import as_csv, take_in
from tests.sales.importing import CARTON, DRINK, line, make_products

pytestmark = pytest.mark.django_db

FILES = {
    ImportKind.STORES: "store_id,license_code,cust_name,region,time_zone,closing_hour\nS1,991,南屏路店,公司/东区,Asia/Shanghai,2\n",
    ImportKind.PRODUCTS: "goods_code,name,pack_barcode,carton_barcode,tar,is_tobacco,retail_price\nT9,云岭,6911,6912,8,1,4.5\n",
    ImportKind.MEMBERS: "card_no,mobile,nickName,dateOfBirth,license_code,consent_sms\nC1,19900001111,王,1990-01-01,0001,1\n",
    ImportKind.SALES: as_csv([line(mobilephone="19900001111"), line("R2", dtl_barcode=CARTON), line("R3", dtl_barcode=DRINK)]),
}  # fmt: skip
PIECES = [b"", b",", b'"', b"\n", b"\r", b"\0", b"-", b"9" * 30, b"\xff", b"\xe4\xba", "１２".encode(), b"e9", b"\\", b"NaN",
          b"0001-01-01", b"99991231235959", b" ", b"\xef\xbb\xbf", b"\x1a", "\u2028".encode(), b"x" * 3_000]  # fmt: skip
damages = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES)), min_size=1, max_size=4
)


def damaged(content: bytes, damage: list[tuple[float, int, bytes]]) -> bytes:
    for place, length, piece in damage:
        at = int(place * len(content))
        content = content[:at] + piece + content[at + length :]
    return content


@pytest.mark.parametrize("kind", list(FILES))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=damages, encoding=st.sampled_from(["utf-8", "gb18030"]))
def test_it_survives_any_damage(
    kind: ImportKind, damage: list[tuple[float, int, bytes]], encoding: str, store: Store
) -> None:
    content = damaged(FILES[kind].encode(encoding), damage)
    with contextlib.suppress(JobError), transaction.atomic():
        make_products()
        take_in(kind, content)
        raise JobError("Undo it: each example begins with an empty company.")
