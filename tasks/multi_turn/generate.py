"""Writes samples.jsonl: conversations whose last turn asks for a fact that an earlier turn told or corrected.

Rows alternate between `recall` and `correction`; between the fact and the question stand exchanges on other subjects.
Their number grows and falls along the file, so that every stretch of it has short and long conversations.
"""

import json
import random
from pathlib import Path
from typing import Any

SEED = 21

# fmt: off
# What the user says, what the assistant says, the question at the end, the answer, what must not be said.
RECALL = (
    ("Hi! My name is Teresa.", "Hello Teresa, nice to meet you! How can I help?",
     "What is my name?", "Teresa", ()),
    ("I live in Lisbon, close to the river.", "That sounds like a lovely place to live.",
     "In which city do I live?", "Lisbon", ()),
    ("My dog is called Biscuit. He is four years old.", "Biscuit is a sweet name for a dog!",
     "What is my dog's name?", "Biscuit", ()),
    ("I am 47 years old and I have just started to run.", "It is never too late to start. Good for you!",
     "How old am I?", "47", ()),
    ("My favourite colour is purple.", "Purple is a beautiful colour.",
     "What is my favourite colour?", "purple", ()),
    ("I work as a carpenter. I mostly make tables.", "That must be satisfying work.",
     "What is my job?", "carpenter", ()),
    ("My flight leaves on Wednesday.", "Noted. I hope you have a smooth flight.",
     "On which day does my flight leave?", "Wednesday", ()),
    ("My sister lives in Oslo and I live in Madrid.", "Then you must have very different winters!",
     "In which city do I live? Name only the city.", "Madrid", ("Oslo",)),
    ("I parked the car on level 14 of the garage.", "Good to know, that garage is large.",
     "On which level did I park the car?", "14", ()),
    ("I am allergic to peanuts.", "Thank you for telling me. I will keep that in mind.",
     "What am I allergic to?", "peanuts", ()),
    ("My birthday is on 23 October.", "An autumn birthday, how nice!",
     "On which day of October is my birthday?", "23", ()),
    ("I play the cello in a small orchestra.", "How wonderful! It has a warm sound.",
     "Which instrument do I play?", "cello", ()),
    ("My brother is called Felix and my cousin is called Jonas.", "It sounds like a lively family.",
     "What is my brother called? Give one name.", "Felix", ("Jonas",)),
    ("My hotel room is number 318.", "Thank you. I hope the room is comfortable.",
     "What is my room number?", "318", ()),
    ("I would like to learn Italian this year.", "A fine plan. A little practice each day helps.",
     "Which language would I like to learn?", "Italian", ()),
    ("I drive a yellow van that I bought last year.", "That must be easy to find in a car park!",
     "What colour is my van?", "yellow", ()),
    ("My meeting with the bank is at 15:40.", "All right. I hope that it goes well.",
     "At what time is my meeting?", "15:40", ()),
    ("I grew up in Finland before I moved away for work.", "It must have been an interesting childhood.",
     "In which country did I grow up?", "Finland", ()),
    ("My cat Pepper is black and my cat Snowy is white.", "They must look lovely side by side.",
     "Which of my cats is black? Give only its name.", "Pepper", ("Snowy",)),
    ("My favourite dish is lasagne, and I make it every week.", "Delicious! It is a great dish to share.",
     "What is my favourite dish?", "lasagne", ()),
    ("I have 26 pupils in my class this year.", "That is a good size for a lively class.",
     "How many pupils do I have?", "26", ()),
    ("My daughter Hanna wants to become a pilot.", "What an exciting dream!",
     "What does my daughter want to become?", "pilot", ()),
    ("The key to the shed is under the blue bucket.", "Good, I will remember where it is.",
     "Under what is the key to the shed?", "bucket", ()),
    ("Our team plays in Leeds on Friday and in Bristol on Sunday.", "Two matches in one weekend, good luck!",
     "In which city does our team play on Sunday? Name only the city.", "Bristol", ("Leeds",)),
    ("My grandmother was born in 1938.", "She must have many stories to tell.",
     "In which year was my grandmother born?", "1938", ()),
    ("I am reading a book about whales.", "They are fascinating animals.",
     "What is the book that I am reading about?", "whales", ()),
    ("My neighbour, Mr Okafor, looks after my plants.", "It is good to have a kind neighbour.",
     "What is my neighbour's name?", "Okafor", ()),
    ("I collect old stamps. My uncle gave me the first ones.", "That is a hobby with a lot of history.",
     "What do I collect?", "stamps", ()),
    ("I bought tea for 12 euros and honey for 19 euros.", "Those sound like good purchases.",
     "How many euros did the honey cost? Give one number.", "19", ("12",)),
    ("We will get married in June, by the lake.", "Congratulations! It will be a beautiful day.",
     "In which month will we get married?", "June", ()),
    ("The password for the quiz is walnut.", "Thank you, I have noted it.",
     "What is the password for the quiz?", "walnut", ()),
    ("I take bus 52 to work in the morning.", "I hope that it is not too crowded.",
     "Which bus do I take to work?", "52", ()),
    ("I asked Priya to bring the salad and Marco to bring the bread.", "That will be a nice lunch together.",
     "Whom did I ask to bring the bread? Give one name.", "Marco", ("Priya",)),
    ("I am planning a holiday in Scotland with two friends.", "The landscape there is stunning.",
     "Where am I planning a holiday?", "Scotland", ()),
)

