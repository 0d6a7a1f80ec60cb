"""Chinese days without a leading zero in the month."""

MONTH_DAY_FORMAT = "n月j日"
