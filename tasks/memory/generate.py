"""Writes samples.jsonl: a fact told in the first turn and asked for after 0, 1, 2, 4 or 8 turns of other talk.

Each fact is asked at every depth, and the talk of a smaller depth is the beginning of that of a larger one: what
differs between the five samples of a fact is how much was said in between.
"""

import json
import random
from pathlib import Path

SEED = 34
DEPTHS = (0, 1, 2, 4, 8)

# fmt: off
# What the user tells, the question at the end, the answer.
FACTS = (
    ("Please remember this: the code of my bicycle lock is 4829.",
     "What is the code of my bicycle lock?", "4829"),
    ("Hi! I am Marguerite, and I have just moved to this town.",
     "What is my name?", "Marguerite"),
    ("My parrot is called Pistachio.",
     "What is my parrot called?", "Pistachio"),
    ("I keep the spare key under the blue flowerpot.",
     "What colour is the flowerpot that hides my spare key?", "blue"),
    ("My train leaves from platform 17.",
     "Which platform does my train leave from?", "17"),
    ("My grandmother was born in Iceland.",
     "In which country was my grandmother born?", "Iceland"),
    ("I am learning to play the accordion.",
     "Which instrument am I learning to play?", "accordion"),
    ("My appointment with the optician is on Saturday.",
     "On which day is my appointment with the optician?", "Saturday"),
    ("I work as a beekeeper.",
     "What is my job?", "beekeeper"),
    ("We named our boat Marigold.",
     "What is our boat called?", "Marigold"),
    ("My locker at the swimming pool is number 263.",
     "What is the number of my locker?", "263"),
    ("I am allergic to strawberries.",
     "What am I allergic to?", "strawberries"),
    ("My twin brothers are in the sixth grade, and their teacher is Mr Okafor.",
     "What is the name of my brothers' teacher?", "Okafor"),
    ("The password of the guest network is tangerine.",
     "What is the password of the guest network?", "tangerine"),
    ("My favourite board game is chess.",
     "What is my favourite board game?", "chess"),
    ("I have 31 postcards in my collection.",
     "How many postcards are in my collection?", "31"),
    ("My aunt lives in Nairobi.",
     "In which city does my aunt live?", "Nairobi"),
    ("I painted my front door orange last week.",
     "What colour is my front door?", "orange"),
    ("My sister Leonora is getting married in May.",
     "What is my sister's name?", "Leonora"),
    ("For lunch I had lentil soup.",
     "Which soup did I have for lunch?", "lentil"),
)

TALK = (
    "What do plants need in order to grow?",
    "Tell me one thing that people do in winter.",
    "Why do we sleep?",
    "What is a good way to start the morning?",
    "Name an animal that can swim.",
    "How do I boil an egg?",
    "What is the opposite of loud?",
    "Give me a short tip for saving water.",
    "What is the sun made of?",
    "Why do leaves fall from trees?",
    "Suggest a hobby for a rainy day.",
    "What does a carpenter make?",
    "How many legs does a spider have?",
    "What is a library for?",
    "Tell me something about the Moon.",
    "Which is heavier, a feather or a stone?",
    "What can I do with old newspapers?",
    "Why is it good to walk a lot?",
    "What do you call a baby cat?",
    "How does a bicycle stay upright?",
    "What is bread made of?",
    "Name something that is round.",
    "Why does ice float on water?",
    "What should I pack for a day in the mountains?",
)
# fmt: on


def make_rows() -> list[dict[str, object]]:
    """Return the rows: all depths of a fact, then the next fact, so that every stretch of the file is fair."""
    generator = random.Random(SEED)
    rows: list[dict[str, object]] = []
    for number, (told, question, answer) in enumerate(FACTS, start=1):
        talk = generator.sample(TALK, max(DEPTHS))
        rows += [
            {
                "told": told,
                "turns": [*talk[:depth], question],
                "answer": answer,
                "cluster": f"fact-{number:02}",
                "tags": [f"depth-{depth}"],
            }
            for depth in DEPTHS
        ]
    return rows


if __name__ == "__main__":
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in make_rows()]
    Path(__file__).with_name("samples.jsonl").write_text("".join(lines), "utf-8", newline="\n")
