"""Writes samples.jsonl: everyday requests, each with one to three constraints that a program can check.

The wording of a constraint is made from the constraint, so that the two cannot disagree; every row has an answer that
keeps all of its constraints. The rows come in four rounds, and each round leads with every kind of constraint once. A
constraint is written here as its kind and its value: "max_words 20", "contains_words moon|sky", "lowercase".
"""

import json
import random
from pathlib import Path
from typing import Any

SEED = 20

PHRASES = {
    "contains_words": ("Use {words}.", "Make sure that your answer contains {words}."),
    "ends_with": ('Use "{text}" as the last words of your answer.', 'Let "{text}" be the end of your answer.'),
    "equals": ("Reply with exactly this text and nothing else: {text}",),
    "exact_sentences": ("Write exactly {n} {sentences}.", "Your answer must have exactly {n} {sentences}."),
    "forbidden_words": ("Do not use {words}.", "Your answer must not contain {words}."),
    "json_only": ("Answer only with a JSON object that has {keys}.",),
    "language": ("Write your answer in {language}.", "Answer in {language} only."),
    "lowercase": ("Use only lowercase letters.", "Do not use any capital letters."),
    "max_sentences": ("Write at most {n} {sentences}.", "Do not write more than {n} {sentences}."),
    "max_words": ("Use at most {n} words.", "Do not use more than {n} words."),
    "min_words": ("Use at least {n} words.", "Write {n} words or more."),
    "n_bullets": ('Write exactly {n} bullet points, each on its own line and starting with "- ".',),
    "n_lines": ("Write exactly {n} lines.", "Your answer must have exactly {n} lines."),
    "n_paragraphs": ("Write exactly {n} paragraphs, with an empty line between them.",),
    "no_commas": ("Do not use any commas.", "Write without commas."),
    "placeholders": ("Include at least {n} {placeholders} in square brackets, such as [name].",),
    "quoted": ("Put your whole answer in double quotation marks.", "Start and end your answer with double quotes."),
    "starts_with": ('Use "{text}" as the first words of your answer.', 'Let "{text}" be the start of your answer.'),
    "title": ("Give it a title in double angle brackets, such as <<A Good Title>>.",),
    "uppercase": ("Use only capital letters.", "Write everything in capital letters."),
    "word_count_of": (
        'Use the word "{word}" exactly {n} {times}.',
        'The word "{word}" must occur exactly {n} {times}.',
    ),
}


