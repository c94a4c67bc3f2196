import jinja2
import pytest

from chateval.template.answer import find_format

HERMES = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}{% for c in m.tool_calls or [] %}<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}'
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def renders(template, **kwargs):
    compiled = jinja2.Environment(autoescape=False).from_string(template)  # noqa: S701
    return lambda messages, options: compiled.render(messages=messages, **kwargs, **options)


def names(form):
    return [call.name for call in form.calls]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (HERMES, ["hermes"]),
        ("<tool_call>\\n<function=\\n<parameter=", ["function-tags"]),
        ("'<tool_call>' <arg_key> <arg_value>", ["argument-pairs"]),
        ("[TOOL_CALLS] [ARGS] [CALL_ID]", ["mistral-args"]),
        ("'[TOOL_CALLS] [' ", ["mistral-list"]),
        ("<|start_header_id|> <|python_tag|> '\"parameters\": '", ["llama-python-tag", "llama-json"]),
        ("<|im_start|>{{ m.content }}", []),
        ("\ud800\0" * 1000, []),
    ],
)
def test_the_text_of_a_template_tells_its_formats(template, expected):
    assert names(find_format(template)) == expected


def test_the_rendered_probe_outweighs_the_text():
    template = HERMES + "{# once <function= and <parameter= #}"

    assert names(find_format(template)) == ["function-tags"]
    assert names(find_format(template, render=renders(template))) == ["hermes"]


@pytest.mark.parametrize(
    ("prompt", "is_open"), [("<think>\n", True), ("<think>\n\n</think>\n\n", False), ("", False), ("</think>", False)]
)
def test_the_generation_prompt_tells_whether_reasoning_is_open(prompt, is_open):
    template = HERMES.replace("assistant\n", f"assistant\n{prompt}") + "{# </think> #}"

    assert find_format(template, render=renders(template)).is_thinking_open is is_open
    assert find_format(template).is_thinking_open is None


def test_the_end_of_a_turn_is_found_where_it_is_a_variable():
    template = "{% for m in messages %}{{ m.content }}{{ eos_token }}{% endfor %}"

    assert find_format(template).ends == ()
    assert find_format(template, render=renders(template, eos_token="</s>")).ends == ("</s>",)


def test_a_template_that_raises_tells_as_much_as_its_text():
    def refuse(messages, options):
        raise jinja2.TemplateError("no tools")

    form = find_format(HERMES + "</think>", render=refuse)

    assert (names(form), form.is_thinking_open) == (["hermes"], None)


def test_harmony_has_channels_and_no_marks_of_reasoning():
    form = find_format("<|start|>assistant<|channel|>analysis<|message|>")

    assert (form.has_channels, form.thinking) == (True, None)
