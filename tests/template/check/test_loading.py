import pytest
from corpus import rows

from chateval.template.check import NotEvaluated
from chateval.template.check.jinja import parse_template, undeclared
from chateval.template.check.loading import CHECKS
from chateval.template.source import TemplateSource
from chateval.template.specimen import Settings, Specimen

RUN = {check.code: check.run for check in CHECKS}
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


def specimen(*sources, tokens=TOKENS, **settings):
    found = tuple(
        TemplateSource(f"place {number}", "default", source) if isinstance(source, str) else source
        for number, source in enumerate(sources)
    )
    return Specimen("x", found, tokens=tokens, settings=Settings(**settings))


def flaws(code, *sources, **options):
    return list(RUN[code](specimen(*sources, **options)))


@pytest.mark.parametrize("code", [code for code in RUN if code not in ("CT001", "CT006")])
def test_a_plain_template_has_no_flaw(code):
    assert flaws(code, CHATML) == []


def test_a_checkpoint_without_template_says_so():
    [flaw] = flaws("CT001")

    assert "no chat template" in flaw.message


def test_a_template_where_nobody_looks_is_no_template():
    [flaw] = flaws("CT001", TemplateSource("chat_template.json: chat_template", "default", CHATML, is_read=False))

    assert flaw.origin == "chat_template.json: chat_template"
    assert flaw.fix


def test_a_checkpoint_with_a_template_has_one():
    assert flaws("CT001", CHATML) == []


@pytest.mark.parametrize(("is_read", "severity"), [(True, "error"), (False, "warning")])
def test_sources_that_render_differently_show_the_first_difference(is_read, severity):
    other = TemplateSource("b", "default", CHATML.replace("\n{{ message.content", "{{ message.content"), is_read)

    [flaw] = flaws("CT002", TemplateSource("a", "default", CHATML), other)

    assert (flaw.severity, flaw.probe, flaw.origin) == (severity, "question", "b")
    assert flaw.text[flaw.offset] == "W"
    assert "user\nWhat" in flaw.expected
    assert "userWhat" in flaw.found


def test_a_source_that_only_fails_differs_as_well():
    [flaw] = flaws("CT002", CHATML, "{{ raise_exception('no') }}")

    assert flaw.found == "error: no"


def test_sources_that_render_the_same_by_other_jinja_do_not_differ():
    other = CHATML.replace("message.role", "message['role']")

    assert flaws("CT002", CHATML, other) == []
    assert len(flaws("CT003", CHATML, other)) == 1


def test_sources_of_other_names_are_no_rivals():
    tool_use = TemplateSource("t", "tool_use", "{{ tools }}" + CHATML)

    assert flaws("CT002", CHATML, tool_use) == []
    assert flaws("CT003", CHATML, tool_use) == []


def test_a_final_newline_is_no_difference():
    assert flaws("CT003", CHATML, CHATML + "\n") == []


@pytest.mark.parametrize(("is_read", "why"), [(True, "takes its place"), (False, "does not read")])
def test_a_shadowed_template_is_named_with_the_reason(is_read, why):
    [flaw] = flaws("CT003", CHATML, TemplateSource("b", "default", "{{ messages }}", is_read))

    assert why in flaw.message
    assert flaw.origin == "b"


@pytest.mark.parametrize(
    ("jinja", "line", "marked"),
    [
        ("{% for m in messages %}\n{{ m.content }\n{% endfor %}", 2, "{{ m.content }\n"),
        ("a\r\nb\r\n{% endfor %}", 3, "{% endfor %}"),
        ("{% for m in messages %}{{ m.content | shout }}{% endfor %}", 1, None),
    ],
)
def test_a_syntax_error_shows_its_line(jinja, line, marked):
    [flaw] = flaws("CT004", jinja)

    assert flaw.message.startswith(f"line {line}: ")
    assert flaw.text[flaw.offset : flaw.offset + flaw.length] == (marked or jinja)


def test_a_syntax_error_where_nobody_looks_is_a_warning():
    [flaw] = flaws("CT004", CHATML, TemplateSource("b", "default", "{% if %}", is_read=False))

    assert (flaw.severity, flaw.origin) == ("warning", "b")


def test_generation_and_loop_controls_compile():
    jinja = (
        "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}"
        "{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
    )

    assert flaws("CT004", jinja) == []
    assert flaws("CT005", jinja) == []


@pytest.mark.parametrize(
    ("jinja", "name"),
    [
        ("{{ mesages }}", "mesages"),
        ("{{ sep_token }}", "sep_token"),
        ("{{ 'a' + separator }}", "separator"),
        ("{% for m in messages %}{{ m.content }}{% endfor %}{{ system.content }}", "system"),
        ("{% for t in functions %}{{ t }}{% endfor %}", "functions"),
        ("{% if add_generation_promt %}x{% endif %}", "add_generation_promt"),
    ],
)
def test_a_name_that_nobody_provides_is_shown_where_it_stands(jinja, name):
    [flaw] = flaws("CT005", jinja)

    assert flaw.found == name
    assert flaw.text[flaw.offset : flaw.offset + flaw.length] == name


