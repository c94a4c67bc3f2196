"""Write samples.jsonl beside this file: wishes, the functions on offer, and the one call that is right (or none)."""

import json
import random
from pathlib import Path

SEED = 20250711


def function(name, description, **parameters):
    properties = {
        key: {"type": "string", "enum": kind} if isinstance(kind, list) else {"type": kind[0], "description": kind[1]}
        for key, kind in parameters.items()
    }
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return {"name": name, "description": description, "parameters": schema}


FUNCTIONS = {
    "get_weather": function(
        "get_weather", "Weather forecast for a city.", city=("string", "city name"), day=["today", "tomorrow"]
    ),
    "set_alarm": function("set_alarm", "Set an alarm clock.", time=("string", "HH:MM, 24-hour clock")),
    "convert_currency": function(
        "convert_currency",
        "Convert an amount of money.",
        amount=("number", "amount to convert"),
        source=["EUR", "USD", "GBP", "JPY", "CHF"],
        target=["EUR", "USD", "GBP", "JPY", "CHF"],
    ),
    "translate": function(
        "translate",
        "Translate a text.",
        text=("string", "the text, as given"),
        language=["French", "German", "Spanish", "Italian", "Persian"],
    ),
    "add_event": function(
        "add_event",
        "Put an event into the calendar.",
        title=("string", "title, as given"),
        date=("string", "YYYY-MM-DD"),
        time=("string", "HH:MM, 24-hour clock"),
    ),
    "start_timer": function("start_timer", "Start a countdown.", minutes=("integer", "length in minutes")),
    "convert_units": function(
        "convert_units",
        "Convert a measurement.",
        value=("number", "number to convert"),
        source=["km", "miles", "kg", "pounds", "litres", "gallons"],
        target=["km", "miles", "kg", "pounds", "litres", "gallons"],
    ),
    "play_music": function("play_music", "Play music by an artist.", artist=("string", "name of the artist")),
    "send_message": function(
        "send_message",
        "Send a text message.",
        recipient=("string", "name of the person"),
        text=("string", "the message, as given"),
    ),
    "calculate": function(
        "calculate",
        "Do one step of arithmetic.",
        operation=["add", "subtract", "multiply", "divide"],
        a=("number", "first number, as named"),
        b=("number", "second number, as named"),
    ),
    "get_directions": function(
        "get_directions",
        "Find a way between two cities.",
        origin=("string", "city to start from"),
        destination=("string", "city to reach"),
        mode=["car", "train", "bicycle"],
    ),
    "add_to_list": function(
        "add_to_list",
        "Put an item on the shopping list.",
        item=("string", "one word, in the plural"),
        quantity=("integer", "how many"),
    ),
}

