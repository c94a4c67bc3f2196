"""`assert_no_regression` and the pytest plugin, as a project of the user's own would use them."""

from datetime import date
from pathlib import Path

import hand_made
import pytest

from chateval.errors import ConfigError
from chateval.pipeline.against import gate_runs
from chateval.records import Rule
from chateval.store import read_baseline, write_baseline
from chateval.testing import assert_no_regression

pytest_plugins = ["pytester"]


def pair(right, n=400):
    return hand_made.run({"base": hand_made.share(300, n), "sft": hand_made.share(right, n)})


def test_what_is_no_worse_passes():
    assert_no_regression(pair(350))


def test_what_fell_is_shown_with_samples():
    with pytest.raises(AssertionError) as caught:
        assert_no_regression(pair(100))

    text = str(caught.value)
    assert "against base: 1 fail" in text
    assert "facts/exact max_drop 0.02" in text
    assert "no longer right: 200 samples" in text
    assert "asked: What is 100?" in text
    assert "target: 100" in text


def test_too_few_samples_fail_unless_that_is_allowed():
    run = hand_made.run({"base": [1] * 12, "sft": [1] * 12})

    with pytest.raises(AssertionError, match="1 inconclusive"):
        assert_no_regression(run)
    assert_no_regression(run, allow_inconclusive=True)


def test_a_fail_is_never_allowed():
    with pytest.raises(AssertionError, match="1 fail"):
        assert_no_regression(pair(100), allow_inconclusive=True)


def test_a_baseline_file_takes_the_place_of_the_runs_own(tmp_path):
    write_baseline(tmp_path / "sft.json", pair(390), "sft", accepted=date(2026, 1, 31))

    assert_no_regression(pair(350))
    with pytest.raises(AssertionError, match="against sft@2026-01-31"):
        assert_no_regression(pair(350), baseline=read_baseline(tmp_path / "sft.json"))


def test_rules_and_a_report_may_be_given():
    report = gate_runs([pair(350)], [])

    assert_no_regression(report, rules=[Rule(max_errors=0)])
    with pytest.raises(TypeError, match="give the run itself"):
        assert_no_regression(report, baseline="x.json")


def test_rules_may_be_mappings_as_in_the_yaml():
    assert_no_regression(pair(350), rules=[{"scorer": "exact", "max_drop": 0.1}, {"max_errors": 0}])
    with pytest.raises(AssertionError, match="1 fail"):
        assert_no_regression(pair(100), rules=[{"scorer": "exact", "max_drop": 0.1}])


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"max_dorp": 0.1}, r"^rules\[0\]: unknown key 'max_dorp'; allowed: task, "),
        ({"scorer": "*"}, r"^rules\[0\]: .*exactly one of"),
        ({"scorer": "*", "max_drop": 2}, r"^rules\[0\]: max_drop: "),
        ("max_drop", r"^rules\[0\]: "),
    ],
)
def test_a_mapping_that_is_no_rule_is_refused_in_one_line(rule, words):
    with pytest.raises(ConfigError, match=words):
        assert_no_regression(pair(350), rules=[rule])


SUITE = """
checkpoints:
  base: {{path: {model}}}
  it: {{path: {model}}}
tasks: [./sums]
engine: fake
"""
TASK = """
name: sums
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "{{ a }} + 1 ="}]
target: "{{ a + 1 }}"
scorers: [number]
"""


@pytest.fixture
def project(pytester, tiny_chat):
    Path("sums").mkdir()
    Path("sums/task.yaml").write_text(TASK)
    Path("sums/samples.jsonl").write_text("".join(f'{{"a": {i}}}\n' for i in range(60)))
    Path("chateval.yaml").write_text(SUITE.format(model=tiny_chat))
    return pytester


def test_the_fixture_runs_the_suite_once_and_equal_checkpoints_pass(project):
    project.makepyfile(
        """
        from chateval.testing import assert_no_regression

        def test_it(chateval_run):
            assert_no_regression(chateval_run, max_drop=0.1)

        def test_again(chateval_run):
            assert [one.name for one in chateval_run.checkpoints] == ["base", "it"]
        """
    )

    project.runpytest_inprocess("-p", "no:chateval", "-p", "chateval.pytest_plugin").assert_outcomes(passed=2)


def test_a_broken_suite_fails_with_one_line(project):
    Path("chateval.yaml").write_text("tasks: 1\n")
    project.makepyfile("def test_it(chateval_run): pass")

    result = project.runpytest_inprocess("-p", "no:chateval", "-p", "chateval.pytest_plugin")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*chateval: *chateval.yaml:1:*"])


def test_the_plugin_loads_nothing_of_chatevals_until_it_is_asked(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_it():
            assert not {"chateval.pipeline", "chateval.testing", "torch", "pydantic"} & set(sys.modules)
        """
    )

    pytester.runpytest_subprocess("-p", "no:chateval", "-p", "chateval.pytest_plugin").assert_outcomes(passed=1)
