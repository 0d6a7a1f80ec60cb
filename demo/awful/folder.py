"""Write all of it into a folder, to be tried by hand."""

from pathlib import Path

from demo.awful.receipts import RECEIPTS
from demo.awful.refused import REFUSED
from demo.awful.same import PLAIN, SAME


def write_awful(folder: Path) -> list[Path]:
    """Every file, by what becomes of it: same/, receipts/, refused/."""
    files = {f"same/{name}": content for name, content in {"plain.csv": PLAIN, **SAME}.items()}
    files |= {f"refused/{name}": refused.content for name, refused in REFUSED.items()}
    for name, case in RECEIPTS.items():
        for turn, content in enumerate(case.files, start=1):
            files[f"receipts/{turn}_{name}" if len(case.files) > 1 else f"receipts/{name}"] = content
    paths = []
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        paths.append(path)
    return paths
