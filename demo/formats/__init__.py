"""What the simulated chain would send elsewhere: one file per format that is known here already."""

from pathlib import Path

from demo.exports import write_retail_terminal
from demo.formats.catalogues import write_catalogues
from demo.formats.goods import write_goods
from demo.formats.orders import write_orders
from demo.formats.scan_data import write_scan_data
from demo.simulator import Chain

__all__ = ["write_formats"]


def write_formats(chain: Chain, folder: Path) -> dict[str, Path]:
    """Write every file; keys are the file names."""
    folder.mkdir(parents=True, exist_ok=True)
    write_catalogues(chain, folder)
    write_orders(chain.lines, folder)
    write_retail_terminal(folder / "orders_flat.csv", chain.lines.assign(fault=""))
    write_scan_data(chain, folder / "scan_data.txt")
    write_goods(chain, folder)
    return {path.name: path for path in sorted(folder.iterdir())}
