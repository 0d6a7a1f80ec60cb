"""Pages may not read past the scope: `python -m config.scopes`, part of `make lint`.

Fails for `unscoped`, for Django's own managers, for shortcuts that take a model (they read with
Django's own manager) and for SQL by hand in any file outside the ones below. An exception carries
a comment `# unscoped: why` on its line or the line above.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

APPS = ("organization", "members", "sales", "segmentation", "campaigns", "dashboards")
# Work that no page shows as it is: writes, imports, nights, delivery, commands.
MAY = (
    "*/services.py",
    "*/services/*.py",
    "*/imports/*.py",
    "*/imports/*/*.py",
    "*/nightly/*.py",
    "*/delivery/*.py",
    "*/policy/*.py",
    "*/management/*.py",
    "*/management/commands/*.py",
    "*/models.py",
    "*/models/*.py",
    "*/querysets.py",
    "*/tasks.py",
    "*/jobs.py",
    "*/backup/*.py",
    "*/migrations/*.py",
    "*/trail/verification.py",
    "*/watch/*.py",
    "*/workers.py",
    "campaigns/results.py",
    "organization/rotation.py",
    "members/tombstones.py",
)
NAMES = {"unscoped", "_base_manager", "_default_manager", "cursor"}
SHORTCUTS = {"get_object_or_404", "get_list_or_404", "aget_object_or_404", "aget_list_or_404"}
EXCEPTION = "# unscoped: "


def breaches(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name of everything in a file that reads past the scope."""
    source = path.read_text()
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        name = _past_the_scope(node)
        if name:
            near = lines[max(0, node.lineno - 2) : node.lineno]  # type: ignore[attr-defined]
            if not any(EXCEPTION in line for line in near):
                yield node.lineno, name  # type: ignore[attr-defined]


def _past_the_scope(node: ast.AST) -> str:
    """What reads past the scope here, if anything does; models are the names that begin with a capital."""
    if isinstance(node, ast.Attribute) and node.attr in NAMES:
        return node.attr
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SHORTCUTS:
        model = node.args[0] if node.args else None
        if isinstance(model, ast.Name) and model.id[0].isupper():
            return f"{node.func.id}({model.id}, …)"
    return ""


def main(root: Path) -> list[str]:
    """One sentence per breach in the apps below `root`."""
    files = (path for app in APPS for path in sorted((root / app).rglob("*.py")))
    return [
        f"{path.relative_to(root)}:{line}: `{name}` reads past the scope; use objects.visible_to(staff)."
        for path in files
        if not any(path.relative_to(root).match(pattern) for pattern in MAY)
        for line, name in breaches(path)
    ]


if __name__ == "__main__":
    found = main(Path(__file__).resolve().parent.parent)
    print("\n".join(found))
    sys.exit(bool(found))
