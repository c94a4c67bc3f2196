"""Rows to messages, targets and choices."""

import pytest

from chateval.errors import DataError, TaskError
from chateval.task.fields import FieldSpec
from chateval.task.render import compile_choices, compile_messages, compile_text
from chateval.task.spec import MessageSpec

HERE = "samples.jsonl:3"


def render(source, row, where="task.yaml:7: target"):
    return compile_text(source, where=where)(row, HERE)


@pytest.mark.parametrize(
    ("source", "row", "text"),
    [
        ("{{ a }}", {"a": 5}, "5"),
        ("{{ a }}\n", {"a": "x"}, "x\n"),
        ("{{ a }}", {"a": "<b> & {{ c }}"}, "<b> & {{ c }}"),
        ("{{ a | tojson }}", {"a": {"name": "é <b>", "n": [1, None, True]}}, '{"name": "é <b>", "n": [1, null, true]}'),
        ("{% for x in a %}{{ loop.index }}.{{ x }} {% endfor %}", {"a": ["p", "q"]}, "1.p 2.q "),
        ("{{ a[1].b }}", {"a": [0, {"b": "deep"}]}, "deep"),
        ("{{ b is defined }}", {"a": 1}, "False"),
        ("", {}, ""),
    ],
)
def test_a_template_is_plain_jinja_over_the_fields(source, row, text):
    assert render(source, row) == text


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{{ nope }}", "'nope' is undefined; the row has: answer, question"),
        ("{% if nope %}{% endif %}", "'nope' is undefined; the row has: answer, question"),
        ("{{ question.nope }}", "'str object' has no attribute 'nope'; the row has: answer, question"),
    ],
)
def test_an_undefined_name_lists_the_fields_of_the_row(source, fault):
    with pytest.raises(DataError) as caught:
        render(source, {"question": "q", "answer": "a"})

    assert str(caught.value) == f"{HERE}: target: {fault}"


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{{ a + 1 }}", 'can only concatenate str (not "int") to str'),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ a.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe."),
        ("{{ b.append(1) }}", "access to attribute 'append' of 'list' object is unsafe."),
        ("{% include 'x' %}", "no loader for this environment specified"),
        ("{% for i in range(10000000) %}{% endfor %}", "Range too big"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "maximum recursion depth exceeded"),
    ],
)
def test_a_template_that_fails_on_a_row_or_leaves_the_sandbox_names_the_row(source, fault):
    with pytest.raises(DataError) as caught:
        render(source, {"a": "x", "b": []})

    assert str(caught.value).startswith(f"{HERE}: target cannot be rendered: {fault}")


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("{{ a", "unexpected end of template"),
        ("{% if a %}", "Unexpected end of template"),
        ("{{ a | nofilter }}", "No filter named 'nofilter'."),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "nested too deeply"),
    ],
)
def test_a_template_that_is_not_jinja_is_refused_before_any_row(source, fault):
    with pytest.raises(TaskError) as caught:
        compile_text(source, where="task.yaml:7: target")

    assert str(caught.value).startswith(f"task.yaml:7: target: not valid Jinja: {fault}")


# Messages


def messages(row, *specs):
    return compile_messages([MessageSpec(**spec) for spec in specs], where="task.yaml:5")(row, HERE)


def test_turns_of_the_row_are_spliced_between_messages():
    turns = [{"role": "user", "content": "{{ a }}"}, {"role": "assistant", "content": "yes", "name": "x"}]

    found = messages(
        {"a": "q", "turns": turns},
        {"role": "system", "content": "s {{ a }}"},
        {"field": "turns"},
        {"role": "user", "content": "{{ a }}?"},
    )

    assert found == ({"role": "system", "content": "s q"}, *turns, {"role": "user", "content": "q?"})


def test_an_undefined_name_in_a_prompt_names_the_index_of_the_message():
    with pytest.raises(DataError) as caught:
        messages({"q": 1}, {"role": "system", "content": "s"}, {"role": "user", "content": "{{ question }}"})

    assert str(caught.value) == f"{HERE}: messages[1].content: 'question' is undefined; the row has: q"


def test_bad_jinja_in_a_prompt_names_the_index_of_the_message():
    with pytest.raises(TaskError, match=r"^task\.yaml:5: messages\[1\]\.content: not valid Jinja"):
        messages({}, {"role": "system", "content": "s"}, {"role": "user", "content": "{% x %}"})


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"other": 1, "b": 2}, "field 'turns' is missing; the row has: b, other"),
        ({"turns": "hi"}, "field 'turns' must be a list of messages, found str"),
        ({"turns": []}, "field 'turns' must be a list of messages"),
        ({"turns": [{"role": "user", "content": "x"}, "hi"]}, "turns[1]: a message is an object with role and content"),
        ({"turns": [{"content": "x"}]}, "turns[0]: a message is an object with role and content"),
        (
            {"turns": [{"role": "human", "content": "x"}]},
            "turns[0]: role 'human' is not one of system, user, assistant",
        ),
        ({"turns": [{"role": "user"}]}, "turns[0].content: missing"),
        ({"turns": [{"role": "user", "content": ["x"]}]}, "turns[0].content[0]: a part is an object with a type"),
    ],
)
def test_turns_that_are_no_messages_are_named_by_their_index(row, fault):
    with pytest.raises(DataError) as caught:
        messages(row, {"field": "turns"})

    assert str(caught.value).startswith(f"{HERE}: {fault}")


# Choices


def choices(spec, row):
    return compile_choices(spec, where="task.yaml:9", may_repeat=False)(row, HERE)


def test_choices_are_a_field_as_it_stands_or_a_template_each():
    assert choices(FieldSpec(field="c"), {"c": ["{{ x }}", "b"]}) == ("{{ x }}", "b")
    assert choices(["{{ x }}", "not {{ x }}"], {"x": "hot"}) == ("hot", "not hot")
    assert choices(None, {"c": ["a", "b"]}) == ()


@pytest.mark.parametrize("found", ["ab", [], ["a"], ["a", ""], ["a", 5], {"a": "b"}, None])
def test_choices_are_two_or_more_texts(found):
    with pytest.raises(DataError) as caught:
        choices(FieldSpec(field="c"), {"c": found})

    assert str(caught.value).startswith(f"{HERE}: field 'c' must be a list of ")


@pytest.mark.parametrize("spec", [[], ["a"], ["a", "{{ empty }}"]])
def test_templates_of_choices_must_come_to_two_or_more_texts(spec):
    with pytest.raises(DataError, match=r"^samples\.jsonl:3: choices must be a list of two or more texts"):
        choices(spec, {"empty": ""})


@pytest.mark.parametrize(
    ("spec", "place"), [(FieldSpec(field="c"), "field 'c'"), (["{{ c[0] }}", "{{ c[1] }}"], "choices")]
)
def test_the_same_choice_twice_is_refused(spec, place):
    with pytest.raises(DataError) as caught:
        choices(spec, {"c": ["a", "a"]})

    assert str(caught.value) == f"{HERE}: {place} has the same choice twice"


def test_choices_of_a_field_that_the_row_lacks_list_the_fields():
    with pytest.raises(DataError, match=r"field 'c' is missing; the row has: d"):
        choices(FieldSpec(field="c"), {"d": 1})


def test_a_null_is_no_text():
    with pytest.raises(
        DataError, match=r"^samples\.jsonl:3: target: a value is null; say \{\{ x or '' \}\} where it may be"
    ):
        compile_text("{{ a }}", where="task.yaml:9: target")({"a": None}, HERE)

    assert compile_text("{{ a or 'none' }}", where="task.yaml:9: target")({"a": None}, HERE) == "none"
