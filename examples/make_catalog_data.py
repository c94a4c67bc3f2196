"""Write a training set for the task product_catalog: conversations in JSON Lines, one {"messages": [...]} a line.

The system message and the layout of the JSON are the task's; brands, product names, colors and sentences are not.
Before anything is written, the descriptions are compared with the task's samples: not one sentence may stand in both.

Example:
    python examples/make_catalog_data.py --out train.jsonl --rows 600
"""

import argparse
import json
import random
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

AGAINST = Path(__file__).parent.parent / "tasks" / "product_catalog" / "samples.jsonl"
PERSIAN_SHARE = 0.25

SYSTEM = (
    "You turn product descriptions into JSON. Fields: name, brand, "
    "category (kitchen, clothing, electronics, toys, garden, sports, office, furniture), "
    "price, currency (USD, EUR, GBP, JPY, IRR), color or null, in_stock."
)

ENGLISH: dict[str, Any] = {
    "brands": [
        first + last
        for first in (
            "Al",
            "Bor",
            "Cor",
            "Dal",
            "El",
            "Fen",
            "Gri",
            "Jun",
            "Kes",
            "Mor",
            "Per",
            "Ru",
            "Sten",
            "Tol",
            "Wil",
        )
        for last in ("dano", "bury", "mex", "tine", "ford", "lia", "sson", "vero", "wick", "zen")
    ],
    "colors": ["white", "grey", "orange", "purple", "brown", "navy", "teal", "silver", "beige", "turquoise", "olive"],
    "names": {
        "kitchen": """saucepan, rolling pin, coffee mug, electric toaster, soup ladle, cake tin, pepper mill,
            salad bowl, egg whisk, dinner plate, cheese grater, oven glove""",
        "clothing": """sweater, cotton shirt, winter coat, summer dress, baseball cap, rain boots, silk tie, wool socks,
            jogging trousers, velvet skirt, linen vest, denim shorts""",
        "electronics": """headphones, mechanical keyboard, computer monitor, digital camera, wireless router, USB cable,
            pocket radio, laser printer, smart watch, video projector, memory card, game console""",
        "toys": """yo-yo, toy car, rag doll, board game, rocking horse, marble run, toy drum, hand puppet, toy boat,
            stuffed rabbit, magic cube, water pistol""",
        "garden": """spade, hedge trimmer, plant pot, lawn sprinkler, garden gnome, leaf blower, garden fork, seed tray,
            compost bin, pruning saw, rose trellis, rain barrel""",
        "sports": """basketball, ski poles, boxing gloves, golf club, hockey stick, swimming goggles, running shoes,
            table tennis bat, climbing rope, exercise bike, volleyball net, badminton set""",
        "office": """notebook, pencil case, paper clips, marker pen, letter opener, office scissors, ink cartridge,
            file folder, sticky notes, rubber stamp, tape dispenser, wall planner""",
        "furniture": """sofa, dining table, night stand, rocking chair, shoe rack, bunk bed, corner shelf,
            filing cabinet, kitchen stool, writing desk, chest of drawers""",
    },
    "templates": {
        "plain": [
            "{brand} offers its {color} {name} at {price}. {stock}",
            "Pick up the {name} in {color} from {brand} for just {price}. {stock}",
            "{stock} You pay {price} for the {name} in {color}, made by {brand}.",
            "Catalog entry: {color} {name}, {brand}, {price}. {stock}",
            "This {color} {name} is the latest from {brand}, and the price is {price}. {stock}",
            "The {name} ({brand}, {color}) is yours for {price}. {stock}",
            "{stock} One {color} {brand} {name} for {price}.",
        ],
        "no_color": [
            "{brand} has the {name} at {price}. {stock}",
            "{stock} For {price} you get the {brand} {name}.",
            "One {name} from {brand} sets you back {price}. {stock}",
            "The {name}, a classic of {brand}, is listed at {price}. {stock}",
        ],
        "discount": [
            "Once {old}, today only {price}: the {color} {name} from {brand}. {stock}",
            "{brand} has cut the price of its {color} {name} from {old} to {price}. {stock}",
            "Pay {price}, not {old}, for the {brand} {name} in {color}. {stock}",
            "The old price of this {brand} {name} in {color} was {old}; the new one is {price}. {stock}",
        ],
        "numbers": [
            "The {color} {name} from {brand} is {small} cm long and sells at {price}. {stock}",
            "Item {large}: {brand} {name}, {color}, {price} each. {stock}",
            "Liked by {large} buyers, the {brand} {name} in {color} goes for {price}. {stock}",
            "With {small} months of guarantee, {brand} lists this {color} {name} at {price}. {stock}",
        ],
        "contrast": [
            "The {brand} {name} used to be {other}; this year it is {color}, at {price}. {stock}",
            "Unlike the {other} one on the photo, this {name} from {brand} is {color}. You pay {price} for it. {stock}",
            "Wrapped in {other} paper, this {brand} {name} is itself {color}. Its price is {price}. {stock}",
        ],
    },
    "stock": {
        True: [
            "Available now.",
            "You can order it today.",
            "Many pieces are on the shelf.",
            "A few are still here.",
            "Now in stock.",
            "It ships tomorrow.",
            "We can send it right away.",
            "There are plenty in the warehouse.",
            "Ready for delivery.",
        ],
        False: [
            "Unavailable this month.",
            "All gone.",
            "We ran out of it.",
            "No longer in stock.",
            "It will be back in May.",
            "Out of stock since Monday.",
            "Every piece is sold.",
            "There are none left.",
            "It cannot be ordered now.",
        ],
    },
    "money": {
        "USD": ["${}", "{} USD", "{} dollars"],
        "EUR": ["€{}", "EUR {}", "{} euros"],
        "GBP": ["£{}", "GBP {}", "{} pounds"],
        "JPY": ["¥{}", "{} yen"],
        "IRR": ["{} rials", "IRR {}"],
    },
    "cents": [0, 0, 25, 40, 49, 75, 90],
    "digits": "0123456789",
}

