"""A leaderboard to each of its outputs."""

from collections.abc import Callable, Mapping

from chateval.records.leaderboard import Leaderboard
from chateval.report.leaderboard.data import to_csv, to_json
from chateval.report.leaderboard.markdown import to_markdown
from chateval.report.leaderboard.site import to_site
from chateval.report.leaderboard.terminal import show_board

SITE: Mapping[str, Callable[[Leaderboard], str]] = {
    "index.html": to_site,
    "leaderboard.json": to_json,
    "leaderboard.md": to_markdown,
    "leaderboard.csv": to_csv,
}
"""File name -> what writes it."""

__all__ = ["SITE", "show_board", "to_csv", "to_json", "to_markdown", "to_site"]
