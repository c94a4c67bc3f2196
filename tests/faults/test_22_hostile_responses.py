"""Fault 22: responses that mean harm to the scorer: huge, deep, endless, or unlike any text."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import scorer_cases
from scorer_cases import BY_LOGPROBS, HOSTILE, NAMES, case_for, scorer_of

from chateval.records import Mark

LIMIT_SECONDS = 2.0
"""Of processor time, for one response and scorer, on a machine that does other things too."""
LONG_LIMIT_SECONDS = 10.0
"""Of processor time, for the scorers that take a second or two for each 5 MB on a machine with nothing else to do."""
LARGE = frozenset(hostile for hostile in HOSTILE if hostile.startswith("5 MB")) | {"expanding letters"}
LINEAR = ("maths", "number", "letter", "normalised", "text_f1", "contains_answer", "final_answer")
"""Scorers whose time grows with the length of the response, by a second or two for each 5 MB."""
QUICK_NAMES = [name for name in NAMES if name not in ("maths", "runs_tests", "number", "letter")]


def check(name, texts):
    scorer = scorer_of(name)
    more = {"choice_logprobs": ((-1.0,), (-2.0,))} if name in BY_LOGPROBS else {}
    scorer(case_for(name, "", **more))
    for hostile in texts:
        limit = LONG_LIMIT_SECONDS if name in LINEAR and hostile in LARGE else LIMIT_SECONDS
        case = case_for(name, HOSTILE[hostile], **more)
        start, clock = time.process_time(), time.monotonic()
        found = scorer(case)
        assert time.process_time() - start < limit, hostile
        assert time.monotonic() - clock < 60, hostile
        assert isinstance(found, Mark), hostile
        assert found.value is None or 0 <= found.value <= 1, hostile
        assert found.value is not None or found.reason, hostile
        assert 0 <= found.weight < 1e12, hostile


@pytest.mark.parametrize("name", QUICK_NAMES)
def test_a_hostile_response_gets_a_mark_within_two_seconds(name):
    check(name, list(HOSTILE)[QUICK_NAMES.index(name) % 6 :: 6])


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("maths", "runs_tests")])
def test_every_hostile_response_gets_a_mark_within_two_seconds(name):
    check(name, list(HOSTILE))


@pytest.mark.slow
@pytest.mark.parametrize(
    "hostile", ["a tower of powers", "a factorial", "a huge matrix", "a deep fraction", "many dollars"]
)
def test_mathematics_that_never_ends_is_wrong_or_runs_into_the_limit_of_its_process(hostile):
    check("maths", [hostile])


def test_a_bomb_takes_no_memory():
    """What a short text stands for is never unfolded."""
    program = """
import resource, sys
from scorer_cases import HOSTILE, case_for, scorer_of
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in ("xml_valid", "yaml_valid", "json_valid", "number"):
    for hostile in ("a billion laughs", "aliases of aliases", "an alias of itself", "an exponent"):
        scorer_of(name)(case_for(name, HOSTILE[hostile]))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ, PYTHONPATH=str(Path(scorer_cases.__file__).parent)),
    )

    assert int(found.stdout) < 100
