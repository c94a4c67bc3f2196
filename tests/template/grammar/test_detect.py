import pytest

from chateval.template.grammar import detect, find_dialect, load_families, write

FAMILIES = load_families()
CHAT = [
    {"role": "user", "content": "Which sea is the saltiest?"},
    {"role": "assistant", "content": "The Dead Sea, which is a lake."},
    {"role": "user", "content": "And the largest?"},
]


@pytest.mark.parametrize(
    "name",
    [dialect.name for family in FAMILIES.values() for dialect in family.dialects],
)
def test_what_a_dialect_writes_is_detected_as_it_or_as_a_twin_that_writes_the_same(name):
    dialect = find_dialect(name, FAMILIES)
    text = write(CHAT, dialect, add_generation_prompt=True)
    matches = detect(text)
    best = [match for match in matches if match.score == matches[0].score]

    assert matches[0].score == 1.0
    assert name in [match.dialect.name for match in best]


@pytest.mark.parametrize(
    ("right", "twin"),
    [
        ("chatml", "phi4"),
        ("phi4", "chatml"),
        ("zephyr", "phi3"),
        ("phi3", "zephyr"),
        ("phi3", "phi4-mini"),
        ("llama3", "llama4"),
        ("llama4", "llama3"),
        ("mistral-v3", "mistral-v3-tekken"),
        ("mistral-v3-tekken", "mistral-v3"),
        ("mistral-v3", "mistral-v1"),
        ("mistral-v1", "mistral-v1-spm"),
        ("mistral-v1-spm", "mistral-v1"),
        ("llama2", "mistral-v1"),
        ("mistral-v1", "llama2"),
        ("vicuna", "vicuna-newline"),
        ("vicuna-newline", "vicuna"),
        ("alpaca", "alpaca-fastchat"),
        ("deepseek-v3.1", "deepseek-r1"),
        ("gemma4", "gemma2"),
    ],
)
def test_near_twins_are_told_apart(right, twin):
    text = write(CHAT, find_dialect(right, FAMILIES), add_generation_prompt=True)
    scores = {match.dialect.name: match.score for match in detect(text)}

    assert scores[right] == 1.0
    assert scores.get(twin, 0.0) < 1.0


def test_a_system_turn_tells_mistral_7_from_3():
    chat = [{"role": "system", "content": "Be brief."}, *CHAT]
    text = write(chat, find_dialect("mistral-v7-tekken", FAMILIES))

    assert detect(text)[0].dialect.name == "mistral-v7-tekken"


def test_a_known_default_system_text_names_the_dialect():
    text = write(CHAT, find_dialect("smollm2", FAMILIES))

    assert detect(text)[0].dialect.name == "smollm2"


def test_several_renderings_decide_together():
    dialect = find_dialect("mistral-v3", FAMILIES)
    texts = [write(CHAT[:1], dialect), write(CHAT, dialect)]

    assert detect(texts)[0].dialect.name == "mistral-v3"


@pytest.mark.parametrize("text", ["", "Once upon a time.", "\x00\ud800", [], "a <b> c"])
def test_a_text_without_markers_is_of_no_family(text):
    assert detect(text) == []


def test_a_damaged_text_is_still_detected():
    assert detect("<|im_start|>user\nHi<|im_start|>assistant")[0].dialect.family == "chatml"
