"""A leaderboard as one HTML file: no request, one script of its own for sorting, everything escaped."""

import base64
import hashlib
from functools import cache
from pathlib import Path

import jinja2

from chateval.records.leaderboard import Leaderboard
from chateval.report.leaderboard import charts, words
from chateval.report.words import visible


def to_site(board: Leaderboard) -> str:
    """Return the leaderboard as one self-contained HTML file."""
    style, script = _source("board.css"), _source("board.js")
    return _template().render(
        board=board,
        style=style,
        script=script,
        style_digest=_digest(style),
        script_digest=_digest(script),
        costs=[found.cost for found in board.tradeoffs],
        tradeoffs=[(found, charts.draw_tradeoff(found)) for found in board.tradeoffs],
        curves=[(found, charts.draw_curve(found)) for found in board.curves],
        lines=[*words.verdicts(board), *words.scope(board)],
        method=words.METHOD,
        width=charts.WIDTH,
        height=charts.HEIGHT,
        cost_words=words.cost_words,
        costs_of=words.costs_of,
        tradeoff_words=words.tradeoff_words,
        curve_words=words.curve_words,
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "visible": visible,
        "rank": words.rank_words,
        "verdict": words.verdict_words,
        "estimate": words.estimate_words,
    }
    return environment.from_string(_source("board.html.j2"))


@cache
def _source(name: str) -> str:
    return (Path(__file__).parent / name).read_text("utf-8")


def _digest(text: str) -> str:
    """Return the digest of an inline script or style as a content security policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
