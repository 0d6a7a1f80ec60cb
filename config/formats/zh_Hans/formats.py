"""Chinese days without a leading zero in the month, and thousands apart as in every ledger."""

MONTH_DAY_FORMAT = "n月j日"
NUMBER_GROUPING = 3
THOUSAND_SEPARATOR = ","
