from pathlib import Path

import pytest

from members.imports.columns import MEMBERS
from organization.imports.columns import Column
from organization.imports.staff_columns import STAFF
from organization.imports.stores import STORES
from sales.imports.catalogue import PRODUCTS
from sales.imports.columns import SALES
from sales.imports.goods.columns import LOSS, STOCK, SUPPLY

FILES = (Path(__file__).parent.parent / "docs/files.md").read_text()


@pytest.mark.parametrize(
    "column",
    [*STORES, *PRODUCTS, *MEMBERS, *SALES, *STAFF, *STOCK, *SUPPLY, *LOSS],
    ids=lambda column: column.name,
)
def test_it_documents_every_column_and_name(column: Column) -> None:
    for name in (column.name, *column.aliases):
        assert f"`{name}`" in FILES
