"""Write samples.jsonl of world_facts and of world_facts_letter from one list of facts; the same bytes every time."""

import json
import random
from pathlib import Path
from typing import Any

LETTERS = "ABCD"

Fact = tuple[str, str, str, str, str]
"""Question, right answer, three wrong ones."""

EASY: dict[str, list[Fact]] = {
    "capitals": [
        ("What is the capital of France?", "Paris", "Lyon", "Marseille", "Nice"),
        ("What is the capital of Japan?", "Tokyo", "Osaka", "Kyoto", "Nagoya"),
        ("What is the capital of Italy?", "Rome", "Milan", "Naples", "Turin"),
        ("What is the capital of Egypt?", "Cairo", "Alexandria", "Luxor", "Giza"),
        ("What is the capital of Germany?", "Berlin", "Munich", "Hamburg", "Cologne"),
        ("What is the capital of Spain?", "Madrid", "Seville", "Valencia", "Barcelona"),
        ("What is the capital of Greece?", "Athens", "Patras", "Sparta", "Corinth"),
        ("What is the capital of Russia?", "Moscow", "Saint Petersburg", "Kazan", "Novosibirsk"),
        ("What is the capital of Cuba?", "Havana", "Santiago", "Kingston", "San Juan"),
        ("What is the capital of Portugal?", "Lisbon", "Porto", "Braga", "Coimbra"),
    ],
    "science": [
        ("Which gas do people need to breathe in to live?", "Oxygen", "Helium", "Methane", "Argon"),
        ("What is the chemical formula of water?", "H2O", "CO2", "NaCl", "O3"),
        ("Which planet is closest to the Sun?", "Mercury", "Venus", "Mars", "Saturn"),
        ("Which is the largest planet of the solar system?", "Jupiter", "Saturn", "Neptune", "Earth"),
        ("What does a thermometer measure?", "Temperature", "Weight", "Speed", "Distance"),
        ("Which organ pumps blood through the body?", "The heart", "The liver", "The lungs", "The stomach"),
        ("What does water become when it freezes?", "Ice", "Steam", "Salt", "Sand"),
        ("Which force pulls things towards the ground?", "Gravity", "Magnetism", "Friction", "Electricity"),
        ("Which star is closest to Earth?", "The Sun", "Sirius", "Polaris", "Vega"),
        ("How many degrees are there in a right angle?", "90", "45", "180", "360"),
    ],
    "nature": [
        ("Which of these animals is a mammal?", "The dolphin", "The shark", "The salmon", "The octopus"),
        ("What do bees make?", "Honey", "Milk", "Silk", "Cheese"),
        ("How many legs does a spider have?", "Eight", "Four", "Six", "Ten"),
        ("Which of these birds cannot fly?", "The penguin", "The eagle", "The swallow", "The gull"),
        ("Which is the largest animal that lives today?", "The blue whale", "The elephant", "The giraffe", "The hippo"),
        ("What is a young dog called?", "A puppy", "A kitten", "A calf", "A lamb"),
        ("What does a caterpillar turn into?", "A butterfly", "A spider", "A beetle", "A worm"),
        ("Which animal is known for its black and white stripes?", "The zebra", "The lion", "The camel", "The moose"),
        ("Which part of a plant takes up water from the soil?", "The roots", "The flowers", "The leaves", "The seeds"),
        ("On which tree do acorns grow?", "The oak", "The pine", "The palm", "The willow"),
    ],
    "history": [
        (
            "Who was the first president of the United States?",
            "George Washington",
            "Abraham Lincoln",
            "Thomas Jefferson",
            "Benjamin Franklin",
        ),
        ("In which year did the Second World War end?", "1945", "1918", "1939", "1963"),
        ("Who built the pyramids of Giza?", "The Egyptians", "The Romans", "The Vikings", "The Aztecs"),
        (
            "Who was the first person to walk on the Moon?",
            "Neil Armstrong",
            "Yuri Gagarin",
            "Buzz Aldrin",
            "John Glenn",
        ),
        ("In which country did the Industrial Revolution begin?", "Great Britain", "China", "Brazil", "Russia"),
        ("Which city was buried by Mount Vesuvius in the year 79?", "Pompeii", "Carthage", "Troy", "Athens"),
        ("Which people sailed from Scandinavia in longships?", "The Vikings", "The Incas", "The Mongols", "The Zulu"),
        ("Which wall fell in 1989?", "The Berlin Wall", "Hadrian's Wall", "The Great Wall", "The Western Wall"),
        ("In which year did the First World War begin?", "1914", "1812", "1871", "1939"),
        (
            "Who led the movement for Indian independence without violence?",
            "Mahatma Gandhi",
            "Nelson Mandela",
            "Simón Bolívar",
            "Winston Churchill",
        ),
    ],
    "arts": [
        ("Who painted the Mona Lisa?", "Leonardo da Vinci", "Claude Monet", "Vincent van Gogh", "Pablo Picasso"),
        ("Who wrote Romeo and Juliet?", "William Shakespeare", "Charles Dickens", "Jane Austen", "Mark Twain"),
        ("How many strings does a violin have?", "Four", "Three", "Six", "Eight"),
        ("Which of these instruments has black and white keys?", "The piano", "The flute", "The drum", "The harp"),
        ("Which colour do blue and yellow paint make?", "Green", "Purple", "Orange", "Brown"),
        ("Who wrote Oliver Twist?", "Charles Dickens", "Oscar Wilde", "Lewis Carroll", "Daniel Defoe"),
        ("Who painted The Starry Night?", "Vincent van Gogh", "Rembrandt", "Salvador Dalí", "Edvard Munch"),
        ("In which country did opera begin?", "Italy", "Sweden", "Japan", "Mexico"),
        ("What does a sculptor make?", "Statues", "Songs", "Novels", "Films"),
        ("Which of these is a wind instrument?", "The flute", "The guitar", "The violin", "The drum"),
    ],
    "geography": [
        ("Which is the largest ocean?", "The Pacific", "The Atlantic", "The Indian", "The Arctic"),
        ("Which is the highest mountain above sea level?", "Mount Everest", "Mont Blanc", "Kilimanjaro", "Denali"),
        ("On which continent is Kenya?", "Africa", "Asia", "Europe", "South America"),
        ("On which continent is Brazil?", "South America", "Africa", "Asia", "Europe"),
        ("Which river flows through London?", "The Thames", "The Seine", "The Danube", "The Rhine"),
        ("Which is the largest country by area?", "Russia", "Canada", "China", "Brazil"),
        ("In which country is the city of Sydney?", "Australia", "Canada", "England", "South Africa"),
        ("Which desert covers much of North Africa?", "The Sahara", "The Gobi", "The Atacama", "The Kalahari"),
        ("In which country is the Taj Mahal?", "India", "Iran", "Turkey", "Thailand"),
        ("Which continent lies around the South Pole?", "Antarctica", "Australia", "Africa", "Asia"),
    ],
}

