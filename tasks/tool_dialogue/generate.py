"""Write samples.jsonl beside this file: questions, functions on offer, what calls of them say, and the right calls."""

import json
from pathlib import Path


def function(name, description, /, **parameters):
    properties = {
        key: {"type": "string", "description": "code of the currency", "enum": kind}
        if isinstance(kind, list)
        else {"type": kind[0], "description": kind[1]}
        for key, kind in parameters.items()
    }
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    return {
        "type": "function",
        "function": {"name": name, "description": description, "parameters": schema | {"additionalProperties": False}},
    }


CITY = ("string", "name of the city")
FUNCTIONS = {
    "get_weather": function("get_weather", "Weather in a city today.", city=CITY),
    "get_population": function("get_population", "Number of inhabitants of a city.", city=CITY),
    "find_train": function(
        "find_train", "The next train between two cities.", origin=("string", "city to start from"), target=CITY
    ),
    "seat_price": function("seat_price", "Price of a seat, in EUR.", train=("string", "number of the train")),
    "find_person": function("find_person", "Look up a colleague's id by name.", name=("string", "first name")),
    "get_phone": function("get_phone", "Phone number of a colleague.", person_id=("string", "id of the colleague")),
    "get_office": function("get_office", "Office of a colleague.", person_id=("string", "id of the colleague")),
    "order_status": function("order_status", "Status of an order.", order=("integer", "number of the order")),
    "cancel_order": function("cancel_order", "Cancel an order.", order=("integer", "number of the order")),
    "convert_currency": function(
        "convert_currency",
        "Convert an amount of money.",
        amount=("number", "amount to convert"),
        source=["EUR", "USD", "GBP", "CHF"],
        target=["EUR", "USD", "GBP", "CHF"],
    ),
}


def call(name, /, **arguments):
    return {"name": name, "arguments": arguments}


def row(kind, question, offered, calls, told, answer):
    """`told` has what each call says, in the order of the calls; a text that begins with ! is an error."""
    flat = [one for entry in calls for one in (entry if isinstance(entry, list) else [entry])]
    results = [
        one | ({"error": said[1:]} if isinstance(said, str) and said.startswith("!") else {"result": said})
        for one, said in zip(flat, told, strict=True)
    ]
    return {
        "question": question,
        "tools": [FUNCTIONS[name] for name in offered],
        "results": results,
        "calls": calls,
        "answer": answer,
        "tags": [kind],
    }


def weather(city):
    return call("get_weather", city=city)


def people(city):
    return call("get_population", city=city)


