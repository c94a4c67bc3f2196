"""Nothing but the prompt decides an answer: not its neighbours, their order, limits of a pass, sharing or threads."""

import random
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from bench import Bench
from fuzz import bounded
from hypothesis import given
from hypothesis import strategies as st

from chateval.engine.base import Batch
from chateval.engine.batch import plan_batches
from chateval.records import CheckpointSummary, Decoding, Report
from chateval.report.contrast import rounding_line

WORDS = (
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "and",
    "runs",
    "away",
    "from",
    "one",
    "red",
)
TOLERANCE = 1e-4
"""Largest difference of a log-probability in float32, natural log, between two compositions of a batch."""
DRAWN = Decoding(max_new_tokens=8, temperature=0.8, top_p=0.9, seed=5)


@pytest.fixture(scope="module")
def asked(tiny_chat):
    """Return a bench, 24 prompts of many lengths, half of which begin alike, and their answers one by one."""
    bench = Bench(tiny_chat)
    generator = random.Random(3)
    texts = [" ".join(generator.choices(WORDS, k=generator.randint(1, 60))) for _ in range(12)]
    shared = " ".join(generator.choices(WORDS, k=40))
    texts += [f"{shared} {' '.join(generator.choices(WORDS, k=generator.randint(1, 9)))}" for _ in range(12)]
    prompts = [
        replace(prompt, decoding=DRAWN if n % 3 == 0 else Decoding(max_new_tokens=1 + n % 11), repeat=n % 2)
        for n, prompt in enumerate(bench.prompts(Decoding(), texts))
    ]
    return bench, prompts, [bench.engine(stop_ids=[2]).answer([prompt])[0] for prompt in prompts]


def told(response):
    """Return what must be equal to the last character."""
    return response.text, response.finish, response.output_ids, response.error


@contextmanager
def limits(bench, n_rows, n_tokens, n_chunk):
    """Have batches of so many answers, passes of so many tokens, and so many of one sequence in a pass."""
    patch = pytest.MonkeyPatch()
    patch.setattr("chateval.engine.session.count_rows", lambda model, longest: n_rows)
    patch.setattr("chateval.engine.transformers._PASS_TOKENS", {"cpu": n_tokens})
    patch.setattr("chateval.engine.passes.CHUNK_TOKENS", n_chunk)
    try:
        yield
    finally:
        patch.undo()


compositions = st.tuples(
    st.lists(st.integers(0, 23), min_size=1, max_size=24, unique=True),
    st.sampled_from([1, 2, 3, 7, 128]),
    st.sampled_from([1, 16, 64, 2_048]),
    st.sampled_from([5, 32, 1_024]),
    st.booleans(),
)


@bounded(12)
@given(composition=compositions)
def test_whatever_shares_its_batch_an_answer_is_the_same(asked, composition):
    bench, prompts, alone = asked
    chosen, n_rows, n_tokens, n_chunk, shares = composition
    subset = [prompts[n] for n in chosen]

    with limits(bench, n_rows, n_tokens, n_chunk):
        engine = bench.engine(stop_ids=[2])
        batches = plan_batches(subset, n_tokens=n_tokens) if shares else [Batch(tuple(subset))]
        found = {id(prompt): response for part in engine.respond(batches) for prompt, response in part}

    assert [told(found[id(prompts[n])]) for n in chosen] == [told(alone[n]) for n in chosen]


@bounded(12)
@given(composition=compositions)
def test_log_probabilities_of_choices_move_by_rounding_alone(asked, composition):
    bench, prompts, _ = asked
    chosen, _, n_tokens, n_chunk, shares = composition
    choosing = [replace(prompt, choice_ids=((5, 9, 300), (7,), (5, 9, 21, 22))) for prompt in prompts]
    subset = [choosing[n] for n in chosen]

    with limits(bench, 128, n_tokens, n_chunk):
        engine = bench.engine()
        batches = plan_batches(subset, n_tokens=n_tokens) if shares else [Batch(tuple(subset))]
        found = {id(prompt): response for part in engine.respond(batches) for prompt, response in part}

    for n in chosen[:3]:
        [alone] = bench.engine().answer([choosing[n]])
        for choice, same in zip(found[id(choosing[n])].choice_logprobs, alone.choice_logprobs, strict=True):
            assert choice == pytest.approx(same, abs=TOLERANCE)


