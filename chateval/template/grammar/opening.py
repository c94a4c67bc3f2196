"""How a turn begins: exactly as the dialect writes it, by whitespace alone, loosely, or with an unknown role."""

from collections.abc import Sequence
from dataclasses import dataclass

from chateval.template.grammar.dialect import TurnRule
from chateval.template.grammar.faults import Faults
from chateval.template.grammar.markers import Markers, Opener
from chateval.template.grammar.scanner import Scanner


@dataclass(frozen=True, slots=True)
class Opened:
    """A turn that has begun."""

    rule: TurnRule
    start: int
    content_start: int
    is_exact: bool
    header: dict[str, str]
    like: str
    """The role whose markers close it; another than its own where that is unknown."""


class Openings:
    """Finds out which turn begins at a place; notes what is wrong with its beginning."""

    def __init__(self, scanner: Scanner, markers: Markers, faults: Faults) -> None:
        self._scanner = scanner
        self._markers = markers
        self._faults = faults

    def exact(self, place: int) -> Opened | None:
        """Return the turn whose opener stands there as the dialect writes it."""
        text = self._scanner.text
        key = self._scanner.literal_at(place)
        for opener in self._markers.by_key.get(key, ()) if key else self._markers.indented:
            match = opener.exact.match(text, place)
            if match and self._scanner.are_control(place, match.end()):
                return Opened(opener.rule, place, match.end(), True, _header(match.groupdict()), opener.rule.role)
        return None

    def bare(self, place: int, before: str) -> Opened | None:
        """Return the turn that begins there without a marker, given the role before it (empty at the start)."""
        following = self._scanner.structural(place)
        opens_next = following is not None and following.text in self._markers.by_key
        if not before and self._markers.raw is not None:
            is_raw = opens_next and following is not None and following.start > place
            return Opened(self._markers.raw, place, place, True, {}, "system") if is_raw else None
        for rule in self._markers.implicit:
            is_gap = opens_next and following and not self._scanner.text[place : following.start].strip()
            if before in rule.after and not is_gap:
                return self._implicit(rule, place)
        return None

    def _implicit(self, rule: TurnRule, place: int) -> Opened:
        blanks = [one for one in rule.opener if not one.strip()]
        for blank in sorted(blanks, key=len, reverse=True):
            if self._scanner.text.startswith(blank, place):
                return Opened(rule, place, place + len(blank), True, {}, rule.role)
        literal = self._scanner.literal_at(place)
        if literal in rule.inside or any(literal == one.key for one in self._markers.closers[rule.role]):
            return Opened(rule, place, place, True, {}, rule.role)
        n_blanks = self._scanner.n_blanks(place)
        self._faults.opener_blank(rule, (place, n_blanks))
        return Opened(rule, place, place + n_blanks, False, {}, rule.role)

    def loose(self, place: int, key: str) -> Opened | None:
        """Return the turn whose opener stands there with other whitespace, or with an unknown role."""
        openers = self._markers.by_key[key]
        for opener in openers:
            match = opener.loose.match(self._scanner.text, place)
            if match is not None and not self._is_longer_word(opener, place, match.end()):
                self._faults.opener_whitespace(opener.rule, opener.written, (place, match.end() - place))
                header = _header(match.groupdict())
                return Opened(opener.rule, place, match.end(), False, header, opener.rule.role)
        return self.unknown(place, openers)

    def _is_longer_word(self, opener: Opener, place: int, end: int) -> bool:
        """Whether the role goes on, as in `username`, and is then followed by what should follow a role."""
        text = self._scanner.text
        if opener.unknown is None or not opener.ends_blank or text[end - 1 : end].isspace():
            return False
        match = opener.unknown.match(text, place)
        return match is not None and match["suffix"] is not None and match.end("word") > end

    def unknown(self, place: int, openers: Sequence[Opener] = ()) -> Opened | None:
        """Return the turn whose header stands there with a word that is no role."""
        for opener in openers or self._markers.openers:
            match = opener.unknown.match(self._scanner.text, place) if opener.unknown else None
            if match is None:
                continue
            word = match["word"]
            if match["suffix"] is None and (opener.key not in match.group() or not word):
                continue
            self._faults.unknown_role(word, (place, match.end() - place))
            rule = TurnRule(role=word or "unknown", opener=opener.rule.opener, closer=opener.rule.closer)
            return Opened(rule, place, match.end(), False, {"word": word}, opener.rule.role)
        return None


def _header(groups: dict[str, str | None]) -> dict[str, str]:
    return {key.rsplit("_", 1)[0]: value for key, value in groups.items() if value and key != "tail"}