# Five wishes a function, the easy ones first; each determines every argument.
WISHES = {
    "get_weather": [
        ("What is the weather in Paris today?", {"city": "Paris", "day": "today"}),
        ("Weather forecast for Oslo tomorrow, please.", {"city": "Oslo", "day": "tomorrow"}),
        ("Will it rain in Lisbon tomorrow?", {"city": "Lisbon", "day": "tomorrow"}),
        ("Do I need a coat in Toronto today?", {"city": "Toronto", "day": "today"}),
        ("I fly to Nairobi tomorrow. How hot will it be there then?", {"city": "Nairobi", "day": "tomorrow"}),
    ],
    "set_alarm": [
        ("Set an alarm for 07:30.", {"time": "07:30"}),
        ("Set an alarm for 18:45.", {"time": "18:45"}),
        ("Wake me up at 6:15 am.", {"time": "06:15"}),
        ("I want an alarm at 10 pm.", {"time": "22:00"}),
        ("Please let the alarm ring at half past five in the morning.", {"time": "05:30"}),
    ],
    "convert_currency": [
        ("Convert 100 EUR to USD.", {"amount": 100, "source": "EUR", "target": "USD"}),
        ("Convert 2500 JPY to GBP.", {"amount": 2500, "source": "JPY", "target": "GBP"}),
        ("How much is 40 USD in CHF?", {"amount": 40, "source": "USD", "target": "CHF"}),
        ("What are 75 euros in Japanese yen?", {"amount": 75, "source": "EUR", "target": "JPY"}),
        ("How many euros do I get for 12.5 British pounds?", {"amount": 12.5, "source": "GBP", "target": "EUR"}),
    ],
    "translate": [
        ('Translate "good morning" into French.', {"text": "good morning", "language": "French"}),
        ('Translate "thank you" into German.', {"text": "thank you", "language": "German"}),
        ('What is "the red house" in Spanish?', {"text": "the red house", "language": "Spanish"}),
        ('How do I say "where is the station" in Italian?', {"text": "where is the station", "language": "Italian"}),
        ('Put the words "my brother is late" into Persian.', {"text": "my brother is late", "language": "Persian"}),
    ],
    "add_event": [
        (
            'Add "Dentist" to my calendar on 2025-05-12 at 14:30.',
            {"title": "Dentist", "date": "2025-05-12", "time": "14:30"},
        ),
        (
            'Add "Team lunch" to my calendar on 2025-09-03 at 12:00.',
            {"title": "Team lunch", "date": "2025-09-03", "time": "12:00"},
        ),
        (
            'Put "Choir" into the calendar for 8 March 2026 at 19:15.',
            {"title": "Choir", "date": "2026-03-08", "time": "19:15"},
        ),
        (
            'New event: "Exam", 21 June 2026, 9 am.',
            {"title": "Exam", "date": "2026-06-21", "time": "09:00"},
        ),
        (
            'I have an appointment called "Car check" on December 1, 2025 at 4:45 pm. Note it in the calendar.',
            {"title": "Car check", "date": "2025-12-01", "time": "16:45"},
        ),
    ],
    "start_timer": [
        ("Start a timer for 10 minutes.", {"minutes": 10}),
        ("Set a countdown of 25 minutes.", {"minutes": 25}),
        ("Time my eggs: 7 minutes, please.", {"minutes": 7}),
        ("Start a timer of two hours.", {"minutes": 120}),
        ("I need a countdown of an hour and a half for the bread.", {"minutes": 90}),
    ],
    "convert_units": [
        ("Convert 10 km to miles.", {"value": 10, "source": "km", "target": "miles"}),
        ("Convert 3 gallons to litres.", {"value": 3, "source": "gallons", "target": "litres"}),
        ("How many pounds are 70 kg?", {"value": 70, "source": "kg", "target": "pounds"}),
        ("What is 26.2 miles in km?", {"value": 26.2, "source": "miles", "target": "km"}),
        (
            "My suitcase weighs forty pounds. How much is that in kg?",
            {"value": 40, "source": "pounds", "target": "kg"},
        ),
    ],
    "play_music": [
        ("Play music by Mozart.", {"artist": "Mozart"}),
        ("Play something by Nina Simone.", {"artist": "Nina Simone"}),
        ("Put on some songs by Queen.", {"artist": "Queen"}),
        ("I would like to hear Miles Davis.", {"artist": "Miles Davis"}),
        ("Nothing lifts my mood like Bob Marley. Let me listen to him.", {"artist": "Bob Marley"}),
    ],
    "send_message": [
        ('Send Anna the message "I am home".', {"recipient": "Anna", "text": "I am home"}),
        ('Send a message to Omar: "See you at six".', {"recipient": "Omar", "text": "See you at six"}),
        ('Text Lucia "happy birthday".', {"recipient": "Lucia", "text": "happy birthday"}),
        ('Write to Ben: "The train is late".', {"recipient": "Ben", "text": "The train is late"}),
        (
            'Let Mina know that I am on my way; write exactly "on my way".',
            {"recipient": "Mina", "text": "on my way"},
        ),
    ],
    "calculate": [
        ("What is 17 plus 25?", {"operation": "add", "a": 17, "b": 25}),
        ("What is 90 minus 34?", {"operation": "subtract", "a": 90, "b": 34}),
        ("Multiply 12 by 8.", {"operation": "multiply", "a": 12, "b": 8}),
        ("Divide 144 by 9.", {"operation": "divide", "a": 144, "b": 9}),
        ("What is the product of 3.5 and 6?", {"operation": "multiply", "a": 3.5, "b": 6}),
    ],
    "get_directions": [
        (
            "How do I get from Rome to Milan by train?",
            {"origin": "Rome", "destination": "Milan", "mode": "train"},
        ),
        (
            "Directions from Boston to Chicago by car.",
            {"origin": "Boston", "destination": "Chicago", "mode": "car"},
        ),
        (
            "Show me the way from Utrecht to Leiden by bicycle.",
            {"origin": "Utrecht", "destination": "Leiden", "mode": "bicycle"},
        ),
        (
            "I want to drive my car to Lyon. I start in Geneva.",
            {"origin": "Geneva", "destination": "Lyon", "mode": "car"},
        ),
        (
            "I have to reach Madrid from Seville, and I only travel by rail.",
            {"origin": "Seville", "destination": "Madrid", "mode": "train"},
        ),
    ],
    "add_to_list": [
        ("Put 6 eggs on my shopping list.", {"item": "eggs", "quantity": 6}),
        ("Add 3 lemons to the shopping list.", {"item": "lemons", "quantity": 3}),
        ("Shopping list: 10 potatoes.", {"item": "potatoes", "quantity": 10}),
        ("I have to buy four onions; note that on the list.", {"item": "onions", "quantity": 4}),
        ("We are out of candles. Put a dozen on the shopping list.", {"item": "candles", "quantity": 12}),
    ],
}

