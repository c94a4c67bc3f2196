"""Writes samples.jsonl: pairs of a chosen and a rejected answer of three kinds, 24 of each, taking turns in the file.

`terse`: the bare answer, against the same in small talk, so that the chosen one is shorter. `polite`: help, against a
rebuff, so that the chosen one is longer. `list`: items as a list, against the same items in a sentence.
"""

import json
from collections.abc import Iterator
from pathlib import Path

FACTS = (
    ("How many legs does a spider have?", "A spider has eight legs."),
    ("What colour is chlorophyll?", "Chlorophyll is green."),
    ("Which planet is nearest to the Sun?", "Mercury is nearest to the Sun."),
    ("What is the boiling point of water at sea level?", "Water boils at 100 degrees Celsius."),
    ("How many minutes are there in three hours?", "There are 180 minutes in three hours."),
    ("Which metal is liquid at room temperature?", "Mercury is liquid at room temperature."),
    ("What do bees make from nectar?", "Bees make honey from nectar."),
    ("What is the opposite of ancient?", "The opposite of ancient is modern."),
    ("Which ocean lies between Europe and America?", "The Atlantic lies between them."),
    ("How many strings does a violin have?", "A violin has four strings."),
    ("What is frozen water called?", "Frozen water is called ice."),
    ("Which organ pumps the blood?", "The heart pumps the blood."),
    ("What is the square root of 81?", "The square root of 81 is 9."),
    ("In which month does the year end?", "The year ends in December."),
    ("What gas do plants take in?", "Plants take in carbon dioxide."),
    ("Which animal is the largest of all?", "The blue whale is the largest animal."),
    ("How many sides does a hexagon have?", "A hexagon has six sides."),
    ("What is the currency of Japan?", "The currency of Japan is the yen."),
    ("Which instrument measures temperature?", "A thermometer measures temperature."),
    ("What is a young cat called?", "A young cat is called a kitten."),
    ("Which sense do the ears serve?", "The ears serve hearing."),
    ("What is the plural of goose?", "The plural of goose is geese."),
    ("How many days does a leap year have?", "A leap year has 366 days."),
    ("What is bread baked from?", "Bread is baked from flour and water."),
)
SMALL_TALK = (
    ("What a great question!", "I hope that this helps! Let me know if there is anything else."),
    ("Certainly, I would be delighted to help you with that!", "Feel free to ask me more questions at any time!"),
    ("Thank you so much for asking.", "It was truly a pleasure to answer you, as always."),
    ("As a helpful assistant, I can tell you the following.", "I am always here for whatever else you may need."),
)
COMPLAINTS = (
    ("kettle", "leaks"),
    ("umbrella", "will not open"),
    ("lamp", "flickers"),
    ("backpack", "has a torn strap"),
    ("printer", "jams all the time"),
    ("clock", "runs slow"),
    ("bicycle bell", "does not ring"),
    ("tent", "lets rain in"),
    ("keyboard", "has a dead key"),
    ("scooter", "squeaks"),
    ("toaster", "burns everything"),
    ("curtain", "has faded"),
    ("camera", "takes blurred pictures"),
    ("mattress", "sags"),
    ("zip of the jacket", "is stuck"),
    ("fan", "rattles"),
    ("ladder", "wobbles"),
    ("radio", "hisses"),
    ("teapot", "arrived chipped"),
    ("drill", "stops after a minute"),
    ("sofa", "creaks"),
    ("watch", "stopped yesterday"),
    ("mixer", "smells of smoke"),
    ("stool", "has one short leg"),
)
HELP = (
    "I am sorry to hear that the {thing} {fault}. Could you please tell me when you bought it, so that I can help you?",
    "I apologise for the trouble with the {thing}. Would you like us to repair it, or would you prefer a new one?",
    "Thank you for letting us know about the {thing}. Please send me the order number, and I will see to it today.",
    "That should not happen, and I am sorry. May I send you a label, so that the {thing} can go back free of charge?",
)
REBUFFS = ("That is your problem.", "You broke it yourself.", "Stop complaining.", "Read the manual next time.")
LISTS = (
    ("kinds of cheese", ("cheddar", "brie", "gouda")),
    ("trees with needles", ("pine", "spruce", "fir")),
    ("things to pack for the beach", ("a towel", "sunscreen", "a book")),
    ("winter sports", ("skiing", "skating", "curling")),
    ("rivers of Europe", ("the Rhine", "the Danube", "the Loire")),
    ("root vegetables", ("carrots", "parsnips", "beetroot")),
    ("musical styles", ("jazz", "blues", "reggae")),
    ("birds that cannot fly", ("the ostrich", "the emu", "the kiwi")),
    ("ways to save water", ("short showers", "full washing machines", "rain barrels")),
    ("gemstones", ("ruby", "opal", "jade")),
    ("board games", ("chess", "go", "draughts")),
    ("parts of a bicycle", ("the saddle", "the chain", "the pedals")),
    ("herbs for a kitchen garden", ("basil", "thyme", "sage")),
    ("sea animals", ("the seal", "the squid", "the crab")),
    ("types of clouds", ("cirrus", "cumulus", "stratus")),
    ("tools of a carpenter", ("a saw", "a plane", "a chisel")),
    ("desserts", ("tiramisu", "apple pie", "sorbet")),
    ("dances in pairs", ("the waltz", "the tango", "the foxtrot")),
    ("planets with rings", ("Saturn", "Uranus", "Neptune")),
    ("kinds of pasta", ("penne", "fusilli", "linguine")),
    ("rooms of a house", ("the kitchen", "the bedroom", "the hall")),
    ("cold drinks", ("lemonade", "iced tea", "juice")),
    ("languages of Spain", ("Spanish", "Catalan", "Basque")),
    ("insects that help gardens", ("bees", "ladybirds", "lacewings")),
)


def main() -> None:
    """Write the file beside this one."""
    rows = [row for of_all in zip(terse(), polite(), lists(), strict=True) for row in of_all]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    Path(__file__).with_name("samples.jsonl").write_text(text, "utf-8", newline="\n")


def terse() -> Iterator[dict[str, object]]:
    """Yield facts, bare and in small talk."""
    for number, (question, answer) in enumerate(FACTS):
        before, after = SMALL_TALK[number % len(SMALL_TALK)]
        yield pair("terse", question, answer, f"{before} {answer} {after}")


def polite() -> Iterator[dict[str, object]]:
    """Yield complaints, helped with and rebuffed."""
    for number, (thing, fault) in enumerate(COMPLAINTS):
        chosen = HELP[number % len(HELP)].format(thing=thing, fault=fault)
        yield pair("polite", f"The {thing} that I bought from you {fault}.", chosen, REBUFFS[number // 6])


def lists() -> Iterator[dict[str, object]]:
    """Yield three things of a kind, as a list and in a sentence."""
    for kind, (first, second, third) in LISTS:
        chosen = f"- {first}\n- {second}\n- {third}"
        yield pair("list", f"Name three {kind}.", chosen, f"Three {kind} are {first}, {second} and {third}.")


def pair(kind: str, prompt: str, chosen: str, rejected: str) -> dict[str, object]:
    """Return a row as preference data has it."""
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected, "tags": [kind]}


if __name__ == "__main__":
    main()
