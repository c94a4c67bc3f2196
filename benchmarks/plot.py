"""Ratios -> one SVG: a bar for each, its spread, and the mark it has to reach."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from benchmarks.cells import CELLS
from benchmarks.ratio import Ratio

_LEFT, _RIGHT, _ROW, _TOP = 420, 60, 26, 40
_WIDTH = 960
_COLOURS = {"lm-eval": "#4878a8", "lighteval": "#c98a3a"}


def to_svg(found: Sequence[Ratio]) -> str:
    """Return a picture of the ratios, longest bar at full width."""
    longest = max(max(one.ratio.most, one.bar) for one in found)
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    height = _TOP + _ROW * len(found) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif"',
        ' font-size="12">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="18">times as long as chateval; the line is the bar, the thin stroke the spread</text>',
    ]
    parts += [_bar(one, _TOP + _ROW * row, scale) for row, one in enumerate(found)]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(one: Ratio, y: int, scale: float) -> str:
    end = _LEFT + one.ratio.middle * scale
    low, high = (_LEFT + value * scale for value in (one.ratio.least, one.ratio.most))
    bar = _LEFT + one.bar * scale
    name = f"{CELLS[one.cell].title.split(';')[0]} · {one.peer}"
    return "\n".join(
        [
            f'<text x="{_LEFT - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>',
            f'<rect x="{_LEFT}" y="{y + 2}" width="{end - _LEFT:.1f}" height="16" fill="{_COLOURS[one.peer]}"/>',
            f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y + 10}" y2="{y + 10}" stroke="#202020"/>',
            f'<line x1="{bar:.1f}" x2="{bar:.1f}" y1="{y}" y2="{y + 20}" stroke="#b03030" stroke-width="2"/>',
            f'<text x="{max(end, high, bar) + 6:.1f}" y="{y + 14}">{one.ratio.middle:.1f}×</text>',
        ]
    )
