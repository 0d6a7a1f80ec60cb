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
from tests.sales.messages import as_json, as_json_lines, as_scan_data, joined, order, scan
from tests.sales.test_catalogues import DRINK as OTHER_GOODS
from tests.sales.test_catalogues import TOBACCO
from tests.sales.test_goods import loss, stock, supply

pytestmark = pytest.mark.django_db

FILES: list[tuple[ImportKind, str]] = [
    (ImportKind.SALES, as_json(order(), order("R2", mobilephone="19900001111"), code=0)),
    (ImportKind.SALES, as_json_lines(order(), joined(order("R2")))),
    (ImportKind.SALES, as_csv([joined(order()), joined(order("R2"))])),
    (ImportKind.SALES, as_scan_data(scan(), scan("T2", "2", unit="CARTON", maker_off="1.00"))),
    (ImportKind.STOCK, as_json(stock())),
    (ImportKind.SUPPLY, as_json(supply(), supply("G2", biz_type="02"))),
    (ImportKind.LOSS, as_json_lines(loss())),
    (ImportKind.PRODUCTS, as_json(TOBACCO)),
    (ImportKind.PRODUCTS, as_json(OTHER_GOODS)),
    (
        ImportKind.STORES,
        as_csv(
            [
                {
                    "store_id": "S1",
                    "license_code": "991",
                    "cust_name": "南屏路店",
                    "region": "公司/东区",
                    "time_zone": "Asia/Shanghai",
                    "closing_hour": "2",
                }
            ]
        ),
    ),
    (
        ImportKind.PRODUCTS,
        as_csv(
            [
                {
                    "goods_code": "T9",
                    "name": "云岭",
                    "pack_barcode": "6911",
                    "carton_barcode": "6912",
                    "tar": "8",
                    "is_tobacco": "1",
                    "retail_price": "4.5",
                }
            ]
        ),
    ),
    (
        ImportKind.MEMBERS,
        as_csv(
            [
                {
                    "card_no": "C1",
                    "mobile": "19900001111",
                    "nickName": "王",
                    "dateOfBirth": "1990-01-01",
                    "license_code": "0001",
                    "consent_sms": "1",
                }
            ]
        ),
    ),
    (
        ImportKind.SALES,
        as_csv(
            [
                line(mobilephone="19900001111"),
                line("R2", dtl_barcode=CARTON),
                line("R3", dtl_barcode=DRINK),
            ]
        ),
    ),
]
PIECES = [
    *(
        b"",
        b",",
        b'"',
        b"\n",
        b"\r",
        b"\0",
        b"-",
        b"\xff",
        b"\xe4\xba",
        b"e9",
        b"\\",
        b"[",
        b"]",
        b"{",
        b"|",
        b"NaN",
        b" ",
        b"\x1a",
    ),
    *(b"0001-01-01", b"99991231235959", b"\xef\xbb\xbf", "１２".encode(), "\u2028".encode()),
    *(b"[", b"]", b"{", b"|", b"9" * 30, b"x" * 3_000),
]
damages = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(PIECES)), min_size=1, max_size=4
)


def damaged(content: bytes, damage: list[tuple[float, int, bytes]]) -> bytes:
    for place, length, piece in damage:
        at = int(place * len(content))
        content = content[:at] + piece + content[at + length :]
    return content


@pytest.mark.parametrize("number", range(len(FILES)))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=damages, encoding=st.sampled_from(["utf-8", "gb18030"]))
def test_it_survives_any_damage(
    number: int, damage: list[tuple[float, int, bytes]], encoding: str, store: Store
) -> None:
    kind, text = FILES[number]
    content = damaged(text.encode(encoding), damage)
    with contextlib.suppress(JobError), transaction.atomic():
        make_products()
        take_in(kind, content)
        raise JobError("Undo it: each example begins with an empty company.")
