import pytest
from pytest_django import Settings


@pytest.fixture(autouse=True)
def _no_collected_static(settings: Settings) -> None:
    settings.WHITENOISE_AUTOREFRESH = True  # Else it warns that nothing has been collected.
