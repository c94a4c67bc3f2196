"""Write samples.jsonl beside this file: product descriptions with the JSON object each one states.

Run `python generate.py`; the same bytes every time. Every fourth sample is Persian, and kinds, categories, currencies
and stock go round in turn, so that the first N samples are a fair slice of all.
"""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

N_SAMPLES = 120
SEED = 20


@dataclass(frozen=True)
class Language:
    """The words and sentences of one language."""

    tag: str
    brands: Sequence[str]
    colors: Sequence[str]
    names: Mapping[str, Sequence[str]]
    """Product names of each category."""
    templates: Mapping[str, Sequence[str]]
    """Descriptions of each kind."""
    stock: Mapping[bool, Sequence[str]]
    money: Mapping[str, Sequence[str]]
    """How a price is written in each currency."""
    cents: Sequence[int]
    """What follows the point of a price; 0 stands for whole prices."""
    digits: str = "0123456789"


ENGLISH = Language(
    tag="english",
    brands=[
        "Norvik",
        "Halden",
        "Ostara",
        "Quillon",
        "Tavira",
        "Lumeko",
        "Bexley",
        "Zephra",
        "Solveig",
        "Pindar",
        "Arbora",
    ],
    colors=["red", "blue", "green", "black", "yellow", "pink", "gold", "cream"],
    names={
        "kitchen": ["kettle", "frying pan", "bread knife", "mixing bowl", "teapot", "cutting board"],
        "clothing": ["hoodie", "raincoat", "wool scarf", "denim jacket", "T-shirt", "leather belt"],
        "electronics": ["Bluetooth speaker", "wireless mouse", "power bank", "webcam", "tablet", "phone charger"],
        "toys": ["toy train", "jigsaw puzzle", "teddy bear", "spinning top", "doll house", "toy robot"],
        "garden": ["watering can", "garden hose", "flower pot", "rake", "bird feeder", "lawn mower"],
        "sports": ["yoga mat", "tennis racket", "jump rope", "football", "bicycle helmet", "dumbbell"],
        "office": ["stapler", "fountain pen", "ring binder", "hole punch", "paper tray", "desk calendar"],
        "furniture": ["bookshelf", "armchair", "coffee table", "bar stool", "wardrobe", "bed frame"],
    },
    templates={
        "plain": [
            "The {brand} {name} in {color} costs {price}. {stock}",
            "New from {brand}: {name}, {color}, {price}. {stock}",
            "Our {color} {name} by {brand} sells for {price}. {stock}",
            "{stock} The {color} {brand} {name}, {price}.",
        ],
        "no_color": [
            "The {brand} {name} costs {price}. {stock}",
            "Meet the {name} from {brand}, priced at {price}. {stock}",
            "{stock} The {name} by {brand} sells for {price}.",
        ],
        "discount": [
            "The {brand} {name} in {color} was {old} and is now {price}. {stock}",
            "Sale: the {color} {name} by {brand} drops from {old} to {price}. {stock}",
            "You save a lot: the {brand} {name}, {color}, costs {price} instead of {old}. {stock}",
        ],
        "numbers": [
            "The {brand} {name} in {color} has a {years}-year warranty and costs {price}. {stock}",
            "Model {model} of the {brand} {name} comes in {color} and costs {price}. {stock}",
            "This {name} from {brand} weighs {grams} g. It costs {price} in {color}. {stock}",
        ],
        "contrast": [
            "Not {other}: the {brand} {name} comes only in {color}, for {price}. {stock}",
            "The box is {other}, the {brand} {name} in it is {color}. It costs {price}. {stock}",
        ],
    },
    stock={
        True: ["In stock.", "It is in stock and ships today.", "We have plenty left.", "Ready to ship."],
        False: ["Sold out.", "It is out of stock.", "None left until spring.", "Not available at the moment."],
    },
    money={
        "USD": ["${}", "{} USD", "{} dollars"],
        "EUR": ["€{}", "EUR {}", "{} euros"],
        "GBP": ["£{}", "GBP {}", "{} pounds"],
        "JPY": ["¥{}", "{} yen"],
        "IRR": ["{} rials", "IRR {}"],
    },
    cents=[0, 0, 50, 95, 99],
)