@pytest.mark.parametrize("n_threads", [1, 2, 4])
def test_the_number_of_threads_changes_no_answer(asked, n_threads):
    bench, prompts, alone = asked
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        found = bench.engine(stop_ids=[2]).answer(prompts)
    finally:
        torch.set_num_threads(before)

    assert list(map(told, found)) == list(map(told, alone))


def test_the_same_question_twice_is_the_same_answer_to_the_last_bit(asked):
    bench, prompts, _ = asked

    assert bench.engine().answer(prompts) == bench.engine().answer(prompts)


@pytest.mark.parametrize("n_done", [1, 5, 11, 23])
def test_what_was_answered_before_a_kill_does_not_change_what_is_left(asked, n_done):
    bench, prompts, alone = asked
    [batch] = plan_batches(prompts, n_tokens=2_048)
    left = tuple(prompt for prompt in batch.prompts[n_done:])

    found = {id(p): r for part in bench.engine(stop_ids=[2]).respond([replace(batch, prompts=left)]) for p, r in part}

    expected = {id(prompt): response for prompt, response in zip(prompts, alone, strict=True)}
    assert all(told(found[id(prompt)]) == told(expected[id(prompt)]) for prompt in left)


def test_repeats_seeds_and_samples_draw_for_themselves(asked):
    bench, prompts, _ = asked
    [one] = [replace(prompts[0], repeat=0)]
    variants = [
        one,
        replace(one, repeat=1),
        replace(one, decoding=replace(one.decoding, seed=6)),
        replace(one, sample_id="f" * 16),
    ]

    together = bench.engine(stop_ids=[]).answer(variants)
    alone = [bench.engine(stop_ids=[]).answer([variant])[0] for variant in reversed(variants)][::-1]

    assert together == alone
    assert len({response.output_ids for response in together}) == 4


def test_the_random_numbers_of_the_program_play_no_part(asked):
    bench, prompts, alone = asked
    torch.manual_seed(1)
    random.seed(1)

    assert list(map(told, bench.engine(stop_ids=[2]).answer(prompts[:6]))) == list(map(told, alone[:6]))


# Where they may differ, the report says so


def report(*checkpoints, noise=()):
    found = tuple(
        CheckpointSummary(name, "chat", dtype, "", "", "", None, 1, 0, 0, 0, 1, 1, engine=engine)
        for name, dtype, engine in checkpoints
    )
    return Report("base", found, (), (), (), (), (), noise=noise)


MEASURES = "answers may differ with the composition of batches, even greedy ones; --noise N measures how much"


@pytest.mark.parametrize(
    ("checkpoints", "ways"),
    [
        ([("base", "float32", "transformers")], ""),
        ([("base", "bfloat16", "fake")], ""),
        ([("base", "bfloat16", "")], ""),
        ([("base", "bfloat16", "transformers"), ("sft", "bfloat16", "transformers")], "bfloat16 (base, sft)"),
        ([("base", "float32", "transformers"), ("sft", "float16", "transformers")], "float16 (sft)"),
        ([("base", "float32", "vllm"), ("api", "float32", "openai")], "vLLM (base); an endpoint (api)"),
    ],
)
def test_where_rounding_can_turn_a_token_the_report_says_so(checkpoints, ways):
    assert rounding_line(report(*checkpoints)) == (f"In {ways} {MEASURES}" if ways else "")


def test_a_report_with_measured_noise_shows_the_figure_instead():
    from chateval.records import Noise

    noise = (Noise(task="t", scorer="exact", n_reruns=2, n_samples=10, n_flips=1.0, delta=0.1),)

    assert rounding_line(report(("base", "bfloat16", "transformers"), noise=noise)) == ""


def test_the_line_stands_in_every_report(finished_run):
    from io import StringIO

    from rich.console import Console

    from chateval.report import read_report, show, to_html, to_markdown

    whole = read_report(finished_run / "report.json")
    short = tuple(replace(one, dtype="bfloat16", engine="transformers") for one in whole.checkpoints)
    console = Console(file=StringIO(), width=300)
    show(replace(whole, checkpoints=short), console)

    for text in (
        console.file.getvalue(),
        to_markdown(replace(whole, checkpoints=short)),
        to_html(replace(whole, checkpoints=short)),
    ):
        assert MEASURES in text
    assert MEASURES not in to_markdown(whole)
