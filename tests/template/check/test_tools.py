import pytest
from corpus import rows

from chateval.template.check import NotEvaluated
from chateval.template.check.tools import CHECKS
from chateval.template.source import TemplateSource
from chateval.template.specimen import Specimen

BY_CODE = {check.code: check for check in CHECKS}
PLAIN = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
OFFER = "{% if tools %}<|im_start|>system\n{% for t in tools %}{{ t | tojson }}\n{% endfor %}<|im_end|>\n{% endif %}"
NAME = '<tool_call>\n{"name": "{{ c.function.name }}", "arguments": '
ARGUMENTS = (
    "{% if c.function.arguments is string %}{{ c.function.arguments }}"
    "{% else %}{{ c.function.arguments | tojson }}{% endif %}"
)
CLOSE = "}\n</tool_call>"


def calls(arguments: str = ARGUMENTS, of: str = "m.tool_calls or []") -> str:
    loop = "{% for c in " + of + " %}" + NAME + arguments + CLOSE + "{% endfor %}"
    return "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}" + loop + "<|im_end|>\n{% endfor %}"


WHOLE = OFFER + calls()
REFUSES_TWO = (
    "{% for m in messages %}{% if m.tool_calls and m.tool_calls | length > 1 %}{{ raise_exception('one') }}"
    "{% endif %}{% endfor %}"
)


def flaws(code: str, jinja: str, **given):
    return list(BY_CODE[code].run(Specimen("x", (TemplateSource("x.jinja", "default", jinja),), **given)))


def messages(code: str, jinja: str) -> str:
    return "; ".join(flaw.message for flaw in flaws(code, jinja))


@pytest.mark.parametrize("code", ["CT501", "CT502", "CT503", "CT504", "CT506", "CT507"])
def test_a_template_with_tools_and_calls_is_clean(code):
    assert flaws(code, WHOLE) == []


@pytest.mark.parametrize("code", ["CT501", "CT502", "CT503", "CT504", "CT506", "CT507"])
def test_a_template_that_claims_no_tools_is_not_evaluated(code):
    with pytest.raises(NotEvaluated, match="the template has no tool"):
        flaws(code, PLAIN + "The tools and tool_calls of text are no code.")


@pytest.mark.parametrize(
    ("offer", "missing"),
    [
        ("{% if tools %}You may call tools.{% endif %}", "its name"),
        ("{% for t in tools %}{{ t.function.name }}{% endfor %}", "its parameter"),
        (
            "{% for t in tools %}{{ t.function.name }}{{ t.function.parameters | tojson }}{% endfor %}",
            "its description",
        ),
    ],
)
def test_a_schema_that_is_not_written_is_told_by_what_is_missing(offer, missing):
    [flaw] = flaws("CT501", offer + PLAIN)

    assert missing in flaw.message
    assert (flaw.severity or BY_CODE["CT501"].severity) == ("warning" if "description" in missing else "error")


@pytest.mark.parametrize(
    ("jinja", "said"),
    [
        (OFFER + PLAIN, "a call is dropped: its arguments stand nowhere"),
        (OFFER + calls(arguments="{}"), "a call is dropped: its arguments stand nowhere"),
        (OFFER + calls().replace("in messages", "in messages if m.role != 'tool'"), "the result of a call is dropped"),
    ],
)
def test_a_dropped_call_or_result_is_an_error(jinja, said):
    assert messages("CT502", jinja) == said


def test_a_template_that_refuses_results_is_not_evaluated():
    refusal = "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tools') }}{% endif %}{% endfor %}"

    with pytest.raises(NotEvaluated, match="no tools"):
        flaws("CT502", refusal + WHOLE)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("{{ c.function.arguments | tojson }}", "encoded a second time"),
        ("{{ c.function.arguments.items() | list | length }}", "fails on arguments that are JSON text"),
        ("{{ '' + c.function.arguments }}", "fails on arguments that are an object"),
        ("{% if c.function.arguments is mapping %}{{ c.function.arguments | tojson }}{% endif %}", "dropped"),
    ],
)
def test_arguments_in_one_form_only_are_a_warning(arguments, said):
    assert said in messages("CT503", OFFER + calls(arguments))


@pytest.mark.parametrize(
    ("jinja", "said"),
    [
        (REFUSES_TWO + WHOLE, "fails on two calls"),
        (OFFER + calls(of="(m.tool_calls or [])[:1]"), "one call is dropped"),
        (WHOLE.replace("in messages", "in messages if m.tool_call_id != 'callabcd2'"), "one result is dropped"),
    ],
)
def test_a_second_call_that_is_lost_is_a_warning(jinja, said):
    assert said in messages("CT504", jinja)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{{ m.content }}", "printed as data"),
        ("{{ m.content | tojson }}", "printed as data"),
        ("{{ '' + m.content }}", "fails on content"),
        ("{% if m.content is string %}{{ m.content }}{% endif %}", "dropped"),
        ("{% if m.content is string %}{{ m.content }}{% else %}{{ m.content[0].text }}{% endif %}", ""),
    ],
)
def test_content_lists_are_noted_by_what_becomes_of_them(content, said):
    found = messages("CT505", PLAIN.replace("{{ m.content }}", content))

    assert (said in found) if said else found == ""
    assert BY_CODE["CT505"].is_note


def test_escaped_letters_are_a_warning():
    [flaw] = flaws("CT506", WHOLE.replace("t | tojson", "t | tojson(ensure_ascii=True)"))

    assert flaw.found == "K\\u00f6ln \\u4f60\\u597d"


def test_calls_of_a_known_format_can_be_read():
    assert flaws("CT507", WHOLE) == []
    assert BY_CODE["CT507"].is_note


def test_calls_of_no_known_format_are_noted_unless_the_tokenizer_brings_a_reader():
    jinja = OFFER + calls().replace("<tool_call>", "((call").replace("</tool_call>", "))").replace('arguments":', 'a":')

    assert len(flaws("CT507", jinja)) == 1
    assert flaws("CT507", jinja, configs={"tokenizer_config.json": {"response_template": {"fields": {}}}}) == []


@pytest.mark.oracle
def test_templates_of_the_corpus_without_tools_have_no_findings():
    for row in rows("mutants"):
        for code in ("CT501", "CT502", "CT503", "CT504", "CT506"):
            if row["defect"] != ["syntax"]:
                with pytest.raises(NotEvaluated):
                    flaws(code, row["template"])
