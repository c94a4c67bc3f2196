"""Fuzzed templates: whatever the Jinja is, rendering and checking it end in time, in a text, a reason or findings."""

import time

import corpus
import pytest
from fuzz import JUNK, bounded, mutated, one_line_or_fine
from hypothesis import given
from hypothesis import strategies as st

from chateval.errors import TemplateError
from chateval.messages import check_messages
from chateval.template import check_specimen, open_specimen
from chateval.template.sandbox import Chat, Sandbox

SECONDS = 20
"""Time that one example may take on a busy machine; the limits of the sandbox are 2 s of its processor."""
CHATS = [
    Chat([{"role": "user", "content": "hello"}]),
    Chat([{"role": "system", "content": "a"}, {"role": "user", "content": "b"}], now="2024-02-03T04:05:06"),
    Chat(
        [{"role": "user", "content": [{"type": "text", "text": "x"}]}, {"role": "assistant", "content": ""}], spans=True
    ),
]
REAL = (
    "{%- for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] | trim }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    "{% if messages[0].role == 'system' %}{% set s = messages[0].content %}{% set rest = messages[1:] %}{% else %}"
    "{% set s = '' %}{% set rest = messages %}{% endif %}{{ bos_token }}{% set ns = namespace(n=0) %}"
    "{% for m in rest %}{% if (m.role == 'user') != (ns.n % 2 == 0) %}{{ raise_exception('alternate') }}{% endif %}"
    "{% if m.role == 'user' %}[INST] {{ s ~ m.content }} [/INST]{% set s = '' %}"
    "{% else %}{% generation %}{{ m.content }}{{ eos_token }}{% endgeneration %}{% endif %}"
    "{% set ns.n = ns.n + 1 %}{% endfor %}",
    "{% macro tool(t) %}{{ t | tojson(indent=2) }}{% endmacro %}{% for t in tools or [] %}{{ tool(t) }}{% endfor %}"
    "{{ strftime_now('%d %b %Y') }}"
    "{% for m in messages if m.content is string %}{{ loop.index0 }}{{ m.content }}{% endfor %}",
)
NAMES = st.sampled_from(
    ["messages", "messages[0]", "messages[-1].content", "bos_token", "x", "loop.index", "tools", "namespace(a=1)",
     "1", "-1", "0", "10**9", "''", "'a'", "[]", "{}", "[1, 2]", "none", "true", "range(99999)", "range(3)",
     "cycler('a')", "''.__class__", "lipsum", "self", "strftime_now('%Y')", "raise_exception('no')", "caller()",
     "varargs"]
)  # fmt: skip
FILTERS = st.sampled_from(
    ["trim", "tojson", "length", "join", "list", "string", "first", "last", "reverse", "sort", "unique", "upper",
     "replace('a', 'b' * 9)", "default('x')", "map(attribute='content')", "selectattr('role')", "batch(2)", "slice(3)",
     "center(9999)", "indent(9)", "random", "int", "float", "abs", "sum", "groupby('role')", "attr('__class__')",
     "wordwrap(1)", "truncate(1)", "dictsort", "items", "xmlattr", "urlize", "format(1)", "nothing"]
)  # fmt: skip


def expressions():
    return st.recursive(
        NAMES,
        lambda inner: st.one_of(
            st.builds(
                "({} {} {})".format, inner, st.sampled_from(["+", "*", "~", "%", "==", "in", "and", "//", "**"]), inner
            ),
            st.builds("({} | {})".format, inner, FILTERS),
            st.builds("{}[{}]".format, inner, inner),
            st.builds("{}.{}".format, inner, st.sampled_from(["role", "content", "items()", "append(1)", "__mro__"])),
            st.builds("({} if {} else {})".format, inner, inner, inner),
        ),
        max_leaves=6,
    )


