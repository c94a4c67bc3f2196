import pytest
from corpus import rows

from chateval.template.check import NotEvaluated
from chateval.template.check.tools import CHECKS
from chateval.template.source import TemplateSource
from chateval.template.specimen import Settings, Specimen

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
        (OFFER + calls(arguments="{}"), "a call is dropped: its arguments stand nowhere"),
        (OFFER + calls().replace("in messages", "in messages if m.role != 'tool'"), "the result of a call is dropped"),
    ],
)
def test_a_dropped_call_or_result_is_an_error(jinja, said):
    assert messages("CT502", jinja) == said


@pytest.mark.parametrize("code", ["CT501", "CT502"])
def test_tools_in_a_message_and_calls_of_a_role_of_their_own_are_not_evaluated(code):
    own = PLAIN.replace("<|im_end|>", "{{ m['tools'] if 'tools' in m else '' }}<|im_end|>")
    own += "{% if messages[0].role == 'assistant_tool_call' %}[call]{% endif %}"

    with pytest.raises(NotEvaluated, match="the template has no tool"):
        flaws(code, own)


def test_a_template_that_offers_tools_but_knows_no_calls_is_not_evaluated():
    with pytest.raises(NotEvaluated, match="no tool calls"):
        flaws("CT502", OFFER + PLAIN)


def test_tools_that_the_template_sets_where_they_are_absent_are_passed_to_it():
    jinja = "{% if not tools is defined %}{% set tools = none %}{% endif %}{% if tools %}Call tools.{% endif %}" + PLAIN

    assert "without its name" in messages("CT501", jinja)


def test_a_second_tool_that_is_not_written_is_an_error():
    [flaw] = flaws("CT501", WHOLE.replace("in tools", "in tools[:1]"))

    assert (flaw.message, flaw.severity) == ("of two offered tools only the first is written", None)


def test_a_tool_whose_json_is_encoded_twice_is_a_warning_with_its_place():
    [flaw] = flaws("CT501", WHOLE.replace("t | tojson", "t | tojson | tojson"))

    assert "written as a string" in flaw.message
    assert flaw.severity == "warning"
    assert flaw.text[flaw.offset : flaw.offset + flaw.length] == flaw.found == '\\"tramsil\\"'


def test_text_beside_a_call_that_is_dropped_is_a_warning():
    mute = "{% if not m.tool_calls %}{{ m.content }}{% endif %}"

    [flaw] = flaws("CT502", WHOLE.replace("{{ m.content }}", mute))

    assert (flaw.message, flaw.severity) == ("text that an answer says beside a call is dropped", "warning")


def test_a_family_whose_calls_are_whole_turns_may_drop_the_text_beside_them():
    turns = WHOLE.replace("{{ m.content }}", "{% if not m.tool_calls %}{{ m.content }}{% endif %}")
    source = TemplateSource("x.jinja", "default", turns)

    assert list(BY_CODE["CT502"].run(Specimen("x", (source,), settings=Settings(family="llama3.1")))) == []


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


@pytest.mark.parametrize(("opens", "n"), [("{", 0), ("{{", 1)])
def test_a_call_that_its_own_format_cannot_read_back_is_found(opens, n):
    written = f"""'{opens}"name": "' + c.function.name + '", "arguments": ' + (c.function.arguments | tojson) + '}}'"""
    jinja = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}"
        "{% for c in m.tool_calls or [] %}<tool_call>\n{{ "
        + written
        + " }}\n</tool_call>{% endfor %}<|im_end|>\n{% endfor %}"
    )

    assert [flaw.message for flaw in flaws("CT502", jinja) if "cannot be read back" in flaw.message] == [
        "a call is written that cannot be read back: tool call is not JSON: Expecting property name enclosed in "
        "double quotes"
    ][:n]
