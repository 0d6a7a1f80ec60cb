import re
from pathlib import Path

import pytest
from django.conf import settings

from organization.models import Staff, Store


def test_it_closes_stores_to_who_has_none(marketer: Staff, store: Store, other_store: Store) -> None:
    assert list(Store.objects.all().visible_to(marketer)) == [store]


@pytest.mark.parametrize("name", ["supervisord.conf", "docker-compose.yml", "Dockerfile"])
def test_it_serves_with_threads_so_that_a_slow_upload_is_not_cut_off(name: str) -> None:
    command = re.search("gunicorn.+", (Path(settings.BASE_DIR) / name).read_text())
    assert command and "--threads" in command[0]