ROWS = [
    row(
        "single",
        "How is the weather in Turin today?",
        ["get_weather", "find_train"],
        [weather("Turin")],
        [{"sky": "fog", "celsius": 7}],
        "fog",
    ),
    row(
        "parallel",
        "Compare today's weather in Lyon and in Porto, please.",
        ["get_weather", "get_population"],
        [[weather("Lyon"), weather("Porto")]],
        [{"sky": "snow", "celsius": -2}, {"sky": "hail", "celsius": 9}],
        ["snow", "hail"],
    ),
    row(
        "sequential",
        "What is the phone number of my colleague Mira?",
        ["find_person", "get_phone", "get_office"],
        [call("find_person", name="Mira"), call("get_phone", person_id="p-317")],
        [{"person_id": "p-317"}, {"phone": "4471"}],
        "4471",
    ),
    row(
        "irrelevant",
        "Which city is the capital of Japan?",
        ["order_status", "convert_currency"],
        [],
        [],
        "Tokyo",
    ),
    row(
        "error",
        "What is the status of my order 8812?",
        ["order_status", "cancel_order"],
        [call("order_status", order=8812)],
        ["!no order with the number 8812"],
        "8812",
    ),
    row(
        "single",
        "How many people live in Graz?",
        ["get_population", "get_weather", "find_train"],
        [people("Graz")],
        [{"inhabitants": 305314}],
        "305314",
    ),
    row(
        "parallel",
        "Which has more inhabitants, Cadiz or Bergen? Look both up.",
        ["get_population", "get_weather"],
        [[people("Cadiz"), people("Bergen")]],
        [{"inhabitants": 110914}, {"inhabitants": 291940}],
        "Bergen",
    ),
    row(
        "sequential",
        "In which office does Tomas sit?",
        ["find_person", "get_office", "get_phone"],
        [call("find_person", name="Tomas"), call("get_office", person_id="p-208")],
        [{"person_id": "p-208"}, {"office": "B14"}],
        "B14",
    ),
    row(
        "single",
        "Please cancel my order 5120.",
        ["cancel_order", "order_status"],
        [call("cancel_order", order=5120)],
        [{"order": 5120, "status": "cancelled"}],
        "5120",
    ),
    row(
        "irrelevant",
        "Who wrote Hamlet?",
        ["find_train", "seat_price", "get_weather"],
        [],
        [],
        "Shakespeare",
    ),
    row(
        "single",
        "What are 250 US dollars in Swiss francs?",
        ["convert_currency", "order_status"],
        [call("convert_currency", amount=250, source="USD", target="CHF")],
        [{"amount": 221.5, "currency": "CHF"}],
        "221.5",
    ),
    row(
        "error",
        "How is the weather in Atlantis?",
        ["get_weather", "get_population"],
        [weather("Atlantis")],
        ["!unknown city: Atlantis"],
        "Atlantis",
    ),
    row(
        "sequential",
        "What does a seat in the next train from Basel to Milan cost?",
        ["find_train", "seat_price"],
        [call("find_train", origin="Basel", target="Milan"), call("seat_price", train="EC 57")],
        [{"train": "EC 57", "leaves": "12:28"}, {"price": 68, "currency": "EUR"}],
        "68",
    ),
    row(
        "parallel",
        "I need the status of my orders 301, 302 and 303.",
        ["order_status", "cancel_order"],
        [[call("order_status", order=301), call("order_status", order=302), call("order_status", order=303)]],
        [{"status": "shipped"}, {"status": "packed"}, {"status": "delivered"}],
        ["shipped", "packed", "delivered"],
    ),
    row(
        "single",
        "When does the next train from Ghent to Lille leave?",
        ["find_train", "get_weather", "seat_price"],
        [call("find_train", origin="Ghent", target="Lille")],
        [{"train": "IC 419", "leaves": "16:07"}],
        "16:07",
    ),
    row(
        "irrelevant",
        "What is the chemical symbol of gold?",
        ["get_population", "get_weather"],
        [],
        [],
        "Au",
    ),
    row(
        "single",
        "Has my order 77 left yet?",
        ["order_status", "find_person"],
        [call("order_status", order=77)],
        [{"status": "in customs"}],
        "customs",
    ),
    row(
        "sequential",
        "I want to call Yusuf and then visit him. What is his number, and where is his office?",
        ["find_person", "get_phone", "get_office"],
        [
            call("find_person", name="Yusuf"),
            [call("get_phone", person_id="p-455"), call("get_office", person_id="p-455")],
        ],
        [{"person_id": "p-455"}, {"phone": "2093"}, {"office": "C02"}],
        ["2093", "C02"],
    ),
    row(
        "error",
        "Cancel order 640 for me.",
        ["cancel_order", "order_status"],
        [call("cancel_order", order=640)],
        ["!order 640 has been delivered and cannot be cancelled"],
        "delivered",
    ),
    row(
        "parallel",
        "What are 40 EUR in GBP, and 90 EUR in USD?",
        ["convert_currency"],
        [
            [
                call("convert_currency", amount=40, source="EUR", target="GBP"),
                call("convert_currency", amount=90, source="EUR", target="USD"),
            ]
        ],
        [{"amount": 33.6, "currency": "GBP"}, {"amount": 97.2, "currency": "USD"}],
        ["33.6", "97.2"],
    ),
    row(
        "sequential",
        "How much is a seat in the next train from Cork to Dublin in US dollars?",
        ["find_train", "seat_price", "convert_currency"],
        [
            call("find_train", origin="Cork", target="Dublin"),
            call("seat_price", train="A 213"),
            call("convert_currency", amount=25, source="EUR", target="USD"),
        ],
        [{"train": "A 213", "leaves": "09:25"}, {"price": 25, "currency": "EUR"}, {"amount": 26.75, "currency": "USD"}],
        "26.75",
    ),
    row(
        "single",
        "My colleague has the id p-990. What is the phone number?",
        ["get_phone", "get_office", "find_person"],
        [call("get_phone", person_id="p-990")],
        [{"phone": "6158"}],
        "6158",
    ),
    row(
        "parallel",
        "Tell me the weather in Riga and the number of its inhabitants.",
        ["get_weather", "get_population", "find_train"],
        [[weather("Riga"), people("Riga")]],
        [{"sky": "drizzle", "celsius": 4}, {"inhabitants": 605273}],
        ["drizzle", "605273"],
    ),
    row(
        "error",
        "What is Quentin's phone number?",
        ["find_person", "get_phone"],
        [call("find_person", name="Quentin")],
        ["!nobody is called Quentin"],
        "Quentin",
    ),
    row(
        "irrelevant",
        "On which continent does Kenya lie?",
        ["find_person", "get_phone", "convert_currency"],
        [],
        [],
        "Africa",
    ),
]

if __name__ == "__main__":
    text = "".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in ROWS)
    Path(__file__).with_name("samples.jsonl").write_bytes(text.encode("utf-8"))
