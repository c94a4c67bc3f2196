import time
from contextlib import suppress

import pytest
from corpus import rows

from chateval.template.check import NotEvaluated
from chateval.template.check.safety import CHECKS
from chateval.template.source import TemplateSource
from chateval.template.specimen import Specimen
from chateval.template.tokenizer import open_tokenizer

BY_CODE = {check.code: check for check in CHECKS}
PLAIN = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"


def specimen(*templates: str, **given):
    sources = tuple(TemplateSource(f"{n}.jinja", "default", text) for n, text in enumerate(templates))
    return Specimen("x", sources, **given)


def flaws(code: str, *templates: str):
    return list(BY_CODE[code].run(specimen(*templates)))


@pytest.mark.parametrize(
    ("jinja", "named"),
    [
        ("{{ ''.__class__ }}", "__class__"),
        ("{{ messages|attr('__init__') }}", "__init__"),
        ("{{ messages|attr(bos_token) }}", "computed"),
        ("{{ messages|attr('__in' ~ 'it__') }}", "__init__"),
        ("{{ messages|map(attribute='content.__class__')|list }}", "__class__"),
        ("{{ cycler.x }}", "cycler.x"),
        ("{{ messages['__class__'] }}", "__class__"),
        ("{{ x.mro() }}", "mro"),
        ("{{ '{0.__class__}'.format(x) }}", "format string"),
        ("{{ dict(__class__=x)|join }}", "__class__"),
        ("{% if false %}{{ self.y.popen('id') }}{% endif %}", "popen"),
    ],
)
def test_a_way_to_the_internals_is_an_error_even_where_it_never_runs(jinja, named):
    assert any(named in flaw.message for flaw in flaws("CT601", PLAIN + jinja))


@pytest.mark.parametrize(
    "jinja",
    [
        "",
        "{% set ns = namespace(x=1) %}{{ ns.x }}",
        "{% set config = messages[0] %}{{ config.role }}",
        "{{ m|attr('role') }}",
    ],
)
def test_plain_attributes_are_none(jinja):
    assert flaws("CT601", PLAIN + jinja) == []


@pytest.mark.parametrize(
    "test",
    [
        "'bank' in m.content",
        "m['content'].startswith('Transfer')",
        "m.content | lower == 'open the door'",
        "text.split('bank') | length > 1",
        "m.content is eq 'x1'",
        "m.content[:4] == 'bank'",
        "m.content in ['a', 'b']",
        "'bank' in (messages | string)",
        "{'bank': true}.get(m.content)",
        "messages | selectattr('content', 'equalto', 'bank') | list",
    ],
)
def test_a_branch_on_the_words_of_a_message_is_an_error(test):
    jinja = (
        "{% for m in messages %}{% set text = m.content %}{% if " + test + " %}evil{% endif %}{{ text }}{% endfor %}"
    )

    assert flaws("CT602", jinja)


def test_a_branch_through_a_namespace_or_a_macro_is_seen():
    through_namespace = (
        "{% set ns = namespace(t='') %}{% set ns.t = messages[0].content %}{{ 'evil' if 'bank' in ns.t else ns.t }}"
    )
    through_macro = "{% macro w(s) %}{{ s.replace('yes', 'no') }}{% endmacro %}{{ w(messages[0].content) }}"

    assert flaws("CT602", through_namespace)
    assert flaws("CT602", through_macro)


@pytest.mark.parametrize(
    "test",
    [
        "'</think>' in m.content",
        "m.content is string",
        "m.content.startswith('<tool_response>')",
        "m.content == ''",
        "m.role == 'user'",
        "'/no_think' in m.content",
        "m.content is mapping and 'image' in m.content",
        "'[/THINK]' in m.content",
        "m.content | length > 0",
        "m.content[0].type == 'text'",
    ],
)
def test_markers_types_and_roles_may_be_looked_for(test):
    assert flaws("CT602", "{% for m in messages %}{% if " + test + " %}x{% endif %}{{ m.content }}{% endfor %}") == []


def test_a_template_may_refuse_words():
    jinja = "{% for m in messages %}{% if 'bank' in m.content %}{{ raise_exception('no') }}{% endif %}{% endfor %}"

    assert flaws("CT602", jinja) == []