PERSIAN = Language(
    tag="persian",
    brands=["آرتا", "نیلا", "پویان", "سپهر", "کاوه"],
    colors=["قرمز", "آبی", "سبز", "زرد"],
    names={
        "kitchen": ["کتری", "قوری"],
        "clothing": ["کاپشن", "پیراهن"],
        "electronics": ["تلفن", "دوربین"],
        "toys": ["عروسک", "بادبادک"],
        "garden": ["بیل", "شلنگ"],
        "sports": ["دمبل", "راکت"],
        "office": ["خودکار", "دفتر"],
        "furniture": ["مبل", "کمد"],
    },
    templates={
        "plain": ["{name} {color} {brand}، {price}. {stock}", "{name} {brand} به رنگ {color}، {price}. {stock}"],
        "no_color": ["{name} {brand} با قیمت {price}. {stock}", "قیمت {name} {brand} {price} است. {stock}"],
        "discount": ["{name} {color} {brand} از {old} به {price} رسید. {stock}"],
    },
    stock={True: ["موجود است.", "آماده ارسال."], False: ["ناموجود است.", "تمام شد."]},
    money={"IRR": ["{} ریال"], "EUR": ["{} یورو"], "USD": ["{} دلار"]},
    cents=[0],
    digits="۰۱۲۳۴۵۶۷۸۹",
)

UNIT = {"JPY": 100, "IRR": 10_000}
"""Smallest step of a price in currencies of small worth, in that currency."""


def turns(rng: random.Random, values: Sequence[Any]) -> Iterator[Any]:
    """Yield every value once in a drawn order, then again in another, for ever."""
    while True:
        yield from rng.sample(values, len(values))


def draw_price(rng: random.Random, currency: str, cents: Sequence[int]) -> tuple[float, str, str]:
    """Draw a price: as a number, as it is written, and a higher one as it is written."""
    if currency in UNIT:
        price = rng.randint(11, 95) * UNIT[currency]
        return price, str(price), str(price + rng.randint(4, 20) * UNIT[currency])
    whole, rest = rng.randint(6, 180), rng.choice(cents)
    higher = whole + rng.randint(5, 40)
    if rest == 0:
        return whole, str(whole), str(higher)
    return float(f"{whole}.{rest}"), f"{whole}.{rest}", f"{higher}.{rest}"


def rows(language: Language, seed: int) -> Iterator[dict[str, Any]]:
    """Yield samples in one language for ever."""
    rng = random.Random(seed)
    kinds, categories, currencies, brands, colors, stocks = (
        turns(rng, values)
        for values in (
            list(language.templates),
            list(language.names),
            list(language.money),
            language.brands,
            language.colors,
            [True, True, False],
        )
    )
    texts, names, phrases = (
        {key: turns(rng, values) for key, values in table.items()}
        for table in (language.templates, language.names, language.stock)
    )
    digits = str.maketrans("0123456789", language.digits)
    while True:
        kind, category, currency, in_stock, color = (
            next(each) for each in (kinds, categories, currencies, stocks, colors)
        )
        price, written, higher = draw_price(rng, currency, language.cents)
        money = rng.choice(language.money[currency])
        product = {
            "name": next(names[category]),
            "brand": next(brands),
            "category": category,
            "price": price,
            "currency": currency,
            "color": None if kind == "no_color" else color,
            "in_stock": in_stock,
        }
        slots = product | {
            "price": money.format(written),
            "old": money.format(higher),
            "stock": next(phrases[in_stock]),
            "other": rng.choice([other for other in language.colors if other != color]),
            "years": rng.randint(2, 9),
            "grams": rng.randint(12, 95) * 10,
            "model": rng.randint(210, 980),
        }
        description = next(texts[kind]).format(**slots).translate(digits)
        yield {"description": description, "product": product, "tags": [language.tag, kind]}


def samples() -> list[dict[str, Any]]:
    """Return the samples of the task, every fourth of them Persian."""
    english, persian = rows(ENGLISH, SEED), rows(PERSIAN, SEED)
    drawn = [next(persian if index % 4 == 3 else english) for index in range(N_SAMPLES)]
    if len({row["description"] for row in drawn}) != len(drawn):
        raise ValueError("two samples have the same description: take another seed")
    return drawn


if __name__ == "__main__":
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in samples()]
    Path(__file__).with_name("samples.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")
