"""A text with its control literals found, and a place that only moves on; every question costs constant time."""

from collections.abc import Iterable
from dataclasses import dataclass

from chateval.template.grammar.dialect import Dialect
from chateval.template.grammar.literals import IsControl, find_literals
from chateval.template.grammar.markers import Markers


@dataclass(frozen=True, slots=True)
class Literal:
    """A control literal that stands in the text."""

    start: int
    text: str
    is_own: bool
    """Of the dialect that is read, not of another family."""

    @property
    def end(self) -> int:
        """Where it ends, in characters."""
        return self.start + len(self.text)


class Scanner:
    """The literals of one text, from left to right."""

    def __init__(
        self, text: str, dialect: Dialect, markers: Markers, foreign: Iterable[str], is_control: IsControl | None
    ) -> None:
        own = set(dialect.control)
        self.text = text
        self._control = dialect.control
        self._is_control = is_control
        found = find_literals(text, (*dialect.control, *foreign), is_control)
        self._literals = [Literal(start, literal, literal in own) for start, literal in found]
        self._structure = markers.closer_keys | markers.bos | set(markers.by_key)
        self._next = 0

    def next_before(self, end: int) -> Literal | None:
        """Take the next literal that starts before `end`."""
        if self._next < len(self._literals) and self._literals[self._next].start < end:
            self._next += 1
            return self._literals[self._next - 1]
        return None

    def put_back(self) -> None:
        """Undo the last `next_before`."""
        self._next -= 1

    def skip_to(self, place: int) -> None:
        """Pass over the literals that start before `place`."""
        while self._next < len(self._literals) and self._literals[self._next].start < place:
            self._next += 1

    def literal_at(self, place: int) -> str:
        """Return the literal that starts exactly there, or an empty string."""
        self.skip_to(place)
        if self._next < len(self._literals) and self._literals[self._next].start == place:
            return self._literals[self._next].text
        return ""

    def structural(self, place: int) -> Literal | None:
        """Return the next own literal that opens or closes a turn or begins the sequence."""
        self.skip_to(place)
        for number in range(self._next, len(self._literals)):
            literal = self._literals[number]
            if literal.is_own and literal.text in self._structure:
                return literal
        return None

    def n_blanks(self, place: int) -> int:
        """Return how many characters of whitespace stand there."""
        end = place
        while end < len(self.text) and self.text[end] in " \t\r\n":
            end += 1
        return end - place

    def is_at(self, marker: str, place: int) -> bool:
        """Whether a marker stands there, its literals being control tokens."""
        return self.text.startswith(marker, place) and self.are_control(place, place + len(marker))

    def are_control(self, start: int, end: int) -> bool:
        """Whether the literals of a marker that is spelt right are control tokens in truth."""
        if self._is_control is None:
            return True
        found = find_literals(self.text[start:end], self._control, None)
        return all(self._is_control(start + offset, literal) for offset, literal in found)
