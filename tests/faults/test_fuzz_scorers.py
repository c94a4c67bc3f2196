"""Any text, JSON or target to every scorer: a mark, the same one twice, or a fault of the task; never another error."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scorer_cases import BY_LOGPROBS, HOSTILE, NAMES, ROW, case_for, sample_for, scorer_of

from chateval.pipeline.mark import mark
from chateval.records import Mark

QUICK = [name for name in NAMES if name not in ("runs_tests", "maths")]
FUZZ = settings(derandomize=True, deadline=None, print_blob=True, max_examples=25)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
SEEDS = (
    '{"a": 1, "b": [1, {"c": null}]}',
    '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>',
    "[add(a=1)]",
    "```python\nanswer = 42\n```",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "<a><b/></a>",
    r"The answer is $\boxed{\frac{1}{2}}$.",
    "I'm sorry, but I can't help with that.",
    "(B) because 1,234.5 is 50 %",
    '{"Brand": "Acme", "Size": ["n/a"]}',
)


@st.composite
def responses(draw):
    """Draw any text, any JSON, or a good answer with a piece cut out, doubled or replaced."""
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return draw(st.text(st.characters(codec=None), max_size=200))
    if kind == 1:
        return json.dumps(draw(JSON))
    text = draw(st.sampled_from(SEEDS))
    start, end = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
    piece = draw(st.sampled_from(("", text[start:end] * 2, "\ud800", "\0", "{" * 50, "9" * 400, "\u202e", "\n```\n")))
    return text[:start] + piece + text[end:]


@pytest.mark.parametrize("name", QUICK)
@FUZZ
@given(text=responses())
def test_any_response_gets_a_mark_and_the_same_one_again(name, text):
    more = {"choice_logprobs": ((-1.0,), (-2.0,))} if name in BY_LOGPROBS else {}
    case, scorer = case_for(name, text, **more), scorer_of(name)

    found = scorer(case)

    assert isinstance(found, Mark)
    assert found.value is None or 0 <= found.value <= 1
    assert found.value is not None or found.reason
    assert scorer(case) == found


@pytest.mark.parametrize("name", QUICK)
@FUZZ
@given(text=responses(), target=responses(), rows=st.dictionaries(st.sampled_from(sorted(ROW)), JSON, max_size=3))
def test_a_target_or_a_row_of_any_kind_is_a_mark_or_a_fault_of_the_task(name, text, target, rows):
    sample = replace(sample_for(name), target=target, inputs={**ROW, **rows})
    case = case_for(name, text, sample=sample)

    try:
        found = scorer_of(name)(case)
    except ValueError as fault:
        assert str(fault)
    else:
        assert isinstance(found, Mark)
        assert found.value is None or 0 <= found.value <= 1


@pytest.mark.parametrize("name", BY_LOGPROBS)
@FUZZ
@given(st.lists(st.lists(st.floats(), max_size=3), max_size=3))
def test_any_log_probabilities_get_a_mark(name, logprobs):
    case = case_for(name, "", choice_logprobs=tuple(map(tuple, logprobs)))

    found = mark(case, scorer_of(name))

    assert found.value is None or 0 <= found.value <= 1
    assert found.value is not None or found.reason


@pytest.mark.slow
@settings(derandomize=True, deadline=None, print_blob=True, max_examples=40)
@given(text=responses() | st.sampled_from(sorted(HOSTILE)).map(HOSTILE.__getitem__))
def test_mathematics_of_any_kind_gets_a_mark(text):
    found = scorer_of("maths")(case_for("maths", text[:20_000]))

    assert found.value in (None, 0.0, 1.0)
