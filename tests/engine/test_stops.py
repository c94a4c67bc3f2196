from dataclasses import replace

import pytest
from answers import FACTS
from bench import Bench
from rigged import THINKS, rig

from chateval.engine.stops import StopWatch, cut_at_stop, end_at_stop
from chateval.engine.vllm.generating import Generating, Manner
from chateval.records import Decoding, Prompt, Response
from chateval.template.answer import PLAIN, marks_of, separate


def decode(ids):
    return "".join(chr(number) for number in ids)


def stops_after(text, *stops, prompt=""):
    """Return what of a text is read, a character at a time, until a stop string ends it; all of it if none does."""
    asked = Prompt("0" * 16, (), prompt, (), Decoding(stop=stops))
    watch, ids = StopWatch(asked, PLAIN), [ord(letter) for letter in text]
    for n in range(1, len(ids) + 1):
        if watch.sees(ids[:n], decode):
            read = text[:n]
            return read, cut_at_stop(read, stops, start=watch.answer_start(ids[:n], decode))
    return text, text


@pytest.mark.parametrize(
    ("text", "prompt", "read", "cut"),
    [
        ("b. c", "", "b.", "b"),
        ("<think>a. b</think>c. d", "", "<think>a. b</think>c.", "<think>a. b</think>c"),
        ("a. b</think>c. d", "<think>\n", "a. b</think>c.", "a. b</think>c"),
        ("\n <think>a.</think>b.", "", "\n <think>a.</think>b.", "\n <think>a.</think>b"),
        ("<think>a.</think>\n<think>b.</think>c.", "", None, "<think>a.</think>\n<think>b.</think>c"),
        ("x\n<think>a.</think>b.", "", None, "x\n<think>a.</think>b"),
        ("<think>a. b. c.", "", None, "<think>a. b. c."),
        ("<thin. <think>", "", "<thin.", "<thin"),
        ("<think>" + "a. " * 200 + "</think>" + "b" * 200 + ".", "", None, None),
    ],
)
def test_a_stop_string_ends_the_answer_and_not_the_thinking(text, prompt, read, cut):
    found = stops_after(text, ".", prompt=prompt)

    assert found == (read or text, cut or text.removesuffix("."))


def test_a_stop_string_does_not_fire_in_the_analysis_of_harmony():
    marks = marks_of(replace(FACTS, text="<|channel|><|message|>"))
    asked = Prompt("0" * 16, (), "<|start|>assistant", (), Decoding(stop=(".",)))
    text = "<|channel|>analysis<|message|>a. b.<|end|><|start|>assistant<|channel|>final<|message|>c."
    watch, ids = StopWatch(asked, marks), [ord(letter) for letter in text]

    found = [watch.sees(ids[:n], decode) for n in range(1, len(ids) + 1)]

    assert found == [False] * (len(ids) - 1) + [True]


def test_a_stop_string_may_begin_in_the_token_that_closes_the_thinking():
    asked = Prompt("0" * 16, (), "<think>", (), Decoding(stop=("\n\n",)))
    watch = StopWatch(asked, PLAIN)
    said = ["a\n\n", "</think>\n", "\nb"]

    def spell(ids):
        return "".join(said[number] for number in ids)

    assert [watch.sees(list(range(n)), spell) for n in (1, 2, 3)] == [False, False, True]
    assert cut_at_stop(spell([0, 1, 2]), ("\n\n",), start=watch.answer_start([0, 1, 2], spell)) == "a\n\n</think>"


@pytest.fixture(scope="module")
def thinking(tiny_chat, tmp_path_factory):
    return Bench(rig(tmp_path_factory.mktemp("rigged") / "thinks", tiny_chat))


@pytest.mark.parametrize(("prompt", "raw"), [("assistant\n", "<think>a.</think>b."), ("<think>", "a.</think>b.")])
def test_a_model_that_thinks_is_stopped_in_its_answer(thinking, prompt, raw):
    [asked] = thinking.prompts(Decoding(max_new_tokens=32, stop=(".",)), [prompt])
    engine = thinking.engine()

    [found] = engine.answer([asked])
    [plain] = engine.respond_plainly([asked])

    assert (found.raw_text, found.finish) == (raw, "stop")
    assert found.text == raw.removesuffix(".")
    assert found.n_reasoning_tokens == raw.count("<think>") + 3
    assert plain == found
    assert separate(found, asked, thinking.facts).text == "b"


def test_without_thinking_a_stop_string_ends_an_answer_as_ever(thinking):
    [asked] = thinking.prompts(Decoding(max_new_tokens=32, stop=(".",)), ["</think>"])

    [found] = thinking.engine().answer([asked])

    assert (found.raw_text, found.text, found.n_reasoning_tokens) == ("b.", "b", None)


def test_the_vllm_engine_looks_for_stop_strings_in_the_same_way(thinking):
    [asked] = thinking.prompts(Decoding(max_new_tokens=32, stop=(".",)), ["<think>"])
    [expected] = thinking.engine().answer([asked])
    job = Generating(asked, Manner(thinking.tokenizer, frozenset(thinking.facts.stop_ids), {}))

    for token in thinking.alone(asked, 8):
        job.ids.append(token)
        job.finish = job._finish(token)
        if job.finish is not None:
            break

    assert job.response() == expected


def test_an_answer_that_was_not_stopped_is_cut_where_it_would_have_been(thinking):
    [asked] = thinking.prompts(Decoding(max_new_tokens=8, stop=(".",)), ["<think>"])
    [expected] = thinking.engine().answer([asked])
    [free] = thinking.engine().answer([replace(asked, decoding=Decoding(max_new_tokens=8))])

    found = end_at_stop(free, asked, PLAIN, thinking.tokenizer.decode)

    assert THINKS["."] == "</think>"
    assert (found.text, found.raw_text, found.finish) == (expected.text, expected.raw_text, "stop")
    assert found.output_ids == expected.output_ids


def test_a_text_without_ids_is_cut_behind_its_thinking():
    asked = Prompt("0" * 16, (), "", (), Decoding(stop=(".",)))

    found = end_at_stop(Response("0" * 16, "<think>a.</think>b. c", "eos"), asked, PLAIN, decode)
    none = Response("0" * 16, "<think>a.</think>b", "eos")

    assert (found.text, found.finish) == ("<think>a.</think>b", "stop")
    assert end_at_stop(none, asked, PLAIN, decode) is none