# What the user says, the assistant's reply, the correction, its reply, the question, the answer, what must not be said.
CORRECTION = (
    ("My name is Dan.", "Nice to meet you, Dan!", "Sorry, I made a mistake. My name is Ben.",
     "No problem, Ben!", "What is my name?", "Ben", ("Dan",)),
    ("My dentist appointment is on Tuesday.", "All right, on Tuesday.", "Actually, it is on Thursday.",
     "Thank you, I have changed that.", "On which day is my appointment?", "Thursday", ("Tuesday",)),
    ("I live in Paris.", "Paris is a beautiful city.", "I have to correct myself. I have moved, I live in Vienna now.",
     "Thank you for telling me. I hope you like it there.", "In which city do I live now?", "Vienna", ("Paris",)),
    ("There will be 20 guests at my party.", "A party for 20, how nice!", "I counted again. There will be 35 guests.",
     "Good, 35 guests it is.", "How many guests will there be?", "35", ("20",)),
    ("My favourite fruit is mango.", "Mango is sweet and juicy.", "No, wait, I like cherries best.",
     "Those are a good choice too.", "What is my favourite fruit?", "cherries", ("mango", "mangoes")),
    ("The train leaves at 9:15.", "Then you should be there a little earlier.", "I misread it, it leaves at 10:45.",
     "I see, thank you.", "At what time does the train leave?", "10:45", ("9:15",)),
    ("I need to paint the kitchen green.", "That will look fresh.", "My wife changed her mind, it has to be orange.",
     "That will be a warm colour.", "Which colour must the kitchen be?", "orange", ("green",)),
    ("My mother is 58 years old.", "That is no age.", "Oh, it was her birthday last week. She is 59 now.",
     "Happy birthday to her!", "How old is my mother?", "59", ("58",)),
    ("We have a parrot called Kiwi.", "Kiwi is a funny name for a parrot.", "I was wrong. The parrot is called Mango.",
     "That is a funny name too.", "What is our parrot called?", "Mango", ("Kiwi",)),
    ("I would like to order a pizza.", "Good choice, I will note that.", "I changed my mind. I want soup instead.",
     "Of course, I have changed your order.", "What have I ordered?", "soup", ("pizza",)),
    ("The museum is on Mill Street.", "Thank you, Mill Street.", "That is wrong, it is on Castle Street.",
     "I have corrected it.", "On which street is the museum?", "Castle Street", ("Mill Street",)),
    ("My teacher comes from Canada.", "It is a large and beautiful country.",
     "She told me today that she comes from Ireland.", "Thank you for the correction.",
     "Which country does my teacher come from?", "Ireland", ("Canada",)),
    ("Please remember the number 64.", "I will remember 64.", "Please remember 79 instead of it.",
     "I will remember 79.", "Which number should you remember?", "79", ("64",)),
    ("My sister is a nurse.", "That is an important job.", "She has a new job, she is a baker now.",
     "I hope that she enjoys it.", "What is my sister's job now?", "baker", ("nurse",)),
    ("The concert is in March.", "I hope that you enjoy it.", "It has been moved to May.",
     "That gives you more time to look forward to it.", "In which month is the concert?", "May", ("March",)),
    ("I am going to Berlin by plane.", "Have a good flight!", "I have decided to go by train.",
     "That is a relaxing way to travel.", "How am I going to Berlin?", "train", ("plane",)),
    ("My shoe size is 41.", "Thank you, size 41.", "I was wrong, my shoe size is 43.",
     "Then I will use 43.", "What is my shoe size?", "43", ("41",)),
    ("I gave the map to Laura.", "Then she will find the way.", "It was not her, I gave the map to Olivia.",
     "I see, thank you.", "To whom did I give the map?", "Olivia", ("Laura",)),
    ("My favourite sport is tennis.", "It keeps you fit.", "These days I like swimming more than anything else.",
     "That is healthy for the whole body.", "What is my favourite sport now?", "swimming", ("tennis",)),
    ("The office is on floor 16.", "Then there must be a good view.", "The office has moved. It is on floor 28 now.",
     "The view must be even better there.", "On which floor is the office?", "28", ("16",)),
    ("I left my glasses in the bathroom.", "Good that you know where they are.",
     "They were not there. I found them in the garage.", "I am glad that you found them.",
     "Where did I find my glasses?", "garage", ("bathroom",)),
    ("We are going to name the boat Victory.", "That is a proud name.", "We voted, and the name will be Seagull.",
     "That suits a boat well.", "What will be the name of our boat?", "Seagull", ("Victory",)),
    ("The film starts at 19:30.", "You will have time for dinner first.", "It starts earlier than I said, at 18:20.",
     "Then it will be an early dinner.", "When does the film start?", "18:20", ("19:30",)),
    ("My aunt's garden is full of roses.", "It must smell wonderful.", "I mean tulips. I always confuse the two.",
     "They are lovely as well.", "Which flowers grow in my aunt's garden?", "tulips", ("roses",)),
    ("The recipe needs 250 grams of flour.", "All right, 250 grams.", "I looked again, it needs 400 grams.",
     "Thank you, 400 grams.", "How many grams of flour does the recipe need?", "400", ("250",)),
    ("My friend Sofia will pick me up.", "That is kind of her.", "She is ill, so Carlos will pick me up.",
     "I hope that she gets well soon.", "Who will pick me up?", "Carlos", ("Sofia",)),
    ("I have a bicycle and it is red.", "A bright colour is safer on the road.", "I have painted it. It is silver now.",
     "That must look smart.", "What colour is my bicycle now?", "silver", ("red",)),
    ("The exam is on 8 April.", "There is still time to study.", "They have changed the date to 17 April.",
     "Good, a few more days to study.", "On which day of April is the exam?", "17", ("8",)),
    ("My grandfather was a farmer.", "He must have worked hard.", "My mother says that he was a sailor.",
     "Then he must have seen the world.", "What was my grandfather's job, as my mother says?", "sailor", ("farmer",)),
    ("I will cook rice tonight.", "A simple and good dinner.", "There is none left, so I will cook potatoes.",
     "They are filling and easy to cook.", "What will I cook tonight?", "potatoes", ("rice",)),
    ("Our hotel is called the Lion.", "I hope that it is comfortable.", "It is called the Dolphin, I looked it up.",
     "Thank you, I have noted it.", "What is our hotel called?", "Dolphin", ("Lion",)),
    ("My phone has 15 percent of its battery left.", "You should charge it soon.",
     "I charged it for a while. It is at 90 percent now.", "That will last the whole day.",
     "What percent is my battery at now?", "90", ("15",)),
    ("The new colleague is called Mr Weber.", "I hope that he settles in well.", "I was wrong. He is called Mr Novak.",
     "Thank you for the correction.", "What is the new colleague called?", "Novak", ("Weber",)),
    ("We want to spend the summer in Greece.", "The islands are wonderful.", "It is too hot there, so we chose Norway.",
     "The fjords are wonderful.", "Where will we spend the summer?", "Norway", ("Greece",)),
)

