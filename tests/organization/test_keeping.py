"""Figures that are kept for a while, and pages that do without."""

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as NobodyThere

from organization.keeping import kept


def test_it_works_out_a_figure_once() -> None:
    asked: list[int] = []
    cache.delete("a-figure")
    for _ in range(3):
        assert kept("a-figure", 60, lambda: asked.append(1) or 7) == 7  # type: ignore[func-returns-value]
    assert asked == [1]
    cache.delete("a-figure")


def test_it_works_a_figure_out_again_while_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*args: object, **options: object) -> None:
        raise NobodyThere

    for name in ("get", "set"):
        monkeypatch.setattr(cache, name, nobody)
    assert kept("a-figure", 60, lambda: 7) == 7
