"""Solved samples before the question: drawn once for a task, so that what its prompts share is the same text."""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chateval.errors import DataError, TaskError
from chateval.records import Message
from chateval.task.rows import Row
from chateval.task.spec import DemosSpec

Render = Callable[[Mapping[str, Any], str], tuple[Message, ...]]
Text = Callable[[Mapping[str, Any], str], str]


@dataclass(frozen=True, slots=True)
class Demos:
    """The demos of a task, and how they stand before a question."""

    spec: DemosSpec
    n: int
    """Before each question."""
    groups: Mapping[str, Sequence[tuple[Mapping[str, Any], tuple[Message, ...]]]]
    """Value of the field `spec.group` -> n + 1 rows with their turns; all are under '' without that field."""

    def before(self, messages: tuple[Message, ...], row: Mapping[str, Any], where: str) -> tuple[Message, ...]:
        """Return the messages with the demos behind the system messages at their head; a row is not its own demo.

        Raises:
            DataError: If the row's group has too few demos.
        """
        found = self.groups.get(_group(self.spec, row), ())
        turns = [turns for demo, turns in found if demo != row][: self.n]
        if len(turns) < self.n:
            of_group = f" with its {self.spec.group}" if self.spec.group is not None else ""
            place = self.spec.split or self.spec.samples
            raise DataError(
                f"{where}: {self.n} demos are wanted; {place} has {len(turns)}{of_group}, and no row is its own demo"
            )
        head = next((i for i, message in enumerate(messages) if message["role"] != "system"), len(messages))
        system, rest = messages[:head], messages[head:]
        if self.spec.layout == "turns":
            return (*system, *(turn for shown in turns for turn in shown), *rest)
        if any(isinstance(turn["content"], list) for turn in (*rest[:1], *(t for shown in turns for t in shown))):
            raise DataError(f"{where}: demos of images stand in turns of their own: layout: turns")
        blocks = ["\n".join(str(turn["content"]) for turn in shown) for shown in turns]
        first = {**rest[0], "content": "\n\n".join([*blocks, str(rest[0]["content"])])}
        return (*system, first, *rest[1:])


def draw_demos(spec: DemosSpec, n: int, rows: Sequence[Row], render: Render, answer: Text) -> Demos:
    """Draw the demos of each group with the seed of the task.

    Args:
        spec: Where they come from and how they stand.
        n: Demos before each question, at least 1.
        rows: What they are drawn from.
        render: Row -> messages of the question; system messages are left out.
        answer: Row -> what the assistant says.

    Raises:
        TaskError: If there are no rows.
        DataError: If a row cannot be rendered, or its question is not one or more turns that end with the user's.
    """
    if not rows:
        raise TaskError("demos: there are no rows to draw them from")
    groups: dict[str, list[Row]] = defaultdict(list)
    for where, row in rows:
        groups[_group(spec, row)].append((where, row))
    drawn: dict[str, list[tuple[Mapping[str, Any], tuple[Message, ...]]]] = {}
    for name, members in groups.items():
        chosen = random.Random(f"{spec.seed}/{name}").sample(members, min(n + 1, len(members)))
        drawn[name] = [(row, _turns(row, where, render, answer)) for where, row in chosen]
    return Demos(spec, n, drawn)


def _turns(row: Mapping[str, Any], where: str, render: Render, answer: Text) -> tuple[Message, ...]:
    turns = tuple(message for message in render(row, where) if message["role"] != "system")
    if not turns or turns[-1]["role"] != "user":
        raise DataError(f"{where}: a demo is a question that ends with a user message, and its answer")
    return (*turns, {"role": "assistant", "content": answer(row, where)})


def _group(spec: DemosSpec, row: Mapping[str, Any]) -> str:
    return str(row.get(spec.group, "")) if spec.group is not None else ""
