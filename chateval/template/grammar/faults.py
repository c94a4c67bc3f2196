"""Findings of a reading: what each code says, and how many are kept."""

from dataclasses import replace

from chateval.findings import Finding, Severity
from chateval.template.grammar.dialect import Dialect, TurnRule
from chateval.template.grammar.literals import visible
from chateval.template.grammar.scanner import Literal

MAX_FINDINGS = 100
"""More than these are counted, not listed."""

Place = tuple[int, int]
"""Offset and length, in characters."""


class Faults:
    """What is wrong with one text, in the order it was found."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text = text
        self.dialect = dialect
        self.counts: dict[Severity, int] = {"error": 0, "warning": 0, "info": 0}
        self._kept: list[Finding] = []

    def add(
        self, code: str, severity: Severity, message: str, place: Place, *, expected: str = "", fix: str = ""
    ) -> None:
        """Note a fault; only the first hundred are kept, all are counted."""
        self.counts[severity] += 1
        if len(self._kept) >= MAX_FINDINGS:
            return
        offset, length = place
        shown = self.text[offset : offset + min(max(length, 24), 80)]
        self._kept.append(
            Finding(
                code=code,
                severity=severity,
                message=message,
                text=self.text,
                offset=offset,
                length=length,
                expected=visible(expected),
                found=visible(shown),
                fix=fix,
            )
        )

    def listed(self) -> tuple[Finding, ...]:
        """Return the findings by place; where some were not kept, a last one says how many."""
        order = {"error": 0, "warning": 1, "info": 2}
        found = sorted(self._kept, key=lambda one: (one.offset or 0, order[one.severity]))
        n_more = sum(self.counts.values()) - len(found)
        if n_more:
            worst: Severity = "error" if self.counts["error"] else "warning"
            message = f"{n_more} more findings of this kind and others"
            last = replace(found[-1], severity=worst, message=message, offset=None, length=0, expected="", found="")
            found.append(replace(last, fix="mend the first ones"))
        return tuple(found)

    # -- one method per kind

    def bos_missing(self, place: int, *, is_pair: bool) -> None:
        """No BOS before a user turn of a dialect that writes one each time, or at the start of ids."""
        bos = self.dialect.bos or ""
        where = "this user turn does not begin" if is_pair else "the prompt does not begin"
        fix = f"write {bos} before every user turn" if is_pair else f"add {bos}"
        self.add("GR001", "error", f"{where} with {bos}", (place, 0), expected=bos, fix=fix)

    def bos_unseen(self) -> None:
        """No BOS in a text; the tokenizer may add it."""
        bos = self.dialect.bos or ""
        message = f"the text does not begin with {bos}; it is right only where the tokenizer adds it"
        self.add("GR001", "info", message, (0, 0), expected=bos, fix=f"make sure that one {bos} is added")

    def bos_repeated(self, place: int, bos: str) -> None:
        """A second BOS."""
        message = f"{bos} is repeated"
        fix = "write it once: either the template or the tokenizer adds it, not both"
        self.add("GR002", "error", message, (place, len(bos)), fix=fix)

    def opener_blank(self, rule: TurnRule, place: Place) -> None:
        """A turn that begins by whitespace alone begins by another."""
        opener = rule.opener[0]
        message = f"the {rule.role} turn does not begin with {visible(opener) or 'its content'}"
        fix = "write exactly the whitespace that the dialect writes after the marker before it"
        self.add("GR010", "error", message, place, expected=opener, fix=fix)

    def opener_whitespace(self, rule: TurnRule, written: str, place: Place) -> None:
        """A marker is right but for its whitespace."""
        message = f"the whitespace of the {rule.role} marker is not what the dialect writes"
        self.add("GR010", "error", message, place, expected=written, fix=f"open the turn with {visible(written)}")

    def closer_whitespace(self, role: str, written: str, place: Place) -> None:
        """The same of a closing marker, or of the whitespace that closes a turn."""
        message = f"the whitespace at the end of the {role} turn is not what the dialect writes"
        self.add("GR010", "error", message, place, expected=written, fix=f"close the turn with {visible(written)}")

    def unknown_role(self, word: str, place: Place) -> None:
        """A header with a word that is no role."""
        known = ", ".join(one for rule in self.dialect.turns for one in rule.words if rule.opener[0])
        message = f"{visible(word) or 'nothing'} is no role of this dialect"
        self.add("GR010", "error", message, place, expected=known, fix=f"write one of the roles {known}")

    def gap(self, place: Place, *, is_first: bool) -> None:
        """Something stands where a turn should begin."""
        user = self.dialect.turn("user")
        opener = user.opener[0].replace("{word}", user.words[0]).replace("{fields}", "") if user else ""
        where = "before the first turn" if is_first else "between turns"
        is_blank = not self.text[place[0] : place[0] + place[1]].strip()
        message = f"{'whitespace' if is_blank else 'text'} stands {where}"
        fix = "leave the whitespace out" if is_blank else "put the text inside a turn"
        self.add("GR010", "error", message, place, expected=opener, fix=fix)

    def stray(self, literal: Literal, *, is_closer: bool) -> None:
        """A marker that opens or closes nothing."""
        message = f"{literal.text} {'closes no turn' if is_closer else 'is not followed by a role'}"
        fix = "open a turn before it, or leave it out" if is_closer else "leave it out, or write a role"
        self.add("GR010", "error", message, (literal.start, len(literal.text)), fix=fix)

    def generation_prompt(self, start: int) -> None:
        """The text ends with an assistant marker that is not the dialect's generation prompt."""
        prompts = self.dialect.generation_prompts
        message = "the text ends with another generation prompt than the dialect's"
        fix = f"end with {visible(prompts[0])}" if prompts else "end with the marker before it"
        place = (start, len(self.text) - start)
        self.add("GR010", "error", message, place, expected=prompts[0] if prompts else "", fix=fix)

    def unclosed(self, rule: TurnRule, place: Place) -> None:
        """A turn without its closing marker."""
        closer = next((one for one in rule.closer if one.strip()), "")
        if place[0] == len(self.text):
            code, message = "GR021", f"the text ends inside the {rule.role} turn"
        else:
            code, message = "GR020", f"the {rule.role} turn is not closed"
        self.add(code, "error", message, place, expected=closer, fix=f"close it with {visible(closer)}")

    def foreign(self, literal: Literal, severity: Severity) -> None:
        """A marker of another family."""
        message = f"{literal.text} is a marker of another family"
        fix = f"write the marker of {self.dialect.name} instead"
        self.add("GR030", severity, message, (literal.start, len(literal.text)), fix=fix)

    def own_inside(self, literal: Literal) -> None:
        """A marker of the dialect where it is no marker."""
        message = f"{literal.text} stands inside a content, where the dialect does not write it"
        fix = "escape it, or tokenise contents without special tokens"
        self.add("GR031", "error", message, (literal.start, len(literal.text)), fix=fix)
