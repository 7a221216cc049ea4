"""What strangers cannot do, as docs/security.md lists it: read from the names of the tests in tests/hostile.

python -m tests.helpers.promises    writes the tables of the page again
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).parents[2]
PAGE = HOUSE / "docs" / "security.md"
HOSTILE = HOUSE / "tests" / "hostile"
_BLOCK = re.compile(r"(?<=<!-- tests/hostile/)(\w+)( -->\n).*?(?=<!-- end -->)", re.S)


def page_with_tables() -> str:
    """The page with the table of each actor as the tests are now."""
    return _BLOCK.sub(lambda match: match[1] + match[2] + table(match[1]), PAGE.read_text(encoding="utf-8"))


def actors() -> set[str]:
    """The folders of hostile tests."""
    return {path.parent.name for path in HOSTILE.glob("*/test_*.py")}


def table(actor: str) -> str:
    """What an actor may and may not do, a line for each test, below the file that holds it."""
    lines = ["| it | held by |", "|---|---|"]
    for path in sorted((HOSTILE / actor).glob("test_*.py")):
        link = f"[{path.name}](../{path.relative_to(HOUSE).as_posix()})"
        lines += [f"| {sentence} | {link} |" for sentence in _sentences(path)]
    return "\n".join([*lines, ""])


def _sentences(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name.removeprefix("test_").replace("_", " ")


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(), encoding="utf-8")