HARD: dict[str, list[Fact]] = {
    "capitals": [
        ("What is the capital of Australia?", "Canberra", "Sydney", "Melbourne", "Perth"),
        ("What is the capital of Canada?", "Ottawa", "Toronto", "Vancouver", "Montreal"),
        ("What is the capital of Turkey?", "Ankara", "Istanbul", "Izmir", "Antalya"),
        ("What is the capital of Brazil?", "Brasília", "São Paulo", "Rio de Janeiro", "Salvador"),
        ("What is the capital of Morocco?", "Rabat", "Casablanca", "Marrakesh", "Fez"),
        ("What is the capital of New Zealand?", "Wellington", "Auckland", "Christchurch", "Hamilton"),
        ("What is the capital of Vietnam?", "Hanoi", "Da Nang", "Hue", "Ho Chi Minh City"),
        ("What is the capital of Pakistan?", "Islamabad", "Karachi", "Lahore", "Peshawar"),
        ("What is the capital of Ecuador?", "Quito", "Guayaquil", "Lima", "Bogotá"),
        ("What is the capital of Mongolia?", "Ulaanbaatar", "Astana", "Bishkek", "Tashkent"),
    ],
    "science": [
        ("What is the chemical symbol of gold?", "Au", "Ag", "Go", "Gd"),
        ("Which gas makes up most of the air?", "Nitrogen", "Oxygen", "Carbon dioxide", "Hydrogen"),
        ("What is the unit of electrical resistance?", "The ohm", "The volt", "The watt", "The ampere"),
        (
            "Who proposed the theory of general relativity?",
            "Albert Einstein",
            "Isaac Newton",
            "Galileo Galilei",
            "Niels Bohr",
        ),
        ("Which element has the atomic number 1?", "Hydrogen", "Helium", "Carbon", "Oxygen"),
        (
            "Which part of an animal cell holds most of its DNA?",
            "The nucleus",
            "The membrane",
            "The ribosome",
            "The vacuole",
        ),
        ("How many bones does an adult human usually have?", "206", "106", "156", "306"),
        ("Which of these is a prime number?", "29", "21", "27", "33"),
        ("Which planet has the moon Titan?", "Saturn", "Jupiter", "Mars", "Uranus"),
        ("Which metal is liquid at room temperature?", "Mercury", "Lead", "Tin", "Zinc"),
    ],
    "nature": [
        ("Which of these mammals lays eggs?", "The platypus", "The beaver", "The otter", "The hedgehog"),
        ("Which is the fastest animal on land?", "The cheetah", "The horse", "The greyhound", "The ostrich"),
        ("What is the main food of the giant panda?", "Bamboo", "Fish", "Eucalyptus", "Ants"),
        ("How many hearts does an octopus have?", "Three", "One", "Two", "Four"),
        ("Which gas do green leaves take from the air to make sugar?", "Carbon dioxide", "Nitrogen", "Helium", "Ozone"),
        ("To which group of animals does the frog belong?", "Amphibians", "Reptiles", "Mammals", "Insects"),
        ("Which of these trees loses its needles in autumn?", "The larch", "The spruce", "The fir", "The pine"),
        ("Which of these mammals can truly fly?", "The bat", "The sugar glider", "The flying squirrel", "The colugo"),
        ("Which insect spreads malaria?", "The mosquito", "The flea", "The louse", "The housefly"),
        ("On which island do lemurs live in the wild?", "Madagascar", "Borneo", "Tasmania", "Sri Lanka"),
    ],
    "history": [
        ("In which year did the French Revolution begin?", "1789", "1689", "1815", "1848"),
        ("Who was the first emperor of Rome?", "Augustus", "Nero", "Trajan", "Constantine"),
        ("In which year did Columbus first reach the Americas?", "1492", "1392", "1519", "1620"),
        (
            "Which empire had its capital at Cusco?",
            "The Inca Empire",
            "The Aztec Empire",
            "The Mali Empire",
            "The Ottoman Empire",
        ),
        ("Who brought printing with movable metal type to Europe?", "Gutenberg", "Galileo", "Copernicus", "Erasmus"),
        ("Where was Napoleon finally defeated in 1815?", "Waterloo", "Austerlitz", "Jena", "Trafalgar"),
        (
            "Who was the first woman to win a Nobel Prize?",
            "Marie Curie",
            "Rosalind Franklin",
            "Ada Lovelace",
            "Lise Meitner",
        ),
        ("Which ship sank on its first voyage in April 1912?", "Titanic", "Lusitania", "Bismarck", "Mayflower"),
        ("In which year did the Soviet Union break up?", "1991", "1981", "1985", "1999"),
        ("Who sealed Magna Carta in 1215?", "King John", "King Henry VIII", "King Richard III", "King Alfred"),
    ],
    "arts": [
        ("Who wrote the novel Don Quixote?", "Miguel de Cervantes", "Dante Alighieri", "Victor Hugo", "Homer"),
        ("Who composed the opera The Magic Flute?", "Mozart", "Verdi", "Wagner", "Puccini"),
        ("Who painted Guernica?", "Pablo Picasso", "Henri Matisse", "Paul Cézanne", "Francisco Goya"),
        ("Who wrote War and Peace?", "Leo Tolstoy", "Anton Chekhov", "Fyodor Dostoevsky", "Nikolai Gogol"),
        ("Who painted the ceiling of the Sistine Chapel?", "Michelangelo", "Raphael", "Titian", "Caravaggio"),
        ("Who wrote the novel Pride and Prejudice?", "Jane Austen", "Emily Brontë", "George Eliot", "Mary Shelley"),
        ("Which composer wrote nine symphonies, the last with an Ode to Joy?", "Beethoven", "Bach", "Chopin", "Liszt"),
        ("Who is said to have composed the Iliad?", "Homer", "Virgil", "Ovid", "Sophocles"),
        ("From which country does the haiku come?", "Japan", "China", "Korea", "India"),
        ("Who painted Girl with a Pearl Earring?", "Johannes Vermeer", "Rembrandt", "Frans Hals", "Jan van Eyck"),
    ],
    "geography": [
        ("Which is the deepest lake in the world?", "Lake Baikal", "Lake Victoria", "Lake Superior", "Lake Titicaca"),
        ("Which strait lies between Spain and Morocco?", "Gibraltar", "Bosporus", "Hormuz", "Malacca"),
        ("Through which city does the Danube flow?", "Budapest", "Prague", "Warsaw", "Milan"),
        ("Which country has Kathmandu as its capital?", "Nepal", "Bhutan", "Myanmar", "Laos"),
        ("Which is the smallest country by area?", "Vatican City", "Monaco", "San Marino", "Malta"),
        (
            "Which sea lies between Egypt and Saudi Arabia?",
            "The Red Sea",
            "The Black Sea",
            "The Dead Sea",
            "The Aegean",
        ),
        ("In which mountain range is Aconcagua?", "The Andes", "The Alps", "The Himalayas", "The Rockies"),
        ("In which country is Timbuktu?", "Mali", "Chad", "Sudan", "Algeria"),
        ("Which island is the largest in the world?", "Greenland", "New Guinea", "Borneo", "Madagascar"),
        ("Which country has the longest coastline?", "Canada", "Australia", "Norway", "Indonesia"),
    ],
}