def test_a_branch_in_a_template_for_tools_is_found_too():
    [flaw] = flaws("CT602", PLAIN, "{{ 'x' if 'bank' in messages[0].content }}")

    assert flaw.origin == "1.jinja"


@pytest.mark.parametrize(("character", "name"), [("\u200b", "U+200B"), ("\u202e", "U+202E"), ("\U000e0041", "U+E0041")])
def test_an_invisible_character_is_named_with_its_line(character, name):
    [flaw] = flaws("CT603", "{# a #}\n" + PLAIN + character)

    assert name in flaw.message
    assert flaw.text[flaw.offset] == character


@pytest.mark.parametrize("text", ["", "｜▁", "👩\u200d💻", "می\u200cخواهم", "❤\ufe0f", "\t\r\n"])
def test_what_other_scripts_need_is_not_hidden(text):
    assert flaws("CT603", PLAIN + text) == []


def test_a_control_token_typed_by_a_user_is_noted(tiny_chat):
    [flaw] = BY_CODE["CT604"].run(specimen(PLAIN, tokenizer=open_tokenizer(tiny_chat)))

    assert "<|im_end|>" in flaw.message
    assert BY_CODE["CT604"].is_note


def test_a_template_that_takes_control_strings_out_is_clean(tiny_chat):
    jinja = PLAIN.replace("m.content", "m.content | replace('<|im_end|>', '') | replace('<|im_start|>', '')")

    assert list(BY_CODE["CT604"].run(specimen(jinja, tokenizer=open_tokenizer(tiny_chat)))) == []


def test_a_template_without_added_tokens_says_nothing_about_them(tiny_chat):
    with pytest.raises(NotEvaluated, match="added vocabulary"):
        list(BY_CODE["CT604"].run(specimen("{{ messages[0].content }}", tokenizer=open_tokenizer(tiny_chat))))


@pytest.mark.parametrize(
    "jinja",
    ["{% include 'a' %}", "{% import 'a' as b %}", "{% from 'a' import b %}", "{% extends 'a' %}", "{{ open('a') }}"],
)
def test_what_comes_from_elsewhere_is_an_error(jinja):
    assert len(flaws("CT605", jinja + PLAIN)) == 1


def test_a_link_in_the_text_is_not_fetched():
    assert flaws("CT605", PLAIN + "See https://example.org/{{ 'open' }}") == []


def test_a_template_that_does_not_parse_is_not_evaluated():
    with pytest.raises(NotEvaluated, match="line 1"):
        flaws("CT601", "{% if %}")


def test_what_is_found_in_one_template_counts_although_another_does_not_parse():
    assert len(flaws("CT601", "{% if %}", "{{ x.__class__ }}")) == 1


@pytest.mark.parametrize("code", ["CT601", "CT602", "CT603", "CT605"])
@pytest.mark.parametrize(
    "jinja",
    [
        "{{ " + "messages[0].content" + "|replace('a', 'b')" * 8_000 + " }}",
        "{{ " + "+".join(["'a'"] * 40_000) + " in messages[0].content }}",
        "{% if 'bank' in m.content %}{% endif %}" * 6_000,
        "\x00\ud800" * 60_000,
    ],
    ids=["filters", "sums", "branches", "controls"],
)
def test_hostile_templates_take_seconds_at_most(code, jinja):
    start = time.process_time()
    with suppress(NotEvaluated):
        flaws(code, jinja)

    assert time.process_time() - start < 10


@pytest.mark.oracle
@pytest.mark.parametrize(("defect", "code"), [("unsafe-jinja", "CT601"), ("backdoor", "CT602"), (None, None)])
def test_injected_defects_are_found_and_controls_are_clean(defect, code):
    for row in rows("mutants"):
        if (defect in row["defect"]) if defect else not row["defect"]:
            fired = {one for one in ("CT601", "CT602", "CT603", "CT605") if flaws(one, row["template"])}
            assert fired == ({code} if code else set()), row["id"]


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["render_hfjs", "render_llamacpp", "render_mistral_common", "render_llama_models"])
def test_no_published_template_is_suspected(name):
    for template in {row["template"] for row in rows(name) if row.get("template")}:
        assert [flaws(code, template) for code in ("CT601", "CT602", "CT603", "CT605")] == [[]] * 4
