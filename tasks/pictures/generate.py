"""Draw the images of pictures and write samples.jsonl: the same rows every time, the same pixels with one Pillow."""

import json
import math
import random
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

SIZE = (192, 144)
COLOURS = {
    "red": (214, 39, 40),
    "green": (44, 160, 44),
    "blue": (31, 90, 200),
    "yellow": (250, 210, 30),
    "orange": (255, 127, 14),
    "purple": (128, 60, 170),
    "black": (20, 20, 20),
    "brown": (130, 80, 40),
    "pink": (245, 150, 190),
    "gray": (127, 127, 127),
}
SHAPES = ("circle", "square", "triangle", "star", "cross", "diamond", "arrow", "ring", "heart", "hexagon")
FRUIT = ("apples", "pears", "plums", "figs", "limes")
WORDS = ("OPEN", "EXIT", "BAKERY", "MUSEUM", "TAXI", "LIBRARY", "HOTEL", "PHARMACY", "CINEMA", "STATION")
NUMBER_WORDS = ("one", "two", "three", "four", "five", "six")

Drawing = tuple[Image.Image, str, str]
"""Image, question, answer."""


def canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", SIZE, (255, 255, 255))
    return image, ImageDraw.Draw(image)


def polygon(n: int, x: float, y: float, r: float, turn: float = -90.0, inner: float = 1.0) -> list[tuple[float, float]]:
    """Return the corners of a polygon or, with `inner` below 1, of a star."""
    steps = n if inner == 1.0 else 2 * n
    angles = [math.radians(turn + 360 * step / steps) for step in range(steps)]
    radii = [r if step % 2 == 0 else r * inner for step in range(steps)]
    return [(x + radius * math.cos(a), y + radius * math.sin(a)) for a, radius in zip(angles, radii, strict=True)]


