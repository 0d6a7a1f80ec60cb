"""The chain whose sales are measured: stores, products and members under invented names."""

from collections.abc import Iterable
from datetime import date

from members.models import IdentityKind, Member, MemberIdentity
from organization.crypto import lookups
from organization.models import Store
from organization.services import region_ensure
from sales.models import Product, ProductBarcode

STORES, PRODUCTS = 200, 800
TOBACCO = 560  # of the products, each with a barcode for pack and carton


def store_licence(number: int) -> str:
    return f"9911{number:08}"


def phone(number: int) -> str:
    return f"1990{number:07}"


def pack_barcode(number: int) -> str:
    return f"690{number:09}1"


def carton_barcode(number: int) -> str:
    return f"690{number:09}2"


def make_chain(members: int) -> None:
    """Everything that the files refer to, in an empty database."""
    stores = _make_stores()
    _make_products()
    _make_members(stores, members)


def _make_stores() -> list[Store]:
    region = region_ensure(names=["云岭公司", "东区"], names_en=["Yunling", "East"])
    return Store.unscoped.bulk_create(
        Store(
            code=f"S{number:04}",
            name=f"第{number}店",
            licence_number=store_licence(number),
            region=region,
            time_zone="Asia/Shanghai",
            closing_hour=2,
        )
        for number in range(STORES)
    )


def _make_products() -> None:
    made = Product.objects.bulk_create(
        Product(code=f"P{number:04}", name=f"云岭 {number}", is_tobacco=number < TOBACCO)
        for number in range(PRODUCTS)
    )
    ProductBarcode.objects.bulk_create(_barcodes(made))


def _barcodes(products: list[Product]) -> Iterable[ProductBarcode]:
    for number, product in enumerate(products):
        yield ProductBarcode(barcode=pack_barcode(number), product=product)
        if product.is_tobacco:
            yield ProductBarcode(barcode=carton_barcode(number), product=product, is_carton=True)


def _make_members(stores: list[Store], count: int) -> None:
    made = Member.unscoped.bulk_create(
        (_member(stores[number % STORES]) for number in range(count)), batch_size=5_000
    )
    MemberIdentity.unscoped.bulk_create(
        (_identity(member, phone(number)) for number, member in enumerate(made)), batch_size=5_000
    )


def _member(store: Store) -> Member:
    return Member(enrolment_store=store, home_store=store, enrolled_on=date(2023, 1, 1))


def _identity(member: Member, value: str) -> MemberIdentity:
    kind = IdentityKind.PHONE
    return MemberIdentity(member=member, kind=kind, lookup=lookups(kind, value)[0], value=value)
