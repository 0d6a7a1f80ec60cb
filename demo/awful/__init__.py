"""Exports as awful as shops send them, one defect each, with what must become of them."""

from demo.awful.folder import write_awful
from demo.awful.receipts import RECEIPTS
from demo.awful.refused import REFUSED, Refused
from demo.awful.same import PLAIN, SAME

__all__ = ["PLAIN", "RECEIPTS", "REFUSED", "SAME", "Refused", "write_awful"]