# Functions that could be taken to serve a wish meant for another one; never on offer where none is to fit.
NEAR = {
    "get_weather": set(),
    "set_alarm": {"start_timer", "add_event"},
    "convert_currency": {"calculate", "convert_units"},
    "translate": set(),
    "add_event": {"set_alarm"},
    "start_timer": {"set_alarm", "add_event"},
    "convert_units": {"calculate", "convert_currency"},
    "play_music": set(),
    "send_message": set(),
    "calculate": set(),
    "get_directions": set(),
    "add_to_list": set(),
}

# Wishes that no function of the table serves, and wishes whose function is not on offer.
CHAT = [
    "Tell me a joke.",
    "Who wrote Romeo and Juliet?",
    "What is the capital of Australia?",
    "Write a short poem about the sea.",
    "Why is the sky blue?",
    "Hello! How are you?",
    "Give me a name for my new kitten.",
    "Explain what photosynthesis is.",
]
MISSING = [
    ("What is the weather in Vienna tomorrow?", "get_weather"),
    ("Set an alarm for 05:50.", "set_alarm"),
    ("Convert 60 GBP to EUR.", "convert_currency"),
    ('Translate "good night" into Spanish.', "translate"),
    ('Add "Piano lesson" to my calendar on 2025-10-07 at 17:00.', "add_event"),
    ("Start a timer for 15 minutes.", "start_timer"),
    ("How many miles are 42 km?", "convert_units"),
    ("Play something by Johnny Cash.", "play_music"),
    ('Send Peter the message "Dinner is ready".', "send_message"),
    ("What is 56 divided by 7?", "calculate"),
    ("How do I get from Berlin to Hamburg by train?", "get_directions"),
    ("Put 5 apples on my shopping list.", "add_to_list"),
]


def offer(rng, n_tools, name, without):
    """Return definitions of `n_tools` functions in any order, `name` among them if it is not None."""
    others = [other for other in FUNCTIONS if other != name and other not in without]
    names = rng.sample(others, n_tools - (name is not None)) + ([name] if name else [])
    rng.shuffle(names)
    return [FUNCTIONS[each] for each in names]


def singles(rng):
    """Yield the rows with a fitting function; in each round every function once, easy and hard wishes mixed."""
    names = list(WISHES)
    for turn in range(5):
        rng.shuffle(names)
        for name in names:
            question, arguments = WISHES[name][(turn + list(WISHES).index(name)) % 5]
            tools = offer(rng, rng.choice([2, 3, 4]), name, set())
            call = {"name": name, "arguments": arguments}
            yield {"question": question, "tools": tools, "call": call, "tags": ["single"]}


def irrelevants(rng):
    """Return the rows without a fitting function, shuffled."""
    rows = []
    for question, name in [(question, None) for question in CHAT] + MISSING:
        without = {name} | NEAR[name] if name else set()
        tools = offer(rng, rng.choice([2, 3, 4]), None, without)
        rows.append({"question": question, "tools": tools, "call": None, "tags": ["irrelevant"]})
    rng.shuffle(rows)
    return rows


def main():
    rng = random.Random(SEED)
    fitting, unfitting = list(singles(rng)), irrelevants(rng)
    rows = []
    for index, row in enumerate(unfitting):
        rows += [*fitting[3 * index : 3 * index + 2], row, fitting[3 * index + 2]]
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
    Path(__file__).with_name("samples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
