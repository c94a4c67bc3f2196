"""Write samples.jsonl beside this file: what a user says, the rooms before, and after the calls that are right."""

import copy
import json
from pathlib import Path

import tools

ROOMS = {"Maple": 4, "Birch": 8, "Cedar": 12, "Aspen": 20}


def booked(**bookings):
    """`n101="Maple 2025-03-04 Ines"` is the booking 101."""
    found = {}
    for key, text in bookings.items():
        room, day, name = text.split()
        found[key[1:]] = {"room": room, "day": day, "name": name}
    return found


def row(kind, says, bookings, *calls):
    before = {"rooms": ROOMS, "bookings": bookings}
    after = copy.deepcopy(before)
    for name, arguments in calls:
        getattr(tools, name)(after, **arguments)
    question, *turns = says
    return {"question": question, "turns": turns, "state": before, "wanted": after, "tags": [kind]}


def book(room, day, name):
    return "book_room", {"room": room, "day": day, "name": name}


def move(number, day):
    return "move_booking", {"number": number, "day": day}


def cancel(number):
    return "cancel_booking", {"number": number}


ROWS = [
    row(
        "book",
        ["Book Birch on 2025-03-04 for Ines, please.", "Thank you. And Cedar on the same day, for Paul."],
        {},
        book("Birch", "2025-03-04", "Ines"),
        book("Cedar", "2025-03-04", "Paul"),
    ),
    row(
        "change",
        ["I am Omar. Please cancel booking 102.", "Good, then book Maple on 2025-05-12 for me instead."],
        booked(n101="Birch 2025-05-12 Lena", n102="Aspen 2025-05-12 Omar"),
        cancel(102),
        book("Maple", "2025-05-12", "Omar"),
    ),
    row(
        "look_up",
        ["We are ten people and need a room on 2025-06-02. Which are free?", "Book the smallest that fits, for Ruth."],
        booked(n101="Maple 2025-06-02 Jan"),
        book("Cedar", "2025-06-02", "Ruth"),
    ),
    row(
        "refused",
        ["Book Aspen on 2025-04-10 for Nora.", "Too bad. Leave it then, I will ask elsewhere."],
        booked(n101="Aspen 2025-04-10 Karl"),
    ),
    row(
        "change",
        ["Please move booking 103 to 2025-07-01.", "No, sorry: 2025-07-02 is right."],
        booked(n103="Cedar 2025-06-30 Vera"),
        move(103, "2025-07-02"),
    ),
    row(
        "look_up",
        ["Which bookings does Hugo have?", "Cancel all of his, please."],
        booked(n101="Maple 2025-02-03 Hugo", n102="Birch 2025-02-03 Anna", n103="Cedar 2025-02-07 Hugo"),
        cancel(101),
        cancel(103),
    ),
    row(
        "book",
        ["I need Maple for Sofia on 2025-09-01.", "Also on 2025-09-02, please.", "And on 2025-09-03, that is all."],
        {},
        book("Maple", "2025-09-01", "Sofia"),
        book("Maple", "2025-09-02", "Sofia"),
        book("Maple", "2025-09-03", "Sofia"),
    ),
    row(
        "refused",
        ["What is booking 101?", "I see. Do not change it, I only wanted to know."],
        booked(n101="Birch 2025-08-20 Mats"),
    ),
    row(
        "look_up",
        ["Is Birch free on 2025-10-15?", "Then take any other room with at least 15 seats that day, for Elif."],
        booked(n101="Birch 2025-10-15 Ugo"),
        book("Aspen", "2025-10-15", "Elif"),
    ),
    row(
        "change",
        ["Book Cedar for Liam on 2025-11-11.", "Something came up. Move it to 2025-11-18."],
        booked(n101="Cedar 2025-11-12 Rosa"),
        book("Cedar", "2025-11-11", "Liam"),
        move(102, "2025-11-18"),
    ),
    row(
        "change",
        ["Swap days: move booking 101 to 2025-01-22.", "And move booking 102 to 2025-01-20."],
        booked(n101="Maple 2025-01-20 Iris", n102="Birch 2025-01-22 Otto"),
        move(101, "2025-01-22"),
        move(102, "2025-01-20"),
    ),
    row(
        "look_up",
        ["Which rooms are free on 2025-12-05?", "Book the largest for Zoe.", "And tell me once more its number."],
        booked(n104="Cedar 2025-12-05 Finn"),
        book("Aspen", "2025-12-05", "Zoe"),
    ),
]

if __name__ == "__main__":
    text = "".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in ROWS)
    Path(__file__).with_name("samples.jsonl").write_bytes(text.encode("utf-8"))
