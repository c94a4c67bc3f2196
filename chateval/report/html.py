"""The report as one HTML file: no script, no request, everything escaped."""

from functools import cache
from pathlib import Path

import jinja2

from chateval.records import Comparison, Report
from chateval.report import words
from chateval.report.tables import audit_lines, flip_groups, lines

_WIDTH = 180
"""Of the difference plot, in SVG units from -1 to +1."""


def to_html(report: Report) -> str:
    """Return the report as one self-contained HTML file."""
    return _template().render(
        report=report,
        lines=list(lines(report)),
        audits=list(audit_lines(report)),
        groups=flip_groups(report),
        summary=words.summary(report),
        method=words.METHOD,
    )


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "visible": words.visible,
        "mean": words.mean_words,
        "count": words.count_words,
        "delta": words.delta_words,
        "p": words.p_words,
        "record": words.record_words,
        "direction": words.direction,
        "slice_words": words.slice_words,
        "whisker": _whisker,
    }
    return environment.from_string((Path(__file__).parent / "report.html.j2").read_text("utf-8"))


def _whisker(found: Comparison) -> dict[str, float]:
    """Return where the parts of a difference lie in its plot."""

    def place(value: float) -> float:
        return round((value + 1) / 2 * _WIDTH, 1)

    low, middle, high = (place(value or 0.0) for value in (found.low, found.delta, found.high))
    return {"low": low, "middle": middle, "high": high, "zero": _WIDTH / 2, "width": _WIDTH}