def templates():
    """Return templates of the grammar of Jinja, most of them sound."""
    leaf = st.one_of(
        st.text(max_size=8),
        st.builds("{{{{ {} }}}}".format, expressions()),
        st.builds("{{% set x = {} %}}".format, expressions()),
        st.sampled_from(
            ["{% break %}", "{% include 'a' %}", "{#", "{% raw %}{{", "{%", "}}", "<|im_end|>", "\0", "\ud800"]
        ),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds("{}{}".format, inner, inner),
            st.builds("{{% for x in {} %}}{}{{% endfor %}}".format, expressions(), inner),
            st.builds("{{% for x in {} recursive %}}{}{{{{ loop(x) }}}}{{% endfor %}}".format, expressions(), inner),
            st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, expressions(), inner, inner),
            st.builds("{{% macro x(a) %}}{}{{% endmacro %}}{{{{ x({}) }}}}".format, inner, expressions()),
            st.builds("{{% generation %}}{}{{% endgeneration %}}".format, inner),
            st.builds("{{% filter {} %}}{}{{% endfilter %}}".format, FILTERS, inner),
        ),
        max_leaves=8,
    )


def spoilt_templates():
    return (
        st.sampled_from(REAL).flatmap(lambda text: mutated(text.encode())).map(lambda b: b.decode("utf-8", "replace"))
    )


@pytest.fixture(scope="module")
def box():
    found = Sandbox()
    yield found
    found.close()


def held_to_its_word(box, template):
    """Render a template; assert that it is in time and that each rendering is a text or a reason of one line."""
    start = time.monotonic()
    found = box.render(template, {"bos_token": "<s>", "eos_token": "</s>"}, CHATS)
    assert time.monotonic() - start < SECONDS
    assert len(found) == len(CHATS)
    for one in found:
        assert (one.text is None) != (one.error is None)
        if one.text is None:
            assert 0 < len(one.error.message) <= 600
            assert "\n" not in one.error.message
        else:
            assert len(one.text) <= 8 * 1024 * 1024
            assert all(0 <= start <= end <= len(one.text) for start, end in one.spans)


@bounded(80)
@given(template=st.one_of(templates(), spoilt_templates()))
def test_any_template_is_a_text_or_a_reason(box, template):
    held_to_its_word(box, template)


@bounded(5)
@given(template=st.one_of(templates(), spoilt_templates()))
def test_any_template_can_be_checked(tmp_path_factory, template):
    path = tmp_path_factory.mktemp("fuzz") / "a.jinja"
    path.write_bytes(template.encode("utf-8", "replace"))

    report = one_line_or_fine(lambda: check_specimen(open_specimen(path)))

    assert report is None or all(finding.message for finding in report.findings)


@pytest.mark.slow
@bounded(300)
@given(data=st.data())
def test_spoilt_templates_of_the_hub_are_a_text_or_a_reason_and_can_be_checked(box, tmp_path_factory, data):
    known = sorted({row["template"] for row in corpus.rows("render_hfjs") if row.get("template")})
    template = data.draw(mutated(data.draw(st.sampled_from(known)).encode())).decode("utf-8", "replace")
    path = tmp_path_factory.mktemp("fuzz") / "a.jinja"
    path.write_text(template, "utf-8")

    held_to_its_word(box, template)
    one_line_or_fine(lambda: check_specimen(open_specimen(path)))


MESSAGES = st.lists(
    st.one_of(
        JUNK,
        st.fixed_dictionaries(
            {"role": st.one_of(st.sampled_from(["system", "user", "assistant", "tool", "developer"]), JUNK)},
            optional={
                "content": st.one_of(
                    JUNK, st.lists(st.one_of(JUNK, st.just({"type": "text", "text": "a"})), max_size=3)
                ),
                "tool_calls": st.one_of(JUNK, st.just([{"function": {"name": "f", "arguments": "{}"}}])),
                "reasoning_content": JUNK,
                "name": JUNK,
            },
        ),
    ),
    max_size=4,
)


@bounded(150)
@given(messages=st.one_of(JUNK, MESSAGES))
def test_any_messages_are_read_or_refused_and_what_is_read_renders_or_says_why(box, messages):
    found = one_line_or_fine(lambda: check_messages(messages, "messages", where="rows.jsonl:1"))
    if found is not None:
        try:
            [rendered] = box.render(REAL[0], {}, [Chat(found)])
        except TemplateError as error:
            assert "must be JSON" in str(error)
        else:
            assert (rendered.text is None) != (rendered.error is None)
