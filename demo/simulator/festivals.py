"""How the calendar moves sales."""

import numpy as np
import pandas as pd
from lunardate import LunarDate
from numpy.typing import NDArray

SPRING_RUN_UP_DAYS = 14
MID_AUTUMN_RUN_UP_DAYS = 7
NATIONAL_DAY_WEEK = 7


def spring_festivals(days: pd.DatetimeIndex) -> list[pd.Timestamp]:
    return [pd.Timestamp(LunarDate(year, 1, 1).to_solar_date()) for year in _years(days)]


def season(days: pd.DatetimeIndex) -> NDArray[np.float64]:
    """Factor on sales for each day: 1.0 on an ordinary day."""
    factor = np.ones(len(days))
    for spring in spring_festivals(days):
        offset = _offset(days, spring)
        factor *= _ramp(offset, SPRING_RUN_UP_DAYS, low=1.15, high=1.9)
        factor[(offset == 0) | (offset == 1)] *= 0.6
        factor[(offset >= 2) & (offset <= 6)] *= 0.85
    for year in _years(days):
        mid_autumn = pd.Timestamp(LunarDate(year, 8, 15).to_solar_date())
        offset = _offset(days, mid_autumn)
        factor *= _ramp(offset, MID_AUTUMN_RUN_UP_DAYS, low=1.1, high=1.4)
        national = _offset(days, pd.Timestamp(year, 10, 1))
        factor[(national >= 0) & (national < NATIONAL_DAY_WEEK)] *= 1.25
    return factor


def _years(days: pd.DatetimeIndex) -> range:
    return range(days[0].year, days[-1].year + 2)


def _offset(days: pd.DatetimeIndex, feast: pd.Timestamp) -> NDArray[np.int64]:
    return np.asarray((days - feast).days, dtype=np.int64)


def _ramp(offset: NDArray[np.int64], length: int, *, low: float, high: float) -> NDArray[np.float64]:
    before = (offset >= -length) & (offset < 0)
    return np.where(before, low + (high - low) * (offset + length) / length, 1.0)
