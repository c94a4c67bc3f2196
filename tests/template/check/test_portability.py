from dataclasses import replace
from functools import partial

import pytest
from corpus import rows
from served import CHATML as SERVED
from served import DEFAULT, STRICT, llama, served_specimen, serving, spelling, vllm

from chateval.template.check import NotEvaluated, check_specimen
from chateval.template.check.portability import CHECKS
from chateval.template.runtime import open_runtime
from chateval.template.source import TemplateSource
from chateval.template.specimen import Specimen
from chateval.template.tokenizer import open_tokenizer

BY_CODE = {check.code: check for check in CHECKS}
PLAIN = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"


def flaws(jinja: str, code: str = "CT701"):
    return list(BY_CODE[code].run(Specimen("x", (TemplateSource("x.jinja", "default", jinja),))))


@pytest.mark.parametrize(
    ("jinja", "named"),
    [
        ("{% set l = [] %}{% set _ = l.append(1) %}", "append()"),
        ("{% set d = {} %}{% set _ = d.update(x=1) %}", "update()"),
        ("{{ messages[0].content.find('x') }}", "find()"),
        ("{{ ', '.join(['a', 'b']) }}", "join()"),
        ("{{ loop is defined }}", "true or false"),
        ("{{ 'x' ~ (1 == 2) }}", "true or false"),
        ("{{ none }}", "none"),
        ("{{ tools | string }}", "spells"),
        ("{{ messages | pprint }}", "pprint"),
        ("{{ documents }}", "an object"),
    ],
)
def test_what_engines_do_differently_is_a_warning(jinja, named):
    assert any(named in flaw.message for flaw in flaws(PLAIN + jinja))
    assert BY_CODE["CT701"].severity == "warning"


@pytest.mark.parametrize(
    "jinja",
    [
        "",
        "{{ messages[0].content.split('</think>')[-1].lstrip('\\n') }}",
        "{% set ns = namespace(found=false) %}{% set ns.found = true %}{% if ns.found %}x{% endif %}",
        "{% set tools = tools | tojson %}{{ tools }}",
        "{% for k, v in messages[0].items() %}{{ k | string }}{% endfor %}",
        "{{ 'a' if messages[0].role == 'user' else 'b' }}",
        "{% macro join(x) %}{{ x }}{% endmacro %}{{ join('a') }}",
        "{{ messages[0].content.strip().title() }}",
    ],
)
def test_what_all_engines_share_is_clean(jinja):
    assert flaws(PLAIN + jinja) == []


def test_python_repr_of_a_tool_is_shown_in_the_rendering():
    [flaw] = flaws("{% for t in tools or [] %}{{ t }}{% endfor %}" + PLAIN)

    assert flaw.probe == "tools_offered"
    assert flaw.text[flaw.offset :].startswith("{'type': ")


def test_a_template_that_does_not_parse_is_not_evaluated():
    with pytest.raises(NotEvaluated, match="line 1"):
        flaws("{% if %}")


@pytest.fixture(scope="module")
def make(tiny_chat):
    """Return a function that makes a specimen of a template."""
    return partial(served_specimen, open_tokenizer(tiny_chat))


def check(specimen, routes):
    with serving(routes) as (url, _):
        runtime = open_runtime(url)
        report = check_specimen(replace(specimen, runtime=runtime), select=["CT702"])
    return [(found.severity, found.message.removeprefix(f"{runtime.name} ")) for found in report.findings], report


@pytest.mark.parametrize("engine", [vllm, llama])
@pytest.mark.parametrize(
    ("own", "served", "told"),
    [
        pytest.param(SERVED, SERVED, [], id="the same"),
        pytest.param(
            DEFAULT + SERVED, SERVED, [("error", "builds another prompt, first in: system default (35 of 42 probes)")]
        ),
        pytest.param(SERVED, STRICT + SERVED, [("warning", "refuses what the template renders (7 of 42 probes)")]),
        pytest.param(STRICT + SERVED, SERVED, [("warning", "renders what the template refuses (7 of 42 probes)")]),
    ],
)
def test_a_check_against_an_engine_finds_each_kind_once(make, engine, own, served, told):
    assert check(make(own), engine(make(served)))[0] == told


def test_a_finding_shows_the_place_the_ids_and_the_fix(make):
    _, report = check(make(SERVED), vllm(make(DEFAULT + SERVED)))

    [finding] = report.findings
    assert (finding.code, finding.probe, report.verdict) == ("CT702", "question", "BROKEN")
    assert finding.text[finding.offset :].startswith("system\nBe brief.")
    assert finding.expected.startswith("user\nWhat is")
    assert finding.expected_ids[:1] == finding.found_ids[:1]
    assert finding.expected_ids[1] != finding.found_ids[1]
    assert "--chat-template" in finding.fix


def test_an_engine_that_stops_answering_is_not_evaluated(make):
    faithful = vllm(make(SERVED))
    n = iter(range(100))

    def routes(asked, body):
        return (503, b"overloaded") if asked == "POST /tokenize" and next(n) > 10 else faithful(asked, body)

    told, report = check(make(SERVED), routes)

    assert told == []
    assert "POST /tokenize: 503: overloaded" in report.skipped[0].reason


def test_ids_that_differ_under_the_same_text_are_a_finding_of_their_own(make):
    told, report = check(make(SERVED), spelling(make(SERVED)))

    assert told == [("error", "makes other ids of the same text (42 of 42 probes)")]
    assert "added tokens" in report.findings[0].fix


def test_without_an_engine_nothing_is_evaluated(make):
    [skipped] = check_specimen(make(SERVED), select=["CT702"]).skipped

    assert skipped.reason == "no runtime was given (--runtime)"


@pytest.mark.oracle
def test_the_injected_divergence_is_found_and_nothing_else():
    for row in rows("mutants"):
        if row["defect"] != ["syntax"]:
            assert bool(flaws(row["template"])) == ("engine-divergence" in row["defect"]), row["id"]
