"""Print how many mutants each module had, and how many no test noticed: `mutants.py FOLDER`, the folder of mutmut."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

KILLED, SURVIVED, TIMES = {1, 3}, {0}, {36, 24, -24, 152, 255}
"""Exit codes of a mutant's tests: they failed, they passed, they took too long (which is noticed, too)."""


def table(folder: Path) -> Iterator[str]:
    """Yield the rows of a Markdown table, a module each and their sum."""
    yield "| module | mutants | killed | survived | not run |"
    yield "|---|---:|---:|---:|---:|"
    whole: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.py.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"].values()
        if not codes:
            continue
        found = Counter(_outcome(code) for code in codes)
        whole.update(found)
        yield _row(str(path.relative_to(folder)).removesuffix(".py.meta"), found)
    yield _row("all", whole)


def _outcome(code: int | None) -> str:
    if code in KILLED | TIMES:
        return "killed"
    return "survived" if code in SURVIVED else "not run"


def _row(name: str, found: Counter[str]) -> str:
    return f"| {name} | {found.total()} | {found['killed']} | {found['survived']} | {found['not run']} |"


if __name__ == "__main__":
    print("\n".join(table(Path(sys.argv[1]))))
