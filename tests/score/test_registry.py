"""The table of scorers, and binding one to a task's options."""

import pytest

from chateval.errors import TaskError
from chateval.records import Case, Decoding, Prompt, Response, Sample, ScorerSpec, TemplateFacts
from chateval.score.registry import AUDIT, PROMPT_AUDIT, SCORERS, bind, bind_scorer, family_of

OUTSIDE = """
from chateval import Mark

NOT_A_FUNCTION = 3


def outside(case, *, least: int = 1, names: list[str] | None = None):
    return Mark(float(len(case.response.text.split()) >= least))
"""


def case(text, target=""):
    return Case(
        Sample(id="0", inputs={}, target=target),
        Prompt("0", (), "", (), Decoding()),
        Response("0", text, "eos"),
        TemplateFacts("own", "", "", None, "", None, (), {}),
    )


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "chateval_outside_scorers.py").write_text(OUTSIDE)
    monkeypatch.syspath_prepend(tmp_path)
    return "chateval_outside_scorers"


def test_options_are_filled_in():
    assert bind("number", {})(case("12.4", "12")).value == 0.0
    assert bind("number", {"tolerance": 0.5})(case("12.4", "12")).value == 1.0


def test_a_whole_number_is_a_number():
    assert bind("number", {"tolerance": 1})(case("12.4", "12")).value == 1.0


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(TaskError) as caught:
        bind("rouge", {})

    assert str(caught.value).startswith("unknown scorer 'rouge'; known: ")
    assert [name for name in SCORERS if name not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("number", {"tolerence": 1.0}, "scorer number has no option 'tolerence'; it takes: tolerance"),
        ("single_bos", {"strict": True}, "scorer single_bos has no option 'strict'; it takes: none"),
        ("number", {"case": 1}, "scorer number has no option 'case'; it takes: tolerance"),
        ("regex", {"patern": "a"}, "scorer regex has no option 'patern'; it takes: pattern, group, seconds"),
    ],
)
def test_an_unknown_option_lists_those_that_are_allowed(name, options, message):
    with pytest.raises(TaskError) as caught:
        bind(name, options)

    assert str(caught.value) == message


@pytest.mark.parametrize(("name", "option"), [("regex", "pattern")])
def test_an_option_without_a_default_has_to_be_given(name, option):
    with pytest.raises(TaskError, match=f"scorer {name} needs the option '{option}'"):
        bind(name, {})


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [
        ("number", "tolerance", "wide"),
        ("number", "tolerance", "0.1"),
        ("number", "tolerance", None),
        ("number", "tolerance", [0.1]),
        ("exact", "ignore_case", "no"),
        ("exact", "ignore_case", 1),
        ("json_schema", "schema", "schema.json"),
        ("regex", "pattern", 3),
    ],
)
def test_an_option_of_the_wrong_type_is_refused_and_not_coerced(name, option, value):
    with pytest.raises(TaskError) as caught:
        bind(name, {option: value})

    assert str(caught.value).startswith(f"scorer {name}, option {option}: ")
    assert str(caught.value).endswith(f"; found {value!r}")


def test_a_scorer_from_outside_needs_trust(module):
    with pytest.raises(TaskError, match="--trust-code"):
        bind(f"{module}:outside", {})


def test_without_trust_nothing_is_imported(tmp_path, monkeypatch):
    (tmp_path / "chateval_untrusted.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(TaskError, match="--trust-code"):
        bind("chateval_untrusted:score", {})


def test_a_trusted_scorer_from_outside_takes_options_like_any_other(module):
    scorer = bind(f"{module}:outside", {"least": 2, "names": ["a"]}, trust_code=True)

    assert [scorer(case("one")).value, scorer(case("one two")).value] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"most": 2}, "has no option 'most'; it takes: least, names"), ({"least": "two"}, "option least: ")],
)
def test_options_of_a_scorer_from_outside_are_checked(module, options, message):
    with pytest.raises(TaskError, match=message):
        bind(f"{module}:outside", options, trust_code=True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("chateval_absent_module:score", "cannot be imported"),
        ("chateval_outside_scorers:absent", "cannot be imported"),
        ("chateval_outside_scorers:NOT_A_FUNCTION", "is not a function"),
    ],
)
def test_what_cannot_be_found_outside_is_a_fault_of_the_task(module, name, message):
    with pytest.raises(TaskError, match=message):
        bind(name, {}, trust_code=True)


def test_the_audit_is_the_template_family():
    assert AUDIT == (
        "single_bos",
        "prompt_closed",
        "system_kept",
        "prompt_conforms",
        "clean_stop",
        "right_end",
        "no_leaked_tokens",
        "no_foreign_turn",
        "no_role_echo",
        "no_run_on",
        "readable_tool_calls",
        "not_truncated",
    )
    assert set(PROMPT_AUDIT) < set(AUDIT)


@pytest.mark.parametrize("name", AUDIT)
def test_every_audit_scorer_can_be_bound_without_options(name):
    assert bind(name, {})(case("Paris")).value in (None, 0.0, 1.0)


@pytest.mark.parametrize(
    ("spec", "family"),
    [
        (ScorerSpec("number"), "accuracy"),
        (ScorerSpec("number_strict", function="number"), "accuracy"),
        (ScorerSpec("json_valid"), "format"),
        (ScorerSpec("single_bos"), "template"),
        (ScorerSpec("a.b:c"), "custom"),
    ],
)
def test_the_family_is_that_of_the_scorer_behind_the_label(spec, family):
    assert family_of(spec) == family


def test_what_an_extraction_step_finds_is_scored_and_finding_nothing_is_wrong():
    scorer = bind_scorer(ScorerSpec("strict", function="exact", extract=("boxed", "hash_number")))

    assert scorer(case("So \\boxed{4} it is", target="4")).value == 1
    assert scorer(case("#### 4", target="4")).value == 1
    found = scorer(case("4", target="4"))
    assert (found.value, found.reason) == (0, "no answer found by boxed or hash_number")


def test_an_unknown_extraction_step_lists_those_that_exist():
    with pytest.raises(TaskError, match=r"^unknown extraction step 'box'; known: whole, first_line, "):
        bind_scorer(ScorerSpec("exact", extract=("box",)))