# fmt: off
ROUNDS = (
    (
        ("Describe the moon.", "max_words 20", "The moon is a ball of rock that circles the Earth."),
        ("What is your favourite season?", "lowercase; max_sentences 2",
         "i like autumn best. the trees turn red and gold."),
        ("Name three fruits.", "n_bullets 3", "- Apple\n- Pear\n- Plum"),
        ("Write a birthday wish for a friend called Nora.", "starts_with Dear Nora,; contains_words cake; max_words 25",
         "Dear Nora, I wish you a happy day with a big cake and all your friends."),
        ("Is it a good idea to drink water every day?", "uppercase", "YES, YOUR BODY NEEDS WATER EVERY DAY."),
        ("Tell me about dogs.", "contains_words tail; exact_sentences 1", "A happy dog wags its tail."),
        ("Give me the name and the colour of a vegetable.", "json_only name|colour",
         '{"name": "carrot", "colour": "orange"}'),
        ("Why do people use umbrellas?", "exact_sentences 2", "Umbrellas keep off the rain. Some give shade too."),
        ("How do you say good morning in Greek?", "language greek", "Καλημέρα."),
        ("Describe a quiet evening at home.", "no_commas; min_words 10; forbidden_words television",
         "I sit by the window with a warm cup of tea and read a long book."),
        ("Give me a short proverb about time.", "quoted", '"Time waits for no one."'),
        ("Tell me why sleep is important.", "ends_with Sleep well!; max_words 30",
         "Sleep gives your body and mind time to rest. Sleep well!"),
        ("Greet me politely.", "equals Good evening, dear guest.", "Good evening, dear guest."),
        ("Write a small poem about the sea.", "n_lines 2; contains_words waves; lowercase",
         "the waves roll in,\nthe waves roll out again"),
        ("What can you see in a garden?", "forbidden_words flower|flowers", "Grass, bushes and bees."),
        ("Write a short story about a cat.", "title; max_words 40",
         "<<The Warm Roof>>\nA cat found a warm roof. She slept there all day."),
        ("What do you need to make a cup of tea?", "min_words 12",
         "You need a cup, hot water, a tea bag, and perhaps some milk or sugar."),
        ("Write about breakfast.", "word_count_of bread 2; no_commas",
         "I like fresh bread in the morning. I eat the bread with butter."),
        ("What does a baker do?", "max_sentences 1", "A baker makes bread and cakes."),
        ("Write an invitation to a party.", "placeholders 2; starts_with Hello; max_words 30",
         "Hello [name], please come to my party on [date]."),
        ("Explain why bicycles are useful.", "n_paragraphs 2",
         "Bicycles are cheap and need no fuel.\n\nRiding one also keeps you fit."),
    ),
    (
        ("How do I boil an egg?", "max_words 30; contains_words minutes",
         "Put the egg in boiling water and leave it there for eight minutes."),
        ("Describe a lemon.", "lowercase", "a lemon is a sour yellow fruit."),
        ("What should I take to the beach?", "n_bullets 4; contains_words towel; no_commas",
         "- A towel\n- A hat\n- Sun cream\n- Water"),
        ("Tell me about winter.", "starts_with In winter", "In winter the days are short and cold."),
        ("Name two things that are very loud.", "uppercase; max_words 8", "A DRUM AND A JET PLANE."),
        ("Tell me something about farms.", "contains_words cow|milk", "A cow on a farm gives milk."),
        ("Give me a meal and its price in euros.", "json_only meal|price; lowercase", '{"meal": "soup", "price": 6}'),
        ("Describe a library.", "exact_sentences 3; contains_words books; forbidden_words quiet",
         "A library has many books. You can borrow them for free. It is calm inside."),
        ("How do you say thank you in Russian?", "language russian; max_words 5", "Большое спасибо."),
        ("Tell me what is in a pencil case.", "no_commas", "A pencil case holds pens and pencils and a rubber."),
        ("Say something kind to a tired friend.", "quoted; max_words 20; contains_words rest",
         '"You worked hard today, so get some rest."'),
        ("Describe a rainbow.", "ends_with That is a rainbow.",
         "It is an arch of seven colours in the sky. That is a rainbow."),
        ("Are you ready to start the lesson?", "lowercase; equals yes, i am ready", "yes, i am ready"),
        ("Write a poem about rain.", "n_lines 4",
         "Rain on the roof,\nrain on the street,\nrain on my hat\nand rain on my feet."),
        ("Describe snow to someone who has never seen it.", "forbidden_words cold|white; max_sentences 2",
         "Snow falls as soft flakes of ice. It covers the ground like a blanket."),
        ("Write two sentences about a train journey.", "title",
         "<<By Train>>\nThe train left early. We watched the hills go by."),
        ("Describe your perfect weekend.", "min_words 20; contains_words friends; ends_with What about you?",
         "On Saturday I would see my friends and cook with them, and on Sunday I would walk and read. What about you?"),
        ("Write one or two sentences about the sun.", "word_count_of sun 2",
         "The sun is a star. Without the sun there would be no life."),
        ("Why should you wash your hands?", "max_sentences 2; contains_words soap",
         "Washing with soap removes germs. It keeps you healthy."),
        ("Write a note to a neighbour about a lost parcel.", "placeholders 1",
         "Dear [neighbour], did you receive a parcel for me?"),
        ("Compare cats and dogs.", "n_paragraphs 2; contains_words cats|dogs; max_words 40",
         "Most cats like to be alone and sleep a lot.\n\nMost dogs like company and want to play."),
    ),
    (
        ("What is a good gift for a teacher?", "max_words 12; no_commas; starts_with A good gift",
         "A good gift is a nice book or a small plant."),
        ("Describe the colour of grass.", "lowercase; contains_words green",
         "grass is green because of a green pigment in its leaves."),
        ("List things that you find in a kitchen.", "n_bullets 5", "- Oven\n- Sink\n- Fridge\n- Table\n- Kettle"),
        ("Give me a tip for saving money.", "starts_with My tip:; exact_sentences 1",
         "My tip: cook at home more often."),
        ("Write a slogan for a shop that sells shoes.", "uppercase; contains_words walk; max_words 10",
         "WALK FURTHER AND WALK HAPPIER IN OUR SHOES!"),
        ("Tell me about birds.", "contains_words nest|wings|eggs", "A bird has two wings and lays its eggs in a nest."),
        ("Give me a city, its country and its continent.", "json_only city|country|continent",
         '{"city": "Lima", "country": "Peru", "continent": "South America"}'),
        ("Why do people like music?", "exact_sentences 2; max_words 30",
         "Music can make us happy or calm. It also brings people together."),
        ("Write a short sentence about Tokyo in Japanese.", "language japanese", "東京は大きい町です。"),
        ("Tell me how to plant a seed.", "no_commas; exact_sentences 2",
         "Put the seed in moist soil and cover it. Then give it water and light."),
        ("Tell me a fun fact about bees.", "quoted; max_sentences 1", '"Bees tell each other the way by dancing."'),
        ("Explain what a map is for.", "ends_with Have a good trip.; exact_sentences 2; no_commas",
         "A map shows you where places are and how to reach them. Have a good trip."),
        ("How much is two plus two?", "equals The answer is four.", "The answer is four."),
        ("Write a poem about a tree.", "n_lines 3; no_commas",
         "A tree stands tall\nand drops its leaves\nwhen winds of autumn call."),
        ("Describe an elephant.", "forbidden_words big|large|grey; contains_words trunk; max_words 25",
         "An elephant is a heavy animal with a long trunk and wide ears."),
        ("Write a short weather report for tomorrow.", "title; max_words 30",
         "<<Weather for Tomorrow>>\nThe morning will be sunny, with some rain in the afternoon."),
        ("Why do we have traffic lights?", "min_words 15",
         "Traffic lights tell drivers and people on foot when to stop and when to go, so everyone can cross safely."),
        ("Write about a day at the market.", "word_count_of apples 1; contains_words basket; max_sentences 2",
         "I went to the market with a basket. I came home with cheese, bread and apples."),
        ("What is a dictionary?", "max_sentences 1; max_words 15",
         "A dictionary is a book that explains what words mean."),
        ("Write a message that cancels a visit to the dentist.", "placeholders 3; no_commas",
         "Dear [dentist] I am sorry but I must cancel my visit on [date]. Yours [name]"),
        ("Write about the good and the bad side of rain.", "n_paragraphs 2; starts_with Rain",
         "Rain helps the plants to grow.\n\nBut too much of it can flood the fields."),
    ),
    (
        ("What does a postman do?", "max_words 10", "A postman brings letters and parcels to your door."),
        ("Write a line for a postcard from the mountains.", "lowercase; no_commas; contains_words snow",
         "greetings from the hills where the snow is deep and the sky is blue."),
        ("Give me tips for a job interview.", "n_bullets 3; max_words 30",
         "- Be on time\n- Smile and listen\n- Ask good questions"),
        ("What is a good breakfast?", "starts_with A good breakfast",
         "A good breakfast has fruit, bread and something warm to drink."),
        ("Wish me luck for my exam.", "uppercase; exact_sentences 1", "I WISH YOU GOOD LUCK IN YOUR EXAM!"),
        ("Describe a picnic.", "contains_words blanket|sandwiches; exact_sentences 2; no_commas",
         "We put a blanket on the grass. Then we ate sandwiches in the sun."),
        ("Make up a pet and give me its details.", "json_only name|animal|age",
         '{"name": "Milo", "animal": "rabbit", "age": 3}'),
        ("How does a candle work?", "exact_sentences 2; contains_words wax",
         "The flame melts the wax. The wick then soaks it up and it burns."),
        ("Write a short greeting in Persian.", "language persian", "سلام، روز شما به خیر."),
        ("Say what you would do with a free afternoon.", "no_commas; starts_with I would; max_words 20",
         "I would walk by the river and then meet a friend."),
        ("Invent a name for a coffee shop.", "quoted; max_words 4", '"The Sleepy Bean"'),
        ("Tell me how to stay warm.", "ends_with Stay warm!", "Wear a hat and thick socks. Stay warm!"),
        ("Announce that the shop is closed today.", "uppercase; equals SORRY, WE ARE CLOSED TODAY.",
         "SORRY, WE ARE CLOSED TODAY."),
        ("Write a rhyme about a mouse.", "n_lines 2; contains_words house",
         "There was a little mouse\nwho lived inside a house."),
        ("Describe the sea.", "forbidden_words water|blue", "The sea is deep, salty and full of fish."),
        ("Write a diary entry about a rainy day.", "title; contains_words umbrella; max_words 40",
         "<<Rain Again>>\nIt rained all day. I forgot my umbrella at work."),
        ("Explain to a child why we brush our teeth.", "min_words 15; contains_words teeth",
         "We brush our teeth every morning and evening so that they stay clean and strong and do not hurt."),
        ("Write a sentence or two about coffee.", "word_count_of coffee 3",
         "Some drink coffee black. Others like coffee with milk or iced coffee."),
        ("What is a museum?", "max_sentences 2; no_commas; contains_words old",
         "A museum is a house full of old and rare things. Anyone may visit it."),
        ("Write a thank-you note for a present.", "placeholders 2; contains_words thank",
         "Dear [name], thank you so much for the [present]."),
        ("Tell me what spring and summer are like.", "n_paragraphs 2",
         "In spring the days get longer and the trees bloom.\n\nSummer is hot and bright."),
    ),
)
# fmt: on


