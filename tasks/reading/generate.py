"""Write samples.jsonl: short passages with three questions each, answered in their words; the same bytes every time."""

import json
from pathlib import Path
from typing import Any

WORDS = range(60, 121)
NUMBERS = frozenset({"four", "seven", "nine", "eleven", "thirty-one"})

Passage = tuple[str, str, tuple[tuple[str, str], ...]]
"""Name, text, and three pairs of a question and its answer, which stands in the text."""

PASSAGES: list[Passage] = [
    (
        "lighthouse",
        "The lighthouse on Gull Rock was built in 1871 after three fishing boats were lost in one winter. Its first "
        "keeper was Martha Quill, a widow from the village, who lived there with two goats and a parrot. Every "
        "evening she carried oil up 146 steps to the lamp. When the lamp became electric in 1934, the last keeper "
        "moved to the mainland, and today the tower is a small museum that opens only in summer.",
        (
            ("Who was the first keeper of the lighthouse?", "Martha Quill"),
            ("How many steps led up to the lamp?", "146"),
            ("What is the tower today?", "a small museum"),
        ),
    ),
    (
        "market",
        "Every Saturday, Omar drives his blue van to the market in Tarfield. He sells olives, figs and goat cheese, "
        "and his stall stands between the baker and the man who mends clocks. He arrives at six in the morning to "
        "find a good place. Last week it rained so hard that he sold only nine jars of olives. He gave the rest of "
        "the figs to the children of the school choir, who sang for him under the roof of the bus station.",
        (
            ("What colour is Omar's van?", "blue"),
            ("To whom did Omar give the rest of the figs?", "the children of the school choir"),
            ("How many jars of olives did Omar sell last week?", "nine"),
        ),
    ),
    (
        "beavers",
        "Beavers change the places where they live. With branches, stones and mud they build a dam across a stream, "
        "and the water behind it becomes a pond. In the pond they make a lodge, a round house with a door under the "
        "water, where wolves cannot reach them. Beavers eat bark and young twigs, never fish. Their front teeth are "
        "orange because they contain iron, and they keep growing for the whole life of the animal, so a beaver must "
        "gnaw every day.",
        (
            ("What is the round house of a beaver called?", "a lodge"),
            ("What makes the front teeth of beavers orange?", "iron"),
            ("Which animals cannot reach the beavers in their house?", "wolves"),
        ),
    ),
    (
        "piano",
        "When Lena was eleven, her grandmother left her an old piano. It had stood in a barn near Graz for twenty "
        "years, and mice had made a nest behind the pedals. A tuner named Mr Hollis worked on it for four days. He "
        "replaced thirty strings and found a silver coin under the keys. Lena wanted to give the coin back to him, "
        "but he told her to keep it for luck. She still wears it on a chain when she plays in public.",
        (
            ("What did the tuner find under the keys?", "a silver coin"),
            ("For how many days did Mr Hollis work on the piano?", "four"),
            ("Who left Lena the piano?", "her grandmother"),
        ),
    ),
    (
        "tea",
        "Tea is made from the leaves of one evergreen shrub. Whether it becomes green or black depends on what "
        "happens after the harvest. Green tea is heated soon after picking, in a pan or with steam, so that the "
        "leaves stay green. For black tea the leaves are rolled and left in the air until they turn dark. White tea "
        "comes from the youngest buds, which are only dried. The best leaves are often picked in spring, by hand, "
        "early in the morning.",
        (
            ("Which tea comes from the youngest buds?", "White tea"),
            ("In which season are the best leaves often picked?", "spring"),
            ("From what kind of plant is tea made?", "evergreen shrub"),
        ),
    ),
    (
        "bridge",
        "The town of Ansel has two bridges over the river Moor. The stone bridge is the older one and carries only "
        "walkers and bicycles. The steel bridge was opened in 1962 by the mayor, Ida Brandt, and carries the trains "
        "to the coast. In 2015 engineers found rust in its northern pillar, and it was closed for eight months. "
        "During that time a ferry called the Swallow took passengers across the river without charge.",
        (
            ("Who opened the steel bridge?", "Ida Brandt"),
            ("What was the name of the ferry?", "the Swallow"),
            ("What did engineers find in the northern pillar?", "rust"),
        ),
    ),
    (
        "moon",
        "The Moon always shows us the same side, because it turns once around itself in the time it needs to go "
        "once around the Earth, about 27 days. The dark areas on it are called seas, but they hold no water: they "
        "are plains of old lava. There is no wind on the Moon, so footprints can stay for millions of years. A "
        "person who weighs 60 kilograms on a scale here would read only ten there, because gravity is weaker.",
        (
            ("What are the dark areas on the Moon called?", "seas"),
            ("About how many days does the Moon need to go around the Earth?", "27"),
            ("What is missing on the Moon, so that footprints can stay?", "wind"),
        ),
    ),
    (
        "bakery",
        "Rosa opened her bakery on a corner of Elm Street with money that her uncle had lent her. In the first "
        "month she baked only rye bread, since it was the one recipe she trusted. A customer asked for something "
        "sweet, and so she tried a cake with plums and walnuts. It sold out in an hour. Two years later she paid "
        "back the loan, hired a young man called Tomas, and moved the ovens to a larger house beside the fire "
        "station.",
        (
            ("Where was Rosa's first bakery?", "a corner of Elm Street"),
            ("Whom did Rosa hire?", "Tomas"),
            ("What kind of bread did Rosa bake in the first month?", "rye bread"),
        ),
    ),
    (
        "camel",
        "Many people believe that a camel keeps water in its hump. In truth the hump is made of fat, which the "
        "animal uses when there is little to eat. A thirsty camel can drink more than 100 litres in about ten "
        "minutes. Long lashes and nostrils that close protect it from sand. The camel with one hump, the dromedary, "
        "lives mostly in hot deserts, while the one with two humps comes from the cold deserts of Central Asia.",
        (
            ("What is the hump of a camel made of?", "fat"),
            ("What is the camel with one hump called?", "the dromedary"),
            ("Where does the camel with two humps come from?", "the cold deserts of Central Asia"),
        ),
    ),
    (
        "race",
        "Forty runners started the hill race in Corven, but only thirty-one finished. Fog came down after the "
        "second lake, and several of them took the wrong path. Nadia Hart, a nurse, won in two hours and five "
        "minutes. She had never run more than ten kilometres before. The favourite, Paul Reyes, lost a shoe in the "
        "mud and came in seventh. At the end everybody got a bowl of lentil soup, and the winner received a wooden "
        "clock.",
        (
            ("What is the profession of the winner?", "nurse"),
            ("How many runners finished the race?", "thirty-one"),
            ("What did the winner receive?", "a wooden clock"),
        ),
    ),
    (
        "paper",
        "Before paper, people wrote on many things: clay in Mesopotamia, papyrus in Egypt, and bamboo strips in "
        "China. Papyrus was made from a tall plant that grows beside the Nile. Its stem was cut into strips, which "
        "were laid in two layers and pressed. In Europe monks wrote on parchment, the skin of sheep or calves, and "
        "a single large book could need more than a hundred animals. Paper, made from rags and plant fibres, was so "
        "much cheaper that it replaced them all.",
        (
            ("On what did people write in Mesopotamia?", "clay"),
            ("What is parchment made from?", "the skin of sheep or calves"),
            ("Beside which river does the papyrus plant grow?", "the Nile"),
        ),
    ),
    (
        "cat",
        "The library of Norwood had a mouse problem until a grey cat walked in one January morning. The librarian, "
        "Mrs Okafor, named her Comma, because of the shape of her tail. Comma slept in the drawer for lost gloves "
        "and greeted every visitor at the desk. When the mayor wanted the cat removed, 512 readers signed a letter "
        "in one weekend. The mayor gave in. A painting of Comma by a local artist now hangs above the atlases.",
        (
            ("Why was the cat named Comma?", "the shape of her tail"),
            ("Where did Comma sleep?", "the drawer for lost gloves"),
            ("How many readers signed the letter?", "512"),
        ),
    ),
    (
        "volcano",
        "A volcano is an opening through which melted rock comes out of the ground. Below the surface the melted "
        "rock is called magma; once it has come out, it is called lava. Thin lava flows far and builds wide, flat "
        "mountains, as in Hawaii. Thick lava blocks the opening, so gas collects until it explodes. Ash from such "
        "an explosion can stop aeroplanes, yet after some years it also makes the soil rich, and that is why many "
        "farmers live near volcanoes.",
        (
            ("What is melted rock called below the surface?", "magma"),
            ("What can ash from an explosion stop?", "aeroplanes"),
            ("Who lives near volcanoes because the soil is rich?", "farmers"),
        ),
    ),
    (
        "letter",
        "In March a postman in Velden found a letter behind an old cupboard in the post office. It had been posted "
        "in 1958 by a soldier named Emil and was addressed to Clara Winter, 4 Mill Lane. Clara had moved to the "
        "city of Linz long ago, but her daughter still lived in the house. She drove to her mother, who was 87, and "
        "read the letter aloud. In it Emil asked whether he might take her to the spring dance.",
        (
            ("Who posted the letter?", "a soldier named Emil"),
            ("In which year was the letter posted?", "1958"),
            ("To which city had Clara moved?", "Linz"),
        ),
    ),
    (
        "bees",
        "A honeybee that has found good flowers tells the others by dancing. If the flowers are near, it runs in "
        "small circles. If they are far, it runs in a straight line, shakes its body, and turns back, again and "
        "again. The direction of the line shows the direction of the flowers, measured from the sun, and the length "
        "of the shaking shows how far they are. Karl von Frisch, who worked this out, received a Nobel Prize in "
        "1973.",
        (
            ("How does the bee run if the flowers are near?", "in small circles"),
            ("Who worked out the meaning of the dance?", "Karl von Frisch"),
            ("When did he receive a Nobel Prize?", "1973"),
        ),
    ),
    (
        "garden",
        "Behind the hospital in Lund Street there is a garden that patients planted themselves. It began with a "
        "single row of beans. Doctor Amara Singh had noticed that people who spent an hour outside slept better, "
        "and she asked the director for a piece of the car park. Volunteers broke up the asphalt in one weekend. "
        "Today there are pear trees, a pond with frogs, and eleven raised beds that can be reached from a "
        "wheelchair.",
        (
            ("What was planted first in the garden?", "a single row of beans"),
            ("How many raised beds are there?", "eleven"),
            ("What lives in the pond?", "frogs"),
        ),
    ),
    (
        "salt",
        "Salt was once so valuable that whole towns lived from it. In the mountains it was cut out of mines in grey "
        "blocks; on the coast, sea water was led into shallow pools, where the sun dried it. Merchants carried salt "
        "inland along fixed roads and paid a tax at every gate. It was needed above all to keep meat and fish from "
        "going bad in winter. With the coming of tins and refrigerators, most of the salt roads were forgotten.",
        (
            ("What did merchants pay at every gate?", "a tax"),
            ("What dried the sea water in the pools?", "the sun"),
            ("In what form was salt cut out of mines?", "in grey blocks"),
        ),
    ),
    (
        "school",
        "The school on Brenna Island has one classroom and seven pupils. Their teacher, Mr Aldous Fenn, comes by "
        "boat on Monday and goes home on Thursday, because his family lives on the mainland. When storms keep the "
        "boat in the harbour, the oldest pupil, Siri, gives the lesson by following a notebook with a red cover. "
        "Last autumn the pupils counted seals for a university and found 203 of them on the western beach.",
        (
            ("Who gives the lesson when there is a storm?", "Siri"),
            ("How many pupils does the school have?", "seven"),
            ("On which beach did the pupils find the seals?", "the western beach"),
        ),
    ),
    (
        "glass",
        "Glass is made by melting sand together with soda and lime at a heat of about 1,500 degrees. Soda lowers "
        "the heat that is needed, and lime makes the glass hard, so that water does not attack it. A little iron in "
        "the sand turns it green, which is why many old bottles have that colour. Cobalt makes glass blue. Broken "
        "glass can be melted again as often as one likes, without any loss, and this saves much energy.",
        (
            ("What makes glass blue?", "Cobalt"),
            ("What colour does a little iron give to glass?", "green"),
            ("Which substance makes the glass hard?", "lime"),
        ),
    ),
    (
        "train",
        "The night train from Porto Vale to Kessin leaves at 21:40 and takes eleven hours. Julia always books a bed "
        "in the last carriage, since it is the quietest. On her trip in May she shared it with a chess teacher who "
        "carried a cage with two canaries. At the border a guard asked for the papers of the birds. The teacher had "
        "none, so she played a game of chess against the guard, won it in nineteen moves, and was let through.",
        (
            ("When does the night train leave?", "21:40"),
            ("In which carriage does Julia book a bed?", "the last carriage"),
            ("What was in the cage?", "two canaries"),
        ),
    ),
    (
        "owl",
        "Owls hunt at night, and their ears matter more than their eyes. In many of them one ear sits higher than "
        "the other, so a sound reaches the two at slightly different times, and the owl knows where the mouse is "
        "even under snow. Soft edges on the feathers make the flight silent. An owl cannot move its eyes, but it "
        "can turn its head by 270 degrees. Bones and fur of the prey come up again as small balls called pellets.",
        (
            ("What makes the flight of an owl silent?", "Soft edges on the feathers"),
            ("By how many degrees can an owl turn its head?", "270"),
            ("What are the small balls of bones and fur called?", "pellets"),
        ),
    ),
    (
        "film",
        "For her first film, Priya Nair had a budget of only 3,000 euros. She borrowed a camera from her old school "
        "and asked her neighbours to be the actors. The story is about a barber who loses his voice the day before "
        "his wedding. Most of it was filmed in an empty swimming pool, where the sound was best. The film won a "
        "prize in Rotterdam, and with the money Priya bought a new roof for the school.",
        (
            ("From where did Priya borrow the camera?", "her old school"),
            ("What is the job of the man the story is about?", "barber"),
            ("In which city did the film win a prize?", "Rotterdam"),
        ),
    ),
]


def rows() -> list[dict[str, Any]]:
    """Return one question of each passage, then another of each; which one comes first differs by passage.

    Raises:
        ValueError: If a passage has the wrong length or an answer does not stand in it.
    """
    made = []
    for turn in range(3):
        for place, (name, text, questions) in enumerate(PASSAGES):
            question, answer = questions[(turn + place) % 3]
            if len(text.split()) not in WORDS or answer not in text:
                raise ValueError(f"{name}: {len(text.split())} words, {answer!r}")
            kind = "number" if answer in NUMBERS or answer[0].isdigit() else "words"
            made.append({"cluster": name, "passage": text, "question": question, "answer": answer, "tags": [kind]})
    return made


def main() -> None:
    """Write samples.jsonl beside this file."""
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows()]
    Path(__file__).with_name("samples.jsonl").write_text("".join(lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
