from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from organization.models import Store

STORES = "store_id,license_code,cust_name\nA1,990000000001,南屏路店\nA2,,北关店\n"


@pytest.mark.django_db(transaction=True)
def test_it_imports_a_file_and_prints_counts_that_add_up(tmp_path: Path) -> None:
    file = tmp_path / "stores.csv"
    file.write_text(STORES)
    out = StringIO()
    call_command("import_stores", file, stdout=out)
    assert out.getvalue().strip() == (
        "read 2 = added 1 + updated 0 + unchanged 0 + ignored 0 + quarantined 1"
    )
    assert Store.unscoped.get().code == "A1"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "kind", ["stores", "products", "members", "sales", "staff", "stock", "supply", "loss"]
)
def test_it_refuses_a_wrong_file_in_a_sentence(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "letter.csv"
    file.write_text("Dear admin,\nhow are you?\n")
    with pytest.raises(CommandError, match="first row"):
        call_command(f"import_{kind}", file)


def test_it_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no file .*gone\.csv"):
        call_command("import_sales", tmp_path / "gone.csv")
