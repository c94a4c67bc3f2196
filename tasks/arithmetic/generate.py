"""Write samples.jsonl: word problems of one to three steps, with their answers; the same bytes every time."""

import json
import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

N_DRAWS = 4
STEPS = ("one_step", "two_steps", "three_steps")
NAMES = ("Amina", "Ben", "Carla", "Davit", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kavya", "Liam")
PRICES = tuple(Fraction(cents, 100) for cents in (125, 150, 175, 225, 240, 250, 275, 320, 350, 375))

Ranges = dict[str, tuple[Fraction, ...]]
Template = tuple[str, Callable[..., Fraction], Ranges]


def span(low: int, high: int, step: int = 1) -> tuple[Fraction, ...]:
    """Return the whole numbers from low to high, both included."""
    return tuple(Fraction(value) for value in range(low, high + 1, step))


ONE_STEP: list[Template] = [
    (
        "{name} has {a} apples and gets {b} more. How many apples does {name} have now?",
        lambda a, b: a + b,
        {"a": span(2, 9), "b": span(2, 9)},
    ),
    (
        "There are {a} birds on a roof. {b} of them fly away. How many birds are left on the roof?",
        lambda a, b: a - b,
        {"a": span(10, 20), "b": span(2, 9)},
    ),
    (
        "One box holds {a} pencils. How many pencils do {b} such boxes hold?",
        lambda a, b: a * b,
        {"a": span(4, 12), "b": span(3, 9)},
    ),
    (
        "{name} buys {a} loaves of bread at ${p} each. How many dollars does {name} pay?",
        lambda a, p: a * p,
        {"a": span(2, 6), "p": PRICES},
    ),
    (
        "{b} friends share {a} sweets equally. How many sweets does each of them get?",
        lambda a, b: a / b,
        {"a": span(12, 72, 2), "b": span(3, 9)},
    ),
    (
        "A library has {a} books in English and {b} books in French. How many books are there in these two languages?",
        lambda a, b: a + b,
        {"a": span(120, 480), "b": span(110, 390)},
    ),
    (
        "A train ride takes {a} minutes. {b} minutes have gone by. How many minutes of the ride remain?",
        lambda a, b: a - b,
        {"a": span(75, 180), "b": span(12, 60)},
    ),
    (
        "A cinema has {a} rows with {b} seats in each row. How many seats does it have?",
        lambda a, b: a * b,
        {"a": span(11, 25), "b": span(12, 30)},
    ),
]

TWO_STEPS: list[Template] = [
    (
        "{name} had {a} stickers, gave away {b} of them and then bought {c} new ones. "
        "How many stickers does {name} have now?",
        lambda a, b, c: a - b + c,
        {"a": span(15, 40), "b": span(3, 12), "c": span(4, 15)},
    ),
    (
        "A baker makes {a} trays of {b} rolls and sells {c} rolls. How many rolls are left?",
        lambda a, b, c: a * b - c,
        {"a": span(3, 8), "b": span(10, 20), "c": span(5, 25)},
    ),
    (
        "{name} pays for {a} cups of tea at ${p} each with a 20 dollar note. "
        "How many dollars of change does {name} get?",
        lambda a, p: 20 - a * p,
        {"a": span(2, 5), "p": PRICES},
    ),
    (
        "A class of {a} girls and {b} boys is split into teams of {c}. How many teams are there?",
        lambda a, b, c: (a + b) / c,
        {"a": span(9, 18), "b": span(8, 17), "c": span(3, 6)},
    ),
    (
        "{name} reads {a} pages on each of {b} days and {c} pages on the day after. "
        "How many pages does {name} read in all?",
        lambda a, b, c: a * b + c,
        {"a": span(8, 24), "b": span(3, 7), "c": span(5, 30)},
    ),
    (
        "A rope of {a} metres is cut into {b} equal pieces. How many metres long are {c} of these pieces together?",
        lambda a, b, c: a / b * c,
        {"a": span(12, 60), "b": span(4, 10), "c": span(2, 3)},
    ),
    (
        "A farmer has {a} hens. Each hen lays {b} eggs a week. {name} packs the eggs of one week in boxes of 6. "
        "How many boxes are filled?",
        lambda a, b: a * b / 6,
        {"a": span(8, 30), "b": span(3, 5)},
    ),
    (
        "A shirt costs {a} dollars. In the sale it is {b} percent cheaper. How many dollars does it cost in the sale?",
        lambda a, b: a - a * b / 100,
        {"a": span(20, 80, 10), "b": span(10, 50, 10)},
    ),
]

THREE_STEPS: list[Template] = [
    (
        "{name} buys {a} pens at {b} dollars each and {c} books at {d} dollars each. "
        "How many dollars does {name} pay in all?",
        lambda a, b, c, d: a * b + c * d,
        {"a": span(2, 6), "b": span(2, 4), "c": span(2, 5), "d": span(6, 14)},
    ),
    (
        "A bus starts with {a} passengers. At the first stop {b} get off and {c} get on. "
        "At the second stop half of the passengers get off. How many passengers are still on the bus?",
        lambda a, b, c: (a - b + c) / 2,
        {"a": span(18, 40), "b": span(3, 12), "c": span(2, 14)},
    ),
    (
        "{name} saves {a} dollars a week for {b} weeks, spends {c} dollars on a present "
        "and shares the rest equally between two sisters. How many dollars does each sister get?",
        lambda a, b, c: (a * b - c) / 2,
        {"a": span(5, 15), "b": span(4, 9), "c": span(6, 18)},
    ),
    (
        "A tank holds {a} litres of water. {b} buckets of {c} litres each are taken out, "
        "and then {d} litres are poured in. How many litres are in the tank now?",
        lambda a, b, c, d: a - b * c + d,
        {"a": span(100, 200, 5), "b": span(3, 6), "c": span(8, 12), "d": span(10, 40)},
    ),
    (
        "{name} works {a} hours a day for {b} days at {c} dollars an hour and pays {d} dollars for the bus. "
        "How many dollars are left?",
        lambda a, b, c, d: a * b * c - d,
        {"a": span(3, 8), "b": span(2, 5), "c": span(10, 18), "d": span(6, 20)},
    ),
    (
        "{name} has {a} coins of 50 cents and {b} coins of 20 cents and spends ${p}. How many dollars are left?",
        lambda a, b, p: a * Fraction(1, 2) + b * Fraction(1, 5) - p,
        {"a": span(6, 16, 2), "b": span(5, 15), "p": PRICES},
    ),
    (
        "A garden is {a} metres long and {b} metres wide. A fence around it costs {c} dollars a metre. "
        "How many dollars does the whole fence cost?",
        lambda a, b, c: 2 * (a + b) * c,
        {"a": span(10, 25), "b": span(4, 9), "c": span(3, 12)},
    ),
    (
        "There are {a} red and {b} blue beads in a bag. {name} takes out {c} beads "
        "and strings the rest on chains of {d} beads. How many full chains does that make, with no bead left over?",
        lambda a, b, c, d: (a + b - c) / d,
        {"a": span(20, 45), "b": span(18, 40), "c": span(4, 15), "d": span(5, 9)},
    ),
]


def written(value: Fraction) -> str:
    """Return 12 for whole numbers and at most two decimals for the rest."""
    return str(value.numerator) if value.denominator == 1 else f"{float(value):.2f}".rstrip("0")


def price(value: Fraction) -> str:
    """Return dollars with both digits of the cents."""
    return f"{float(value):.2f}"


def draw(template: Template, rng: random.Random, seen: set[tuple[object, ...]]) -> tuple[str, Fraction]:
    """Return a question, with numbers not seen before, whose answer is above 0; whole, unless prices are asked for."""
    text, solve, ranges = template
    while True:
        values = {name: rng.choice(options) for name, options in ranges.items()}
        answer = solve(**values)
        key = (text, *values.values())
        if key not in seen and answer > 0 and (answer.denominator == 1 or "p" in values):
            seen.add(key)
            shown = {name: price(value) if name == "p" else written(value) for name, value in values.items()}
            return text.format(name=rng.choice(NAMES), **shown), answer


def rows() -> list[dict[str, object]]:
    """Return all rows, the numbers of steps in turn."""
    rng = random.Random(20240607)
    seen: set[tuple[object, ...]] = set()
    made: list[dict[str, object]] = []
    for _ in range(N_DRAWS):
        for templates in zip(ONE_STEP, TWO_STEPS, THREE_STEPS, strict=True):
            for steps, template in zip(STEPS, templates, strict=True):
                question, answer = draw(template, rng, seen)
                kind = "whole" if answer.denominator == 1 else "decimal"
                made.append({"question": question, "answer": written(answer), "tags": [steps, kind]})
    return made


def main() -> None:
    """Write samples.jsonl beside this file."""
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows()]
    Path(__file__).with_name("samples.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