BETWEEN = (
    ("How many legs does a spider have?", "A spider has eight legs."),
    ("What do bees make?", "Bees make honey and wax."),
    ("What is the opposite of empty?", "The opposite of empty is full."),
    ("Can you give me a tip for sleeping better?", "Go to bed at the same time every night."),
    ("What is a synonym of quick?", "A synonym of quick is fast."),
    ("Why is the sea salty?", "Rivers carry salts from rocks into the sea, and they stay there."),
    ("What is water made of?", "Water is made of hydrogen and oxygen."),
    ("Which planet is the largest?", "Jupiter is the largest planet of our solar system."),
    ("How do I get a stain out of a shirt?", "Rinse it with cold water and soap before you wash it."),
    ("What is a group of wolves called?", "A group of wolves is called a pack."),
    ("Who wrote Hamlet?", "William Shakespeare wrote Hamlet."),
    ("What does a thermometer measure?", "A thermometer measures temperature."),
    ("Is a tomato a vegetable?", "In botany it is a fruit, but cooks use it as a vegetable."),
    ("How often should I water a cactus?", "About once every two or three weeks is enough."),
    ("What is the capital of Japan?", "The capital of Japan is Tokyo."),
    ("Tell me a short joke.", "Why did the scarecrow win a prize? Because it was outstanding in its field."),
    ("How many minutes are there in an hour?", "There are sixty minutes in an hour."),
    ("What do pandas eat?", "Pandas eat bamboo for most of the day."),
    ("Which metal is liquid at room temperature?", "Mercury is liquid at room temperature."),
    ("What is the past tense of go?", "The past tense of go is went."),
)
# fmt: on