def test_a_misspelling_names_what_was_meant():
    [flaw] = flaws("CT005", "{% if add_generation_promt %}x{% endif %}")

    assert flaw.expected == "add_generation_prompt"


@pytest.mark.parametrize(
    "jinja",
    [
        "{{ bos_token }}{{ eos_token }}{{ tools }}{{ documents }}{{ strftime_now('%d') }}",
        "{% set n = namespace(a=0) %}{{ n.a }}{{ range(2) }}{{ dict(a=1) }}",
        "{% if style is defined %}{{ style }}{% endif %}",
        "{{ style | default('plain') }}{{ style }}",
        "{% if style %}{{ style }}{% endif %}",
        "{% if mode == 'fast' %}x{% endif %}",
        "{{ enable_thinking }}",
        "{% macro write(text, last=false) %}{{ text }}{{ last }}{{ varargs }}{% endmacro %}{{ write('a') }}",
        "{% if tools %}{% set head = 1 %}{% endif %}{{ head }}",
        "{% for a, b in [(1, 2)] %}{{ a }}{{ b }}{{ loop.index }}{% endfor %}",
        "{% if pad_token is defined %}{{ pad_token }}{% endif %}",
    ],
)
def test_names_with_a_guard_an_assignment_or_a_provider_are_known(jinja):
    assert flaws("CT005", jinja) == []


def test_special_tokens_are_those_of_the_tokenizer():
    assert flaws("CT005", "{{ bos_token }}", tokens={"eos_token": "</s>"}) != []
    assert flaws("CT005", "{{ bos_token }}", tokens={}) == []


def test_named_templates_need_a_default():
    tool_use = TemplateSource("t", "tool_use", CHATML)

    [flaw] = flaws("CT006", tool_use)

    assert flaw.found == "tool_use"
    assert flaws("CT006", tool_use, CHATML) == []


def test_without_any_template_a_default_is_not_asked_for():
    with pytest.raises(NotEvaluated):
        flaws("CT006")


@pytest.mark.parametrize(
    ("jinja", "found"),
    [
        ("{{ style | default('plain') }}", 'style = "plain"'),
        ("{{ style if style is defined else 'plain' }}", 'style = "plain"'),
        ("{% if style is not defined %}{% set style = 'plain' %}{% endif %}{{ style }}", 'style = "plain"'),
        ("{% if style %}{{ style }}{% endif %}", "style = not given"),
        (
            "{% if not day is defined %}{% set day = strftime_now('%d') %}{% endif %}{{ day }}",
            "day = a value that the template works out",
        ),
        (
            "{% if enable_thinking is defined and not enable_thinking %}x{% endif %}",
            "enable_thinking = not given (known from Qwen3)",
        ),
    ],
)
def test_switches_are_listed_with_their_defaults(jinja, found):
    [flaw] = flaws("CT007", jinja)

    assert flaw.found == found


def test_a_switch_that_was_set_for_the_check_says_so():
    [flaw] = flaws("CT007", "{{ style | default('plain') }}", kwargs={"style": "rich"})

    assert flaw.found == 'style = "rich" as set for this check'


@pytest.mark.parametrize(
    "jinja",
    [
        "{% set a = 1 %}{% if a is not defined %}{% set a = 2 %}{% endif %}{{ a }}",
        "{% for m in messages %}{% if a is not defined %}{% set a = m.content %}{% endif %}{{ a }}{% endfor %}",
    ],
)
def test_a_name_that_is_the_template_s_own_is_no_switch(jinja):
    assert flaws("CT007", jinja) == []


def test_a_template_of_ten_thousand_unknown_names_is_told_in_short():
    jinja = "".join(f"{{{{ n{number} }}}}" for number in range(10_000))

    assert len(flaws("CT005", jinja)) == 20


@pytest.mark.parametrize(
    "jinja",
    [
        "{{ " + "a + " * 30_000 + "a }}",
        "{{ a" + ".b" * 60_000 + " }}",
        "{% if " + "a and " * 30_000 + "b %}{% endif %}",
        "{{ '\x00\ud800' ~ a }}",
    ],
    ids=["sum", "attributes", "conditions", "surrogate"],
)
def test_a_long_flat_expression_is_read(jinja):
    assert "a" in undeclared(parse_template(jinja))


@pytest.mark.oracle
@pytest.mark.parametrize(("defect", "code"), [("syntax", "CT004"), ("undefined-var", "CT005")])
def test_published_mutants_are_found_and_only_they(defect, code):
    for row in rows("mutants"):
        tokens = {"bos_token": row["bos_token"], "eos_token": row["eos_token"]}
        if code == "CT005" and "syntax" in row["defect"]:
            continue

        found = flaws(code, row["template"], tokens=tokens)

        assert bool(found) == (defect in row["defect"]), row["id"]


@pytest.mark.oracle
def test_published_mutants_and_controls_have_one_source_and_no_switch():
    for row in rows("mutants"):
        tokens = {"bos_token": row["bos_token"], "eos_token": row["eos_token"]}
        for code in ("CT001", "CT002", "CT003", "CT006"):
            assert flaws(code, row["template"], tokens=tokens) == [], row["id"]