LEVELS = {"easy": EASY, "hard": HARD}


def ordered() -> list[tuple[str, str, Fact]]:
    """Return (topic, level, fact), topics in turn; in each round half of the topics have an easy fact."""
    topics = list(EASY)
    pools = {(topic, level): iter(facts[topic]) for level, facts in LEVELS.items() for topic in topics}
    n_rounds = sum(len(facts[topics[0]]) for facts in LEVELS.values())
    made = []
    for turn in range(n_rounds):
        for place, topic in enumerate(topics):
            level = ("easy", "hard")[(turn + place) % 2]
            made.append((topic, level, next(pools[topic, level])))
    return made


def rows() -> list[dict[str, Any]]:
    """Return all facts with shuffled choices; of every four, each has the right choice at another position."""
    rng = random.Random(20240608)
    made: list[dict[str, Any]] = []
    positions: list[int] = []
    for topic, level, (question, answer, *wrong) in ordered():
        positions = positions or rng.sample(range(len(LETTERS)), len(LETTERS))
        choices = rng.sample(wrong, len(wrong))
        choices.insert(positions.pop(), answer)
        made.append({"question": question, "choices": choices, "answer": answer, "tags": [topic, level]})
    return made


def write(path: Path, made: list[dict[str, Any]]) -> None:
    """Write rows as JSON lines."""
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in made]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def main() -> None:
    """Write the samples of both tasks."""
    folder = Path(__file__).resolve().parent
    made = rows()
    write(folder / "samples.jsonl", made)
    for row in made:
        row["answer"] = LETTERS[row["choices"].index(row["answer"])]
    write(folder.parent / "world_facts_letter" / "samples.jsonl", made)


if __name__ == "__main__":
    main()
