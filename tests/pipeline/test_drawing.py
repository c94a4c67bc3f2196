"""The tasks of a run with what the user says of drawing."""

import pytest

from chateval.errors import TaskError
from chateval.pipeline.drawing import with_drawing
from chateval.records import Decoding, Drawing, MeasureSpec, ScorerSpec, Task

SAID = Drawing(temperature=0.7, repeats=4)


def task(*scorers, output="generate", measures=()):
    specs = tuple(ScorerSpec(name) for name in scorers)
    return Task("t", 1, "", "", "", output, Decoding(), specs, (), "", "", "", measures=measures)


def labels(*tasks):
    return [[(spec.name, spec.called, spec.options["k"]) for spec in one.measures] for one in with_drawing(tasks, SAID)]


@pytest.mark.parametrize("scorer", ["number", "maths", "letter", "exact"])
def test_repeats_bring_pass_at_k_and_self_consistency(scorer):
    assert labels(task(scorer)) == [[("pass_at_4", "pass_at_k", 4), ("maj_at_4", "maj_at_k", 4)]]


def test_answers_that_nobody_takes_out_of_a_response_have_no_majority():
    assert labels(task("json_valid")) == [[("pass_at_4", "pass_at_k", 4)]]


def test_a_task_with_a_measure_of_repeats_keeps_to_it():
    own = MeasureSpec("pass_at_k", {"scorer": "number", "k": 2})

    assert labels(task("number", measures=(own,))) == [[("pass_at_k", "pass_at_k", 2)]]


def test_choices_are_not_drawn():
    [drawn, chosen] = with_drawing([task("number"), task("choice", output="choose")], SAID)

    assert (drawn.decoding.repeats, chosen.decoding, chosen.measures) == (4, Decoding(), ())


@pytest.mark.parametrize(
    ("output", "said", "fault"),
    [
        ("choose", Drawing(seed=1), "--seed: none of the tasks writes answers"),
        ("generate", Drawing(seed=1), "--seed: all tasks are answered greedily"),
        ("generate", Drawing(top_p=0.5), "--top-p: all tasks are answered greedily"),
    ],
)
def test_what_would_change_nothing_is_refused(output, said, fault):
    with pytest.raises(TaskError, match=fault):
        with_drawing([task("number", output=output)], said)
