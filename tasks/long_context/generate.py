"""Write samples.jsonl beside this file: a fact at a known depth of a long text, and a question about it."""

import json
import random
import re
from pathlib import Path

SEED = 20250711
DEPTHS = [0, 25, 50, 75, 100]  # % of the sentences that stand before the fact
SHORT = [200, 400, 800]  # words: about 250, 500 and 1000 tokens
LONG = [1600, 6300]  # words: about 2000 and 7500 tokens
N_SHORT, N_LONG = 45, 20
N_DISTRACTORS = {200: 2, 400: 3, 800: 4, 1600: 5, 6300: 7}
SENTENCES_A_PARAGRAPH = 6

# Facts: how they are stated, how they are asked for, the places they are about, and the answers.
CODE_PLACES = (
    "north gate,south gate,east gate,west gate,boat house,wine cellar,map room,clock tower,grain store,ferry office"
)
KEEPER_PLACES = "lighthouse,museum,water mill,library,observatory,town hall,orchard,theatre,school kitchen,post office"
DOOR_PLACES = "bakery,pharmacy,barber shop,bank,chapel,fire station,toy shop,book shop,forge,tea house"
NAMES = "Marta,Idris,Helena,Tobias,Leila,Anton,Priya,Samuel,Noor,Viktor,Greta,Hamid"
COLOURS = "red,blue,green,yellow,white,black,purple,orange,pink,brown"
FACTS = [
    ("The access code of the {} is {}.", "What is the access code of the {}?", CODE_PLACES.split(","), None),
    (
        "The keeper of the {} is called {}.",
        "What is the keeper of the {} called?",
        KEEPER_PLACES.split(","),
        NAMES.split(","),
    ),
    (
        "The door of the {} is painted {}.",
        "What colour is the door of the {} painted?",
        DOOR_PLACES.split(","),
        COLOURS.split(","),
    ),
]

# Filler: no digits, no names, no colours, none of the places, no code, keeper or door.
WORDS = {
    "who": "a farmer,a sailor,a teacher,an old fisherman,a young carpenter,a travelling musician,a gardener,a shepherd,"
    "a retired captain,a tailor,a potter,a nurse,a student,a weaver,a cook,a stonemason,a beekeeper,a coachman",
    "group": "the children,the neighbours,the visitors,the villagers,the sailors,the farmers,the students,"
    "the travellers,the musicians,the older people,the merchants,the walkers,the weavers,the guests",
    "thing": "basket,blanket,kettle,ladder,lantern,wheelbarrow,rope,wooden box,bucket,hammer,candle,bell,saddle,mirror,"
    "drum,barrel,parasol,letter,jacket,spade,bench,violin",
    "food": "bread,soup,honey,cheese,apples,plums,beans,cabbage,butter,walnuts,fish stew,onion pie,roasted chestnuts,"
    "pears,lentils,dried figs,oatmeal,mushrooms",
    "site": "the harbour,the market square,the river bank,the old bridge,the meadow,the hill,the pine forest,"
    "the valley,the village pump,the stone wall,the narrow lane,the pond,the railway station,the vineyard,the quarry",
    "time": "in the early morning,before noon,late in the afternoon,at dusk,after supper,during the winter,in spring,"
    "on market days,on Sundays,at harvest time,after the first frost,on long summer evenings,once a month,most days",
    "weather": "a light rain,a thick fog,a cold wind,a warm breeze,heavy snow,bright sunshine,a sudden storm,"
    "gentle drizzle,a dry spell,a hard frost,low cloud,a mild haze",
    "animal": "goats,geese,sheep,swallows,horses,hens,cats,donkeys,owls,bees,crows,rabbits,ducks,foxes,herons",
    "quality": "quiet,useful,rather dull,pleasant,unusual,simple,expensive,difficult,surprising,comfortable,necessary,"
    "old-fashioned,delightful,tiring",
    "task": "mending nets,cutting hay,baking,carrying water,chopping wood,sorting seeds,washing wool,repairing roofs,"
    "picking fruit,polishing boots,painting fences,feeding the hens,sweeping the yard,stacking bricks",
    "much": "nearly every,hardly any,almost every,more than one,many a,every other",
}
TEMPLATES = """
{Who} carried a {thing} from {site} to {site}.
{Time} {group} gathered near {site} and talked about {food}.
There was {weather} over {site}, so {group} stayed at home.
{Animal} could be heard near {site} {time}.
{Group} said that {task} was {quality} work.
It is {quality} to walk along {site} {time}.
{Who} sold {food} beside {site} {time}.
{Much} family in the valley owned a {thing} and a few {animal}.
After {task}, {who} usually sat down with a bowl of {food}.
{Weather} came down from {site} and surprised {group}.
Nobody remembered who had left the {thing} beside {site}.
{Group} preferred {food} to {food}, especially {time}.
When {animal} passed {site}, {who} stopped {task} to watch them.
A book about {task} mentions {site} and calls it {quality}.
{Who} explained to {group} why {task} takes so long.
{Time} the path to {site} is {quality} because of {weather}.
The price of {food} rose when {weather} lasted for weeks.
{Group} borrowed a {thing} from {who} and brought it back {time}.
{Animal} like to rest near {site} when there is {weather}.
In the evening {who} told a story about {animal} and a lost {thing}.
It took {who} a whole season to learn {task}.
Some of {group} found the smell of {food} {quality}.
Between {site} and {site} one meets {animal} and sometimes {who}.
{Who} tied a {thing} to a cart and went to {site}.
According to {group}, {weather} is a sign of a good harvest.
{Much} visitor who came to {site} bought {food} there.
The repair of the {thing} was {quality}, but {who} managed it {time}.
{Group} spent the day {task} and sang on the way back from {site}.
A drawing in the hall shows {animal}, a {thing} and {who}.
{Who} dreamed of {food} while {task} in {weather}.
""".strip().splitlines()


