"""Names beside the dots of a drawing, placed so that none is printed over another one or over a dot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from chateval.report.words import visible

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in SVG units."""

_LETTER, _LINE = 6.2, 12.0
"""Width and height of a letter at most, in SVG units."""
_DOT = 5.0
"""Radius of a dot with its rim."""
_LONGEST = 28
"""Letters of a label."""
_GAP = 7.0
"""Between a dot and its name."""


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a dot, or of dots at one place."""

    text: str
    x: float
    y: float
    """Of the left end of its baseline."""
    dot: tuple[float, float]
    is_far: bool
    """Whether a line leads from the dot to it."""


def place_labels(
    named: Sequence[tuple[float, float, str]], dots: Sequence[tuple[float, float]], frame: Box
) -> tuple[Label, ...]:
    """Return a label for each place with names; where there is no room left for one, it is left out.

    Args:
        named: x, y and name of the dots that are named.
        dots: x and y of all dots.
        frame: What labels stay in.
    """
    taken: list[Box] = [(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for x, y in dots]
    found = []
    for (x, y), names in _by_place(named):
        text = _text(names)
        for box, is_far in _candidates(x, y, _LETTER * len(text), frame):
            if not any(_meet(box, other) for other in taken):
                taken.append(box)
                found.append(Label(text, round(box[0], 1), round(box[3] - 3, 1), (x, y), is_far))
                break
    return tuple(found)


def _by_place(named: Sequence[tuple[float, float, str]]) -> Iterator[tuple[tuple[float, float], list[str]]]:
    places: dict[tuple[float, float], list[str]] = {}
    for x, y, name in named:
        near = next((at for at in places if abs(at[0] - x) + abs(at[1] - y) < 2 * _DOT), (x, y))
        places.setdefault(near, []).append(name)
    yield from places.items()


def _text(names: Sequence[str]) -> str:
    """Return the names of one place in one line: as many as fit, the rest counted."""
    shown = [" ".join(visible(name).split()) for name in names]
    for n_shown in range(len(shown), 0, -1):
        rest = f" +{len(shown) - n_shown}" if n_shown < len(shown) else ""
        text = ", ".join(shown[:n_shown]) + rest
        if len(text) <= _LONGEST:
            return text
    return f"{shown[0][: _LONGEST - 5]}…{rest}"


def _candidates(x: float, y: float, width: float, frame: Box) -> Iterator[tuple[Box, bool]]:
    """Yield where a label may stand, the nearest first: right and left of its dot, then ever further up and down."""
    shifts = sorted((n * _LINE / 2 for n in range(-16, 17)), key=lambda shift: (abs(shift + _LINE / 2), shift))
    for shift, is_right in product(shifts, (True, False)):
        left = x + _GAP if is_right else x - _GAP - width
        box = (left, y + shift - _LINE / 2, left + width, y + shift + _LINE / 2)
        if box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]:
            yield box, abs(shift) > _LINE


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
