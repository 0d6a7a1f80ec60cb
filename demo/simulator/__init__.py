"""A simulated chain with known ground truth."""

from demo.simulator.campaigns import campaign_receipts
from demo.simulator.chain import Chain, simulate

__all__ = ["Chain", "campaign_receipts", "simulate"]
