"""What is otherwise with a chat template: where its text differs, and what it does."""

from dataclasses import replace

import pytest
from hostile_report import template
from made_runs import checkpoint

from chateval.compare.template_change import first_difference, template_changes
from chateval.findings import Finding

CHATML = (
    "{% for m in messages %}\n{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>' + '\\n' }}\n{% endfor %}"
)


def changes(old, new, **said):
    before = checkpoint("sft", template_digest="t1")
    after = checkpoint("sft", **({"template_digest": "t2"} | said))
    return list(template_changes(before, after, {"template": old}, {"template": new}))


def test_a_lost_line_break_is_shown_where_it_was():
    [(what, before, after)] = changes({"text": CHATML}, {"text": CHATML.replace("+ '\\n' + m.content", "+ m.content")})

    assert what == "chat template, line 2:"
    assert "'\\\\n' + m.content" in before
    assert "+ m.content" in after
    assert "'\\\\n' + m.content" not in after


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        ("abc", "abd", (1, "abc", "abd")),
        ("a\nb\nc", "a\nb\nx\nc", (3, "a\nb\nc", "a\nb\nx\nc")),
        ("abc", "abcd", (1, "abc", "abcd")),
        ("x" * 50 + "1" + "y" * 50, "x" * 50 + "2" + "y" * 50, (1, "...x{24}1y{24}...", "...x{24}2y{24}...")),
    ],
)
def test_the_first_difference_has_a_little_around_it(before, after, found):
    line, shown, other = found
    spelt = [text.replace("x{24}", "x" * 24).replace("y{24}", "y" * 24) for text in (shown, other)]

    assert first_difference(before, after) == (line, *spelt)


def test_a_long_difference_is_cut():
    _, shown, _ = first_difference("a" * 1_000, "b" * 1_000)

    assert shown == "a" * 80 + "..."


def test_what_the_template_does_otherwise_is_named():
    old = {"text": "x", "generation_prompt": "<|im_start|>assistant\n", "stop_ids": (2,), "bos_id": 1}
    new = {"text": "x", "generation_prompt": "<|im_start|>assistant", "stop_ids": [0, 2], "bos_id": None}

    assert changes(old, new, template_digest="t1") == [
        ("generation prompt", r'"<|im_start|>assistant\n"', '"<|im_start|>assistant"'),
        ("stop ids", "[2]", "[0, 2]"),
        ("BOS, id", "1", "none"),
    ]


def test_without_the_text_the_digests_are_shown():
    assert changes({}, {}) == [("chat template", "chat_template.jinja t1", "chat_template.jinja t2")]


def test_another_default_system_prompt_and_verdict_are_named():
    found = replace(template("x"), verdict="CONFORMS", findings=(), notes=())
    system = Finding(code="CT208", severity="warning", message="a system text is added", found="You are helpful")
    before = checkpoint("sft", template=replace(found, findings=(system,)))
    after = checkpoint("sft", template=replace(found, verdict="BROKEN", reason="1 error"), template_digest="e" * 64)

    assert list(template_changes(before, after, {}, {}))[1:] == [
        ("default system prompt", '"You are helpful"', "none"),
        ("check of the template", "CONFORMS", "BROKEN (1 error)"),
    ]
