import pytest
from corpus import rows

from chateval.template.check import NotEvaluated
from chateval.template.check.portability import CHECKS
from chateval.template.source import TemplateSource
from chateval.template.specimen import Specimen

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


def test_without_a_runtime_nothing_is_said_about_one():
    with pytest.raises(NotEvaluated, match="no runtime was given"):
        flaws(PLAIN, "CT702")


@pytest.mark.oracle
def test_the_injected_divergence_is_found_and_nothing_else():
    for row in rows("mutants"):
        if row["defect"] != ["syntax"]:
            assert bool(flaws(row["template"])) == ("engine-divergence" in row["defect"]), row["id"]
