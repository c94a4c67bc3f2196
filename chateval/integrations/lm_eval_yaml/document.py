"""`doc_to_text`, `doc_to_target`, `doc_to_choice`: a row -> question, right answers, choices, as lm-eval reads them."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from chateval.errors import DataError
from chateval.task.jinja import Fault, compile_source

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """How a row is read: each part is the name of a field, or Jinja over the fields."""

    text: str
    target: str | int | list[Any]
    choice: str | list[Any] | None
    """Also a list of texts, the same for every row; None for tasks without choices."""

    def check(self) -> None:
        """Refuse what is not Jinja.

        Raises:
            ValueError: If a part is not valid.
        """
        for name, source in (
            ("doc_to_text", self.text),
            ("doc_to_target", self.target),
            ("doc_to_choice", self.choice),
        ):
            if isinstance(source, str):
                try:
                    _template(source)
                except Fault as fault:
                    raise ValueError(f"{name}: not valid Jinja: {fault}") from fault
            elif source is not None and not isinstance(source, int | list):
                raise ValueError(f"{name}: must be text, found {type(source).__name__}")

    def question(self, row: Row, where: str) -> str:
        """Return what the user says.

        Raises:
            DataError: If it cannot be rendered, or is the number of a choice: a task of several inputs.
        """
        text = row[self.text] if self.text in row else render(self.text, row, f"{where}: doc_to_text")
        if not isinstance(text, str) or (self.choice is not None and self.text not in row and text.isdigit()):
            raise DataError(f"{where}: doc_to_text gives {text!r:.60}; tasks with several inputs are not read")
        return text

    def choices(self, row: Row, where: str) -> list[str] | None:
        """Return the texts to choose from; None for tasks without.

        Raises:
            DataError: If they are not one or more texts.
        """
        if self.choice is None:
            return None
        found: Any = self.choice
        if isinstance(found, str):
            found = row[found] if found in row else literal(render(found, row, f"{where}: doc_to_choice"))
        if not isinstance(found, list) or not found or not all(isinstance(one, str) and one for one in found):
            raise DataError(f"{where}: doc_to_choice gives {found!r:.80}; a list of texts that are not empty is needed")
        return found

    def gold(self, row: Row, where: str) -> Any:
        """Return what `doc_to_target` gives: a text, the number of a choice, or a list of either.

        Raises:
            DataError: If it cannot be rendered.
        """
        if not isinstance(self.target, str):
            return self.target
        if self.target in row:
            return row[self.target]
        text = render(self.target, row, f"{where}: doc_to_target")
        if self.choice is not None and text.isdigit():
            return int(text)
        if len(text) >= 2 and text[0] == "[" and text[-1] == "]":
            found = literal(text)
            return text if found is None else found
        return text

    def answer(self, row: Row, where: str) -> str:
        """Return what the assistant says in a demo: the first right answer.

        Raises:
            DataError: If there is none, or it is no text.
        """
        gold, choices = self.gold(row, where), self.choices(row, where)
        if isinstance(gold, list):
            gold = gold[0] if gold else None
        elif choices is not None and isinstance(gold, int) and 0 <= gold < len(choices):
            gold = choices[gold]
        if not isinstance(gold, str):
            raise DataError(f"{where}: doc_to_target gives {gold!r:.60} for a demo; a text is needed")
        return gold

    def right_choices(self, row: Row, where: str) -> list[str]:
        """Return the texts of the choices that are right.

        Raises:
            DataError: If `doc_to_target` gives none of the choices.
        """
        choices, gold = self.choices(row, where) or [], self.gold(row, where)
        found = []
        for one in gold if isinstance(gold, list) else [gold]:
            number = choices.index(one) if one in choices else one
            if not isinstance(number, int) or not 0 <= number < len(choices):
                raise DataError(f"{where}: doc_to_target gives {one!r:.60}, none of the {len(choices)} choices")
            found.append(choices[number])
        return found

    def right_texts(self, row: Row, where: str) -> list[str]:
        """Return the right answers of a task that generates.

        Raises:
            DataError: If there are none.
        """
        if self.choice is not None:
            return self.right_choices(row, where)
        gold = self.gold(row, where)
        found = [str(one) for one in gold] if isinstance(gold, list) else [str(gold)]
        if not found:
            raise DataError(f"{where}: doc_to_target gives no right answer")
        return found


def render(source: str, row: Row, where: str) -> str:
    """Return Jinja over the fields of a row.

    Raises:
        DataError: If the row lacks a field, or the template fails on it or meets a limit.
    """
    try:
        return _template(source)(row)
    except Fault as fault:
        raise DataError(
            f"{where} cannot be rendered: {fault}; the row has: {', '.join(sorted(map(str, row)))}"
        ) from fault


def literal(text: str) -> Any:
    """Return the Python literal that a text spells; None if it spells none."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


@cache
def _template(source: str) -> Callable[[Row], str]:
    return compile_source(source, dialect="lm_eval")