def fill(rng, template):
    """Return a sentence: each `{key}` is drawn from its words, never one twice; `{Key}` gets a capital."""
    drawn = set()

    def draw(match):
        key = match[1]
        word = rng.choice([each for each in WORDS[key.lower()].split(",") if each not in drawn])
        drawn.add(word)
        return word[0].upper() + word[1:] if key[0].isupper() else word

    return re.sub(r"\{(\w+)\}", draw, template)


def filler(rng, n_words):
    """Return sentences of about `n_words` words in all, no two alike, and no template twice in a row."""
    sentences, seen, left, last = [], set(), n_words, ""
    while left > 0:
        template = rng.choice([each for each in TEMPLATES if each != last])
        sentence = fill(rng, template)
        if sentence not in seen:
            seen.add(sentence)
            sentences.append(sentence)
            left -= len(sentence.split())
            last = template
    return sentences


def answers(rng, pool, n):
    """Return `n` different answers: from the pool, or numbers of four digits if there is none."""
    return rng.sample(pool, n) if pool else [str(code) for code in rng.sample(range(1000, 10000), n)]


def row(rng, words, depth, fact):
    """Return one sample of about `words` words."""
    statement, question, places, pool = fact
    n_facts = N_DISTRACTORS[words] + 1
    facts = list(zip(rng.sample(places, n_facts), answers(rng, pool, n_facts), strict=True))
    needle, *others = [statement.format(place, answer) for place, answer in facts]
    sentences = filler(rng, words - sum(len(each.split()) for each in [needle, *others]))
    for other in others:
        sentences.insert(rng.randrange(1, len(sentences)), other)
    sentences.insert(round(depth / 100 * len(sentences)), needle)
    paragraphs = [
        " ".join(sentences[start : start + SENTENCES_A_PARAGRAPH])
        for start in range(0, len(sentences), SENTENCES_A_PARAGRAPH)
    ]
    context = "\n\n".join(paragraphs)
    place, answer = facts[0]
    return {
        "context": context,
        "question": question.format(place),
        "answer": answer,
        "depth": depth,
        "n_words": len(context.split()),
        "tags": [f"depth-{depth}", f"words-{words}"],
    }


def main():
    rng = random.Random(SEED)
    rows = []
    for lengths, n_rows in ((SHORT, N_SHORT), (LONG, N_LONG)):
        for index in range(n_rows):
            turn, cell = divmod(index, len(lengths) * len(DEPTHS))  # each length at each depth meets each kind of fact
            fact = FACTS[(cell % len(lengths) + cell // len(lengths) + turn) % len(FACTS)]
            rows.append(row(rng, lengths[index % len(lengths)], DEPTHS[index % len(DEPTHS)], fact))
    lines = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in rows]
    Path(__file__).with_name("samples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
