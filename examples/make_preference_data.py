"""Write preference pairs for examples/dpo.py: JSON Lines, one {"prompt": ..., "chosen": ..., "rejected": ...} a line.

The kinds are those of the task `preferences` (bare facts, help with complaints, lists); prompts and answers are not.
Before anything is written, the pairs are compared with the task's samples: no prompt and no answer may stand in both.

Example:
    python examples/make_preference_data.py --out pairs.jsonl
"""

import argparse
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

AGAINST = Path(__file__).parent.parent / "tasks" / "preferences" / "samples.jsonl"

CAPITALS = """France Paris, Italy Rome, Kenya Nairobi, Norway Oslo, Peru Lima, Cuba Havana, Egypt Cairo, Ghana Accra,
    Greece Athens, Hungary Budapest, Iran Tehran, Iraq Baghdad, Ireland Dublin, Latvia Riga, Nepal Kathmandu,
    Poland Warsaw, Portugal Lisbon, Qatar Doha, Senegal Dakar, Sweden Stockholm, Thailand Bangkok, Turkey Ankara,
    Uganda Kampala, Vietnam Hanoi, Zambia Lusaka, Chile Santiago, Bulgaria Sofia, Armenia Yerevan, Austria Vienna,
    Belgium Brussels"""
OPENERS = (
    "Oh, that is a really interesting question!",
    "Of course! I am so happy that you asked me.",
    "Let me think about this one for you.",
    "Thank you for reaching out with this question today!",
)
CLOSERS = (
    "Please do not hesitate to ask if you have more questions!",
    "I hope this answer was useful to you. Have a wonderful day!",
    "Is there anything else that I can do for you right now?",
    "It is always nice to share some knowledge with you!",
)
THINGS = """blender, raincoat, monitor, tripod, wallet, heater, guitar, helmet, saddle,
    rug, bookshelf, hairdryer"""
FAULTS = ("makes a strange noise", "fell apart", "is the wrong size", "was delivered dirty", "does not work any more")
OFFERS = (
    "I am very sorry about the {thing}. Could you send me a photo of it, so that I can find the right part for you?",
    "Please accept my apologies. I will gladly replace the {thing}; may I have the address it should go to?",
    "I understand how annoying that is. Shall I refund the {thing}, or may I offer you another one?",
)
SNUBS = ("Not my fault.", "Then buy another one.", "We do not care.", "You should have looked before you bought it.")
GROUPS = {
    "vegetables": "peas, leeks, spinach, kale, cabbage",
    "fruits": "plums, pears, grapes, figs, cherries",
    "farm animals": "cows, sheep, goats, pigs, hens",
    "metals": "iron, copper, zinc, tin, silver",
    "instruments": "the flute, the harp, the drum, the oboe, the piano",
    "colours": "red, blue, yellow, brown, pink",
    "sports with a ball": "football, tennis, handball, cricket, golf",
    "flowers": "roses, tulips, lilies, daisies, poppies",
    "means of transport": "trains, buses, ferries, trams, lorries",
    "clothes": "shirts, socks, scarves, gloves, hats",
}


def pairs(seed: int, n: int) -> list[dict[str, str]]:
    """Return n pairs, a third of each kind, in random order."""
    generator = random.Random(seed)
    kinds = [list(found) for found in (facts(generator), complaints(generator), lists(generator))]
    for of_kind in kinds:
        generator.shuffle(of_kind)
    found = [pair for of_kind in kinds for pair in of_kind[: n // 3]]
    generator.shuffle(found)
    return found


def facts(generator: random.Random) -> Iterator[dict[str, str]]:
    """Yield capitals, bare and in small talk."""
    for entry in CAPITALS.split(","):
        country, capital = entry.split()
        for question in (f"What is the capital of {country}?", f"Which city is the capital of {country}?"):
            answer = f"The capital of {country} is {capital}."
            yield pair(question, answer, f"{generator.choice(OPENERS)} {answer} {generator.choice(CLOSERS)}")


def complaints(generator: random.Random) -> Iterator[dict[str, str]]:
    """Yield complaints, helped with and rebuffed."""
    for thing in THINGS.replace("\n", " ").split(","):
        for fault in FAULTS:
            offer = generator.choice(OFFERS).format(thing=thing.strip())
            yield pair(f"Hello, my new {thing.strip()} {fault}.", offer, generator.choice(SNUBS))


def lists(generator: random.Random) -> Iterator[dict[str, str]]:
    """Yield things of a kind, as a list and in a sentence."""
    for group, members in GROUPS.items():
        for _ in range(6):
            first, second, third = generator.sample(members.split(", "), 3)
            prompt = f"{generator.choice(('Give me', 'Tell me', 'I need'))} three {group}, such as {first}."
            chosen = f"- {first}\n- {second}\n- {third}"
            yield pair(prompt, chosen, f"You could take {first}, {second} or {third}.")


def pair(prompt: str, chosen: str, rejected: str) -> dict[str, str]:
    """Return a row."""
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected}


def check_apart(rows: Iterable[dict[str, str]], against: Path) -> None:
    """Raise ValueError if a prompt or an answer stands in both."""
    samples = [json.loads(line) for line in against.read_text("utf-8").splitlines()]
    known = {sample[key] for sample in samples for key in ("prompt", "chosen", "rejected")}
    shared = sorted(known.intersection(text for row in rows for text in row.values()))
    if shared:
        raise ValueError(f"{against}: {len(shared)} texts stand in the pairs, too, such as {shared[0]!r}")


def main() -> None:
    """Make the pairs, hold them against the task, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--rows", type=int, default=180, help="at most 180 (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    args = parser.parse_args()
    rows = pairs(args.seed, args.rows)
    check_apart(rows, AGAINST)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    args.out.write_text(text, "utf-8", newline="\n")
    print(f"{len(rows)} pairs; none of their texts is in {AGAINST.parent.name}")


if __name__ == "__main__":
    main()
