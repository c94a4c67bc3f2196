"""The rows that every tool is asked, as plain data: seeded, the same on every machine, CC0."""

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Row = Mapping[str, Any]
"""id, prompt, answer; where something is chosen, choices and the index of the right one."""

_WORLD_FACTS = Path(__file__).resolve().parent.parent / "tasks" / "world_facts" / "samples.jsonl"

_TOWNS = ("Aldermoor", "Brackwater", "Corvane", "Dunmere", "Eastholt", "Fennick", "Garrowby", "Hollin", "Ivelstone")
_PEOPLE = ("the baker", "the ferryman", "the schoolteacher", "the watchmaker", "the innkeeper", "the miller's son")
_THINGS = ("a silver watch", "an old map", "a painted box", "a bundle of letters", "a copper bell", "a glass lamp")
_PLACES = ("under the stone bridge", "behind the post office", "beside the northern gate", "inside the dry well")
_TIMES = (
    "early in the spring",
    "on a rainy evening",
    "before the harvest",
    "after the first snow",
    "at the summer fair",
)
_ENDS = (
    "and nobody could say how it had come there",
    "and for a week the whole town spoke of nothing else",
    "which the council noted in its book without any comment",
    "although the neighbours remembered the day quite differently",
)
_SUBJECTS = ("volcanoes", "honey bees", "sailing ships", "glaciers", "lighthouses", "bread", "maps", "owls", "salt")
_SHORT = (
    "What is the capital of {a}? Answer with one word.",
    "Is {b} larger than a house cat? Answer yes or no.",
    "What is {x} plus {y}? Answer with the number only.",
    "Say hello to {c} in one short sentence.",
)
_LONG = (
    "Name three facts about {d}.",
    "Explain in two sentences why people care about {d}.",
    "Write a short paragraph about {d} for a school newspaper.",
    "Give two tips for a visitor who wants to learn about {d}.",
)
_RAMBLE = (
    "Write a very long and detailed story about {d} in the town of {t}. Describe every scene at length.",
    "Write an essay of at least eight hundred words about {d} and their history in the country around {t}.",
    "Tell everything that you know about {d}, step by step and in as much detail as you can, for readers in {t}.",
)


def choices_short() -> list[Row]:
    """Return 100 questions of the bundled task `world_facts`: about 45 prompt tokens, choices of 1 to 4 tokens."""
    found = []
    for number, line in enumerate(_WORLD_FACTS.read_text("utf-8").splitlines()[:100]):
        row = json.loads(line)
        prompt = f"{row['question']} Answer with a name, a number or a word or two."
        found.append(_choice(f"short{number}", prompt, row["choices"], row["answer"]))
    return found


def choices_long() -> list[Row]:
    """Return 50 questions behind a text: about 440 prompt tokens, four choices of several tokens each."""
    draw = random.Random(20)
    found = []
    for number in range(50):
        finders = draw.sample([f"{who} of {town}" for who in _PEOPLE for town in _TOWNS], 12)
        events = [_event(draw, finder) for finder in finders]
        right = draw.choice(events)
        text = " ".join(f"{e['when']}, {e['who']} found {e['what']} {e['where']}, {e['end']}." for e in events)
        others = {_found(_event(draw, "")) for _ in range(12)} - {_found(right)}
        choices = [_found(right), *sorted(others)[:3]]
        draw.shuffle(choices)
        prompt = f"Read the text and answer.\n\n{text}\n\nWhat did {right['who']} find, and where?"
        found.append(_choice(f"long{number}", prompt, choices, _found(right)))
    return found


def generate_mixed() -> list[Row]:
    """Return 64 prompts whose answers end by themselves after few tokens, after many, or not within the limit."""
    draw = random.Random(21)
    countries = ("France", "Italy", "Japan", "Egypt", "Peru", "Norway", "Kenya", "Canada")
    animals = ("an elephant", "a mouse", "a horse", "an ant", "a whale", "a sparrow", "a tiger", "a frog")
    found: list[Row] = []
    for number in range(64):
        pattern = (_SHORT if number % 2 else _LONG)[number // 2 % 4]
        prompt = pattern.format(
            a=countries[number // 8],
            b=animals[number // 8],
            c=f"{_PEOPLE[number // 8 % 6]} of {_TOWNS[number // 8]}",
            d=f"{_SUBJECTS[number % 9]} and {_SUBJECTS[(number + 1 + number // 9) % 9]}",
            x=10 + number,
            y=draw.randrange(10, 90),
        )
        found.append({"id": f"mixed{number}", "prompt": prompt, "answer": "-"})
    return found


def generate_to_cap() -> list[Row]:
    """Return 48 prompts that ask for more than the limit allows."""
    found: list[Row] = []
    for number in range(48):
        subject = f"{_SUBJECTS[number % 9]} and {_SUBJECTS[(number + 1 + number // 9) % 9]}"
        prompt = _RAMBLE[number % 3].format(d=subject, t=_TOWNS[number // 6])
        found.append({"id": f"cap{number}", "prompt": prompt, "answer": "-"})
    return found


def many(n: int) -> list[Row]:
    """Return n short questions that generate, each with an answer to score against."""
    return [
        {"id": f"many{number}", "prompt": f"Write the number {number} and nothing else.", "answer": f"{number}"}
        for number in range(n)
    ]


QUESTIONS: Mapping[str, Callable[[], list[Row]]] = {
    "choices_short": choices_short,
    "choices_long": choices_long,
    "generate_mixed": generate_mixed,
    "generate_to_cap": generate_to_cap,
}


def _event(draw: random.Random, who: str) -> dict[str, str]:
    parts = {"what": _THINGS, "where": _PLACES, "end": _ENDS}
    event = {name: draw.choice(options) for name, options in parts.items()}
    return event | {"who": who, "when": draw.choice(_TIMES).capitalize()}


def _found(event: Mapping[str, str]) -> str:
    return f"{event['what'].capitalize()} {event['where']}"


def _choice(row_id: str, prompt: str, choices: list[str], answer: str) -> Row:
    return {"id": row_id, "prompt": prompt, "choices": choices, "answer": answer, "index": choices.index(answer)}