def between(n: int, said: str, rng: random.Random) -> list[tuple[str, str]]:
    """Return `n` exchanges that share no noteworthy word with the fact of the conversation."""
    free = [pair for pair in BETWEEN if not {word for word in words(" ".join(pair)) if len(word) > 4} & words(said)]
    return rng.sample(free, n)


def words(text: str) -> set[str]:
    return {word.strip(".,?!'").lower() for word in text.split()}


def row(
    exchanges: list[tuple[str, str]], question: str, answer: str, wrong: tuple[str, ...], kind: str
) -> dict[str, Any]:
    turns = []
    for user, assistant in exchanges:
        turns += [{"role": "user", "content": user}, {"role": "assistant", "content": assistant}]
    turns.append({"role": "user", "content": question})
    return {"turns": turns, "answer": answer, "wrong": list(wrong), "tags": [kind]}


def rows() -> list[dict[str, Any]]:
    rng = random.Random(SEED)
    written = []
    for index, (recall, correction) in enumerate(zip(RECALL, CORRECTION, strict=True)):
        fact, reply, question, answer, wrong = recall
        n_between = 1 + index % 4
        exchanges = [(fact, reply), *between(n_between, " ".join(recall[:4]), rng)]
        written.append(row(exchanges, question, answer, wrong, "recall"))

        fact, reply, mend, reply_to_mend, question, answer, wrong = correction
        n_before, n_after = ((0, 0), (0, 1), (1, 1), (1, 2))[index % 4]
        others = between(n_before + n_after, " ".join(correction[:6]), rng)
        exchanges = [(fact, reply), *others[:n_before], (mend, reply_to_mend), *others[n_before:]]
        written.append(row(exchanges, question, answer, wrong, "correction"))
    return written


if __name__ == "__main__":
    lines = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows()]
    Path(__file__).with_name("samples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