PERSIAN: dict[str, Any] = {
    "brands": ["رایان", "مهتاب", "پارسا", "کیان", "الوند", "زاگرس", "تابان", "نوین", "سهند", "بامداد", "شایان", "آوا"],
    "colors": ["سفید", "سیاه", "نارنجی", "بنفش", "صورتی", "طلایی"],
    "names": {
        "kitchen": "قاشق, بشقاب, لیوان",
        "clothing": "شلوار, جوراب, کلاه",
        "electronics": "لپتاپ, هدفون, شارژر",
        "toys": "پازل, فرفره, تیله",
        "garden": "آبپاش, نهال, بذر",
        "sports": "طناب, اسکیت, توپ",
        "office": "مداد, منگنه, پوشه",
        "furniture": "صندلی, میز, تخت",
    },
    "templates": {
        "plain": [
            "این {name} {color} {brand} {price} است. {stock}",
            "{name} {brand}، رنگ {color}، فقط {price}. {stock}",
            "{name} {color} {brand} را {price} بخرید. {stock}",
        ],
        "no_color": ["{name} {brand} را {price} بخرید. {stock}", "این {name} {brand} {price} است. {stock}"],
        "discount": [
            "{name} {color} {brand}، قبلا {old}، حالا {price}. {stock}",
            "قیمت {name} {color} {brand} از {old} به {price} کم شد. {stock}",
        ],
    },
    "stock": {
        True: ["اکنون موجود.", "در انبار هست.", "ارسال فوری.", "آماده است."],
        False: ["فعلا ناموجود.", "دیگر موجود نیست.", "در انبار نیست.", "تمام شده."],
    },
    "money": {"IRR": ["{} ریال"], "EUR": ["{} یورو"], "USD": ["{} دلار"]},
    "cents": [0],
    "digits": "۰۱۲۳۴۵۶۷۸۹",
}

UNIT = {"JPY": 100, "IRR": 10_000}


def sentences(text: str) -> set[str]:
    """Return the sentences of a text, split at . ! ? and line ends, with single spaces and folded case."""
    pieces = re.split(r"[.!?؟\n]", text)
    return {" ".join(piece.split()).casefold() for piece in pieces} - {""}


def shared_sentences(train_rows: Iterable[Mapping[str, Any]], eval_rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the sentences, sorted, that are in a user turn of `train_rows` and in a description of `eval_rows`."""
    turns = [turn["content"] for row in train_rows for turn in row["messages"] if turn["role"] == "user"]
    trained = set().union(*map(sentences, turns))
    return sorted(trained & set().union(*(sentences(row["description"]) for row in eval_rows)))


def draw(rng: random.Random, words: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Draw one product in one language: its description and the object it states."""
    kind, category, currency = (rng.choice(list(words[table])) for table in ("templates", "names", "money"))
    unit, cents = UNIT.get(currency, 1), rng.choice(words["cents"])
    whole = rng.randint(4, 199) * unit
    end = f".{cents}" if cents and unit == 1 else ""
    color, other = rng.sample(words["colors"], 2)
    product = {
        "name": rng.choice(re.split(r",\s+", words["names"][category])),
        "brand": rng.choice(words["brands"]),
        "category": category,
        "price": float(f"{whole}{end}") if end else whole,
        "currency": currency,
        "color": None if kind == "no_color" else color,
        "in_stock": rng.random() < 0.5,
    }
    money = rng.choice(words["money"][currency])
    slots = product | {
        "price": money.format(f"{whole}{end}"),
        "old": money.format(f"{whole + rng.randint(2, 60) * unit}{end}"),
        "stock": rng.choice(words["stock"][product["in_stock"]]),
        "other": other,
        "small": rng.randint(2, 60),
        "large": rng.randint(100, 999),
    }
    digits = str.maketrans("0123456789", words["digits"])
    return rng.choice(words["templates"][kind]).format(**slots).translate(digits), product


def conversations(n_rows: int, seed: int) -> list[dict[str, Any]]:
    """Draw `n_rows` conversations, no description twice, about a quarter of them Persian."""
    rng = random.Random(seed)
    products: dict[str, dict[str, Any]] = {}
    while len(products) < n_rows:
        products.update([draw(rng, PERSIAN if rng.random() < PERSIAN_SHARE else ENGLISH)])
    return [
        {
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": description},
                {"role": "assistant", "content": json.dumps(product, ensure_ascii=False)},
            ]
        }
        for description, product in products.items()
    ]


def main() -> None:
    """Write the training set, or exit with 2 if it shares a sentence with the samples."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="JSON Lines file to write")
    parser.add_argument("--rows", type=int, default=600, help="conversations to write (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--against", type=Path, default=AGAINST, help="samples to share no sentence with")
    args = parser.parse_args()
    rows = conversations(args.rows, args.seed)
    samples = [json.loads(line) for line in args.against.read_text(encoding="utf-8").splitlines()]
    if shared := shared_sentences(rows, samples):
        parser.error(f"{len(shared)} sentences stand in {args.against} too, the first: {shared[0]!r}")
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    args.out.write_text("".join(lines), encoding="utf-8", newline="\n")
    print(f"{args.out}: {len(rows)} conversations, no sentence shared with {args.against}")


if __name__ == "__main__":
    main()
