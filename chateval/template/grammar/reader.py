"""The one reader: text and a dialect in, turns and faults out. Linear in the text; it goes on after each fault."""

from collections.abc import Sequence

from chateval.template.grammar.dialect import Dialect
from chateval.template.grammar.faults import Faults
from chateval.template.grammar.literals import IsControl
from chateval.template.grammar.markers import Closer, compile_markers
from chateval.template.grammar.opening import Opened, Openings
from chateval.template.grammar.reading import Turn
from chateval.template.grammar.scanner import Literal, Scanner

_NEAR = 64
"""Characters of whitespace that a foreign marker may stand away from the edge of a content and still count as there."""


class Reader:
    """Reads one text once; what it found is in its public attributes."""

    def __init__(self, text: str, dialect: Dialect, foreign: Sequence[str], is_control: IsControl | None) -> None:
        self.text = text
        self.dialect = dialect
        self.faults = Faults(text, dialect)
        self.turns: list[Turn] = []
        self.awaits_answer = False
        self.has_bos = False
        self.n_covered = 0
        """Characters that are as the dialect writes them."""
        self.n_markers = 0
        """Markers that are as the dialect writes them."""
        self._markers = compile_markers(dialect)
        self._scanner = Scanner(text, dialect, self._markers, foreign, is_control)
        self._openings = Openings(self._scanner, self._markers, self.faults)
        self._follows_bos = False

    def read(self) -> None:
        """Read the whole text."""
        place = self._read_bos()
        while place < len(self.text):
            place = self._read_block(place)
        if not self.awaits_answer and self.turns and not self.dialect.has_generation_prompt:
            self.awaits_answer = self.turns[-1].role != "assistant"

    def _read_bos(self) -> int:
        for bos in sorted(self._markers.bos, key=len, reverse=True):
            if self._scanner.is_at(bos, 0):
                self.has_bos = self._follows_bos = True
                self._count(len(bos))
                return len(bos)
        return 0

    def _read_block(self, place: int) -> int:
        """Read what stands where a turn may begin; return where it ends, always further on."""
        if self._is_answer_due(place) or self._is_final(place):
            return len(self.text)
        literal = self._scanner.literal_at(place)
        if literal in self._markers.bos:
            return self._read_further_bos(place, literal)
        before = self.turns[-1].role if self.turns else ""
        opened = self._openings.exact(place) or self._openings.bare(place, before)
        return self._recover(place) if opened is None else self._read_content(opened)

    def _is_answer_due(self, place: int) -> bool:
        for prompt in self.dialect.generation_prompts:
            if place + len(prompt) == len(self.text) and self._scanner.is_at(prompt, place):
                self._count(len(prompt))
                self.awaits_answer = True
                return True
        return False

    def _is_final(self, place: int) -> bool:
        final = self.dialect.final
        is_near = len(self.text) - place <= len(final) + 8
        if final and self.turns and is_near and self.text[place:].rstrip() == final:
            self._count(len(self.text) - place)
            return True
        return False

    def _read_further_bos(self, place: int, bos: str) -> int:
        end = place + len(bos)
        opened = self._openings.exact(end)
        is_pair = self.dialect.bos_rule == "pair" and opened is not None and opened.rule.role == "user"
        if is_pair and not self._follows_bos:
            self._count(len(bos))
        else:
            self.faults.bos_repeated(place, bos)
        self._follows_bos = True
        return end

    # -- a turn

    def _read_content(self, opened: Opened) -> int:
        rule = opened.rule
        if rule.role == "user" and self.dialect.bos_rule == "pair" and self.turns and not self._follows_bos:
            self.faults.bos_missing(opened.start, is_pair=True)
        self._follows_bos = False
        foreign: list[Literal] = []
        self._scanner.skip_to(opened.content_start)
        while (literal := self._scanner.next_before(len(self.text))) is not None:
            if not literal.is_own:
                foreign.append(literal)
            elif (closer := self._closer_at(opened.like, literal)) is not None:
                return self._close(opened, closer, literal, foreign)
            elif literal.text in rule.inside:
                continue
            elif self._ends_turn(literal):
                self._scanner.put_back()
                return self._end_without_closer(opened, literal, foreign)
            else:
                self.faults.own_inside(literal)
        return self._end_without_closer(opened, None, foreign)

    def _ends_turn(self, literal: Literal) -> bool:
        if literal.text in self._markers.bos:
            return self._openings.exact(literal.end) is not None
        return literal.text in self._markers.by_key or literal.text in self._markers.closer_keys

    def _closer_at(self, role: str, literal: Literal) -> Closer | None:
        candidates = [one for one in self._markers.closers[role] if one.key == literal.text]
        for one in candidates:
            lead_at = max(literal.start - len(one.lead), 0)
            if self.text.startswith(one.lead, lead_at) and self.text.startswith(one.rest, literal.start):
                return one
        for one in candidates:
            if self.text.startswith(one.rest.rstrip(), literal.start):
                return one
        return None

    def _close(self, opened: Opened, closer: Closer, literal: Literal, foreign: list[Literal]) -> int:
        end = literal.start - len(closer.lead)
        has_lead = end >= opened.content_start and self.text.startswith(closer.lead, end)
        end = end if has_lead else literal.start
        after = literal.start + len(closer.rest)
        has_rest = self.text.startswith(closer.rest, literal.start)
        if not has_rest:
            after = literal.start + len(closer.rest.rstrip())
            has_rest = after == len(self.text)
            after += self._scanner.n_blanks(after)
        if not (has_lead and has_rest):
            self.faults.closer_whitespace(opened.rule.role, closer.written, (literal.start, after - literal.start))
        self._add_foreign(foreign, opened.content_start, end)
        self._keep(opened, (end, after), is_exact=has_lead and has_rest)
        return after

    def _end_without_closer(self, opened: Opened, literal: Literal | None, foreign: list[Literal]) -> int:
        """End a turn where another begins or the text ends; whitespace may be all that closes it."""
        place = len(self.text) if literal is None else literal.start
        blanks = self._markers.blank_closers[opened.like]
        content = self.text[opened.content_start : place]
        closed = next((one for one in blanks if content.endswith(one)), None)
        if opened.rule.role == "assistant" and literal is None and not closed and not content.strip():
            self.awaits_answer = True
            if opened.is_exact:
                self.faults.generation_prompt(opened.start)
            return place
        self._add_foreign(foreign, opened.content_start, place)
        if closed is not None or (blanks and literal is None):
            self._keep(opened, (place - len(closed or ""), place), is_exact=True)
        elif blanks:
            end = opened.content_start + len(content.rstrip())
            self.faults.closer_whitespace(opened.rule.role, blanks[0], (end, place - end))
            self._keep(opened, (end, place), is_exact=False)
        else:
            self.faults.unclosed(opened.rule, (place, len(literal.text) if literal else 0))
            self._keep(opened, (place, place), is_exact=False, is_closed=False)
        return place

    def _keep(self, opened: Opened, ends: tuple[int, int], *, is_exact: bool, is_closed: bool = True) -> None:
        end, after = ends
        has_marker = opened.content_start > opened.start or bool(self._markers.closers[opened.like])
        self.n_markers += (opened.is_exact + is_exact) if has_marker else 0
        length = after - opened.start
        self.n_covered += length if is_exact and opened.is_exact else length // 2
        self.turns.append(
            Turn(
                role=opened.rule.role,
                content=self.text[opened.content_start : end],
                start=opened.content_start,
                end=end,
                opener_start=opened.start,
                closer_end=after,
                is_closed=is_closed,
                is_message=opened.rule.is_message,
                header=opened.header or None,
            )
        )

    def _add_foreign(self, foreign: list[Literal], start: int, end: int) -> None:
        """At the edge of a content a foreign marker stands for an own one; within it, it may be quoted."""
        for literal in foreign:
            is_last = end - literal.end < _NEAR and not self.text[literal.end : end].strip()
            is_first = literal.start - start < _NEAR and not self.text[start : literal.start].strip()
            self.faults.foreign(literal, "error" if is_first or is_last else "warning")

    # -- going on after a fault

    def _recover(self, place: int) -> int:
        """Go on at the next own marker."""
        scanner = self._scanner
        if not scanner.literal_at(place) and (opened := self._openings.unknown(place)) is not None:
            return self._read_content(opened)
        literal = scanner.structural(place)
        end = len(self.text) if literal is None else literal.start
        if end > place:
            self._skip_gap(place, end)
            return end
        if literal is None:
            return len(self.text)
        if literal.text in self._markers.by_key:
            opened = self._openings.loose(place, literal.text)
            if opened is not None:
                return self._read_content(opened)
            self.faults.stray(literal, is_closer=False)
            return literal.end
        self.faults.stray(literal, is_closer=True)
        return literal.end + scanner.n_blanks(literal.end)

    def _skip_gap(self, place: int, end: int) -> None:
        self.faults.gap((place, end - place), is_first=not self.turns)
        self._scanner.skip_to(place)
        while (literal := self._scanner.next_before(end)) is not None:
            if literal.is_own:
                self.faults.own_inside(literal)
            else:
                self.faults.foreign(literal, "error")

    def _count(self, n_characters: int, n_markers: int = 1) -> None:
        self.n_covered += n_characters
        self.n_markers += n_markers
