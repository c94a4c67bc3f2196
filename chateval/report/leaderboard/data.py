"""A leaderboard as JSON and as CSV, for scripts."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import asdict

from chateval.records.leaderboard import Leaderboard, Standing
from chateval.report.formula import as_cell
from chateval.report.words import visible

_LONE = re.compile("[\ud800-\udfff]")


def to_json(board: Leaderboard) -> str:
    """Return the whole leaderboard as ASCII JSON; a lone surrogate becomes U+FFFD."""
    whole = json.loads(_LONE.sub("\ufffd", json.dumps(asdict(board), ensure_ascii=False, allow_nan=False)))
    return json.dumps(whole, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def to_csv(board: Leaderboard) -> str:
    """Return a row for each checkpoint, those without a rank last; what nothing says is empty.

    Text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    file = io.StringIO()
    rows = [*_rows(board)]
    writer = csv.DictWriter(file, fieldnames=list(rows[0]), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _rows(board: Leaderboard) -> Iterator[dict[str, object]]:
    for found in board.standings:
        yield _row(found)
    for left_out in board.unranked:
        yield {"checkpoint": _text(left_out.name), "reason": _text(left_out.reason)}


def _row(found: Standing) -> dict[str, object]:
    row: dict[str, object] = {
        "best_rank": found.best_rank,
        "worst_rank": found.worst_rank,
        "checkpoint": _text(found.checkpoint),
        "run": _text(found.run),
        "harness": _text(found.harness),
        "kind": _text(found.kind),
        "template": _text(found.verdict),
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "win_rate": found.win_rate,
        "win_low": found.win_low,
        "win_high": found.win_high,
        **asdict(found.cost),
        "step": found.step,
        "reason": "template BROKEN" if found.verdict == "BROKEN" else "",
    }
    for estimate in found.estimates:
        name = _text(f"{estimate.task}/{estimate.scorer}")
        row |= {name: estimate.mean, f"{name} low": estimate.low, f"{name} high": estimate.high}
        row[f"{name} n"] = estimate.n
    return row


def _text(text: str) -> str:
    return as_cell(visible(text))