def shape(draw: ImageDraw.ImageDraw, name: str, place: tuple[int, int], r: int, fill: tuple[int, int, int]) -> None:
    x, y = place
    third = r // 3
    match name:
        case "circle":
            draw.ellipse((x - r, y - r, x + r, y + r), fill=fill)
        case "ring":
            draw.ellipse((x - r, y - r, x + r, y + r), outline=fill, width=max(r // 3, 2))
        case "square":
            draw.rectangle((x - r, y - r, x + r, y + r), fill=fill)
        case "triangle":
            draw.polygon(polygon(3, x, y, r), fill=fill)
        case "diamond":
            draw.polygon([(x, y - r), (x + 2 * third, y), (x, y + r), (x - 2 * third, y)], fill=fill)
        case "hexagon":
            draw.polygon(polygon(6, x, y, r, turn=0), fill=fill)
        case "star":
            draw.polygon(polygon(5, x, y, r, inner=0.4), fill=fill)
        case "cross":
            draw.rectangle((x - third, y - r, x + third, y + r), fill=fill)
            draw.rectangle((x - r, y - third, x + r, y + third), fill=fill)
        case "arrow":
            draw.rectangle((x - r, y - third, x, y + third), fill=fill)
            draw.polygon([(x, y - r), (x + r, y), (x, y + r)], fill=fill)
        case "heart":
            half = r // 2
            draw.ellipse((x - r, y - r, x, y), fill=fill)
            draw.ellipse((x, y - r, x + r, y), fill=fill)
            draw.polygon([(x - r + 2, y - half + 4), (x + r - 2, y - half + 4), (x, y + r)], fill=fill)


def colours(rng: random.Random) -> list[Drawing]:
    found = []
    for colour, fill in COLOURS.items():
        image, draw = canvas()
        name = rng.choice(("circle", "square", "triangle", "hexagon"))
        shape(draw, name, (rng.randint(60, 130), rng.randint(55, 90)), rng.randint(28, 44), fill)
        found.append((image, f"What color is the {name}? Answer with one word.", colour))
    return found


def shapes(rng: random.Random) -> list[Drawing]:
    found = []
    for name in SHAPES:
        image, draw = canvas()
        shape(
            draw,
            name,
            (rng.randint(70, 120), rng.randint(60, 84)),
            rng.randint(34, 46),
            rng.choice([*COLOURS.values()]),
        )
        question = f"Which of these shapes is shown: {', '.join(sorted(SHAPES))}? Answer with one word."
        found.append((image, question, name))
    return found


def counts(rng: random.Random) -> list[Drawing]:
    found = []
    for n in (1, 2, 3, 4, 5, 6, 2, 3, 4, 5):
        image, draw = canvas()
        places = rng.sample([(x, y) for x in (28, 73, 118, 163) for y in (26, 72, 118)], n)
        name, fill = rng.choice(("circle", "square", "star")), rng.choice([*COLOURS.values()])
        for place in places:
            shape(draw, name, place, 16, fill)
        found.append((image, f"How many {name}s are there? Answer with one word.", NUMBER_WORDS[n - 1]))
    return found


def places(rng: random.Random) -> list[Drawing]:
    found = []
    for side in ("left", "right", "top", "bottom", "left", "right", "top", "bottom", "left", "right"):
        image, draw = canvas()
        one, other = rng.sample(("circle", "square", "triangle", "star", "cross"), 2)
        first, second = ((50, 72), (142, 72)) if side in ("left", "right") else ((96, 38), (96, 106))
        shape(draw, one, first, 28, rng.choice([*COLOURS.values()]))
        shape(draw, other, second, 28, rng.choice([*COLOURS.values()]))
        where = f"on the {side}" if side in ("left", "right") else f"at the {side}"
        answer = one if side in ("left", "top") else other
        question = f"Which shape is {where}: the {min(one, other)} or the {max(one, other)}? Answer with one word."
        found.append((image, question, answer))
    return found


def charts(rng: random.Random) -> list[Drawing]:
    found = []
    font = ImageFont.load_default(size=11)
    for number in range(10):
        image, draw = canvas()
        names = rng.sample(FRUIT, 4)
        heights = rng.sample(range(20, 110, 15), 4)
        draw.line([(12, 8), (12, 122), (188, 122)], fill=(0, 0, 0), width=1)
        for index, (name, height) in enumerate(zip(names, heights, strict=True)):
            x = 22 + index * 42
            draw.rectangle((x, 122 - height, x + 28, 121), fill=COLOURS["blue"])
            draw.text((x - 2, 126), name, fill=(0, 0, 0), font=font)
        is_most = number % 2 == 0
        answer = names[heights.index(max(heights) if is_most else min(heights))]
        word = "most" if is_most else "fewest"
        found.append((image, f"The chart counts fruit. Of which are there the {word}? Answer with one word.", answer))
    return found


def signs(rng: random.Random) -> list[Drawing]:
    found = []
    for word in WORDS:
        image, draw = canvas()
        fill = rng.choice([COLOURS[name] for name in ("red", "green", "blue", "black")])
        draw.rectangle((8, 36, 184, 108), outline=fill, width=3)
        draw.text((96, 72), word, fill=fill, font=ImageFont.load_default(size=rng.choice((22, 26, 30))), anchor="mm")
        found.append((image, "What does the sign say? Answer with that word.", word.lower()))
    return found


KINDS = {"color": colours, "shape": shapes, "count": counts, "place": places, "chart": charts, "sign": signs}


def main() -> None:
    folder = Path(__file__).parent
    (folder / "images").mkdir(exist_ok=True)
    rng = random.Random(20261123)
    drawn = {kind: draw(rng) for kind, draw in KINDS.items()}
    rows: list[dict[str, Any]] = []
    for number in range(10):
        for kind, found in drawn.items():
            image, question, answer = found[number]
            name = f"images/{kind}_{number + 1:02}.png"
            image.quantize(64).save(folder / name, optimize=True)
            rows.append({"image": name, "question": question, "answer": answer, "tags": [kind]})
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    (folder / "samples.jsonl").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
