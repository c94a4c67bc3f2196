"""What a report says of answers that were drawn."""

import pytest

from chateval.records import CheckpointSummary, Decoding, Report, TaskSummary
from chateval.report import to_markdown
from chateval.report.words import drawn_words, seed_words


def report(decoding, engine, output="generate"):
    task = TaskSummary("sums", 1, "", 4, 4, output, decoding, ("number",), "d")
    found = CheckpointSummary("served", "sft", "float32", "", "", "", None, 1, 0, 0, 0, 1, 1, engine=engine)
    return Report("served", (found,), (task,), (), (), (), ())


@pytest.mark.parametrize(
    ("decoding", "said"),
    [
        (Decoding(), ""),
        (Decoding(temperature=0.7, top_p=0.9, seed=2, repeats=4), "temperature 0.7, top-p 0.9, seed 2, 4 repeats"),
        (Decoding(temperature=1.0), "temperature 1, top-p 1, seed 0, 1 repeat"),
    ],
)
def test_temperature_seed_and_repeats_are_said(decoding, said):
    [task] = report(decoding, "transformers").tasks

    assert drawn_words(task) == said
    assert said in to_markdown(report(decoding, "transformers"))


@pytest.mark.parametrize(
    ("decoding", "engine", "output", "is_said"),
    [
        (Decoding(temperature=0.7), "openai", "generate", True),
        (Decoding(temperature=0.7), "openai", "choose", False),
        (Decoding(temperature=0.7), "transformers", "generate", False),
        (Decoding(), "openai", "generate", False),
    ],
)
def test_that_a_server_may_pass_over_the_seed_is_said_where_it_matters(decoding, engine, output, is_said):
    found = report(decoding, engine, output)

    assert ("The seed was sent with each request for sums" in to_markdown(found)) == is_said
    assert bool(seed_words(found)) == is_said