def listed(words: list[str], joint: str) -> str:
    quoted = [f'"{word}"' for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {joint} {quoted[-1]}"


def read(text: str) -> dict[str, Any]:
    """Return the constraint that a text such as "max_words 20" stands for."""
    kind, _, value = text.partition(" ")
    if kind == "word_count_of":
        return {"kind": kind, "word": value.split()[0], "n": int(value.split()[1])}
    if kind in ("contains_words", "forbidden_words"):
        return {"kind": kind, "words": value.split("|")}
    if kind == "json_only":
        return {"kind": kind, "keys": value.split("|")}
    if kind == "language":
        return {"kind": kind, "language": value}
    if kind in ("starts_with", "ends_with", "equals"):
        return {"kind": kind, "text": value}
    return {"kind": kind, "n": int(value)} if value else {"kind": kind}


def told(constraint: dict[str, Any], rng: random.Random) -> str:
    """Return the constraint in words."""
    options = dict(constraint)
    if "words" in options:
        words = listed(options["words"], "or" if constraint["kind"] == "forbidden_words" else "and")
        options["words"] = f"the {'word' if len(options['words']) == 1 else 'words'} {words}"
    if "keys" in options:
        options["keys"] = f"the keys {listed(options['keys'], 'and')}"
    if "language" in options:
        options["language"] = str(options["language"]).capitalize()
    is_one = options.get("n") == 1
    options["sentences"] = "sentence" if is_one else "sentences"
    options["placeholders"] = "placeholder" if is_one else "placeholders"
    options["times"] = "time" if is_one else "times"
    return rng.choice(PHRASES[str(constraint["kind"])]).format(**options)


def rows() -> list[dict[str, Any]]:
    rng = random.Random(SEED)
    written = []
    for request, texts, answer in (sample for samples in ROUNDS for sample in samples):
        constraints = [read(text) for text in texts.split("; ")]
        written.append(
            {
                "request": " ".join([request, *(told(constraint, rng) for constraint in constraints)]),
                "constraints": constraints,
                "answer": answer,
                "tags": [constraint["kind"] for constraint in constraints],
            }
        )
    return written


if __name__ == "__main__":
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows()]
    Path(__file__).with_name("samples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
