"""The table of measures, and binding one to options."""

import math
from dataclasses import replace

import numpy as np
import pytest
from answers import answered, chosen, marks

from chateval.errors import TaskError
from chateval.score import SCORERS
from chateval.score.measure import MEASURES, bind_measure

OPTIONS = {
    "pass_at_k": {"scorer": "right"},
    "g_pass_at_k": {"scorer": "right", "k": 2},
    "mg_pass_at_k": {"scorer": "right", "k": 2},
    "maj_at_k": {"scorer": "right", "k": 2},
    "spread": {"scorer": "right"},
    "format_tax": {"strict": "right", "lenient": "rightish"},
    "tag_mean": {"scorer": "right", "tag": "far"},
    "tag_drop": {"scorer": "right", "before": "near", "after": "far"},
    "class_f1": {"scorer": "right", "classes": ["yes", "no"]},
    "class_mcc": {"scorer": "right", "classes": ["yes", "no"]},
}
FALSEHOODS = {"correct_answers": ["yes"], "incorrect_answers": ["no"]}


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_says_its_unit_and_what_it_reads(name):
    measure = bind_measure(name, OPTIONS.get(name, {}))

    assert measure.unit
    assert measure.output in ("generate", "choose", None)
    assert bool(measure.needs) == (measure.output is None)


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_of_two_samples_is_a_finite_number_in_any_number_of_repeats(name):
    measure = bind_measure(name, OPTIONS.get(name, {}))
    case = chosen("yes", {"yes": (-1.0,), "no": (-2.0,)}) if measure.output == "choose" else answered("yes", "yes")
    case = case if measure.output == "choose" else answered("yes", "yes", **FALSEHOODS)
    case = replace(case, sample=replace(case.sample, tags=("near", "far")), reference=case.response)
    of = [mark | {"rightish": mark["right"]} for mark in marks(1.0, 0.0)]

    rows = [measure.collect([case, case], of) for _ in range(2)]

    assert rows[0] == rows[1]
    assert math.isfinite(measure.finish(np.array(rows).sum(axis=0)))


@pytest.mark.parametrize("name", [name for name in MEASURES if bind_measure(name, OPTIONS.get(name, {})).is_mean])
def test_a_mean_has_rows_of_a_value_and_one(name):
    measure = bind_measure(name, OPTIONS.get(name, {}))
    of = [mark | {"rightish": mark["right"]} for mark in marks(1.0, 0.0)]

    value, one = measure.collect([answered("yes", "yes no")] * 2, of)

    assert 0 <= value <= 1
    assert one == 1


def test_no_measure_has_the_name_of_a_scorer():
    assert not MEASURES.keys() & SCORERS.keys()


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("blue", {}, "unknown measure 'blue'; known: bits_per_byte, bleu, "),
        ("bleu", {"tokenise": "13a"}, "measure bleu has no option 'tokenise'; it takes: tokens, ignore_case, order"),
        ("bleu", {"tokens": "14a"}, "measure bleu, option tokens: input should be '13a'"),
        ("bleu", {"order": 5}, "measure bleu: order: 5 is not one of 1 to 4"),
        ("chrf", {"word_order": -1}, "measure chrf: word_order: -1 is not one of 0 to 6"),
        ("pass_at_k", {}, "measure pass_at_k needs the option 'scorer'"),
        ("pass_at_k", {"scorer": "right", "k": 0}, "measure pass_at_k: k: 0 is below 1"),
        ("g_pass_at_k", {"scorer": "right", "k": 2, "threshold": 1.5}, "measure g_pass_at_k: threshold: 1.5 is not in"),
        ("format_tax", {"strict": "a", "lenient": "a"}, "measure format_tax: strict and lenient are both 'a'"),
        ("class_f1", {"scorer": "a", "classes": ["x", "x"]}, "measure class_f1: classes: 2, 1 of them different"),
    ],
)
def test_a_measure_that_cannot_be_is_the_fault_of_the_task(name, options, message):
    with pytest.raises(TaskError) as caught:
        bind_measure(name, options)

    assert str(caught.value).startswith(message)
