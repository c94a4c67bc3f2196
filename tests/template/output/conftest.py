"""A report with one of each, and a registry of its own, so that the outputs are tested apart from the checks."""

import hashlib
import sys
from types import ModuleType, SimpleNamespace

import pytest

from chateval.findings import Fidelity, Finding, Proportion, Skipped, TemplateReport

JINJA = "{% for m in messages %}\n  {{ m.content }}\n{% endfor %}\n"
CHECKS = {
    "CT101": SimpleNamespace(title="the text is tokenised with a second BOS", severity="error", fix="Drop one."),
    "CT204": SimpleNamespace(title="prompt plus answer is not the closed chat", severity="error", fix="Close it."),
    "CT208": SimpleNamespace(title="a default system message is written", severity="warning", fix="Say it yourself."),
    "CT402": SimpleNamespace(title="no generation tags", severity="info", fix="Add them."),
    "CT601": SimpleNamespace(title="the template reaches for Python", severity="error", fix="Do not use it."),
    "CT801": SimpleNamespace(title="no record of the training", severity="info", fix="Record it."),
}


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    """Stand in for the registry of checks."""
    module = ModuleType("chateval.template.check")
    module.CHECKS = CHECKS
    monkeypatch.setitem(sys.modules, "chateval.template.check", module)


def hostile_template_report(text):
    """A report with `text` wherever a checkpoint, a template, a user or a library can put some."""
    finding = Finding(
        "CT204",
        "error",
        f"message {text}",
        origin=f"tokenizer_config.json{text}: chat_template {text}",
        probe=f"two_turns {text}",
        text=f"before {text} here {text} after",
        offset=len(f"before {text} "),
        length=4,
        expected=f"expected {text}",
        found=f"found {text}",
        expected_ids=(1, 2, 3),
        found_ids=(1, 5, 3),
        fix=f"fix {text}",
    )
    return TemplateReport(
        subject=f"out/sft {text}",
        verdict="BROKEN",
        reason=f"reason {text}",
        family=f"chatml {text}",
        template_origin=f"tokenizer_config.json: chat_template {text}",
        template_digest="a" * 64,
        findings=(finding, Finding("CT601", "warning", text, text=text, offset=0, length=len(text))),
        notes=(Finding("CT402", "info", f"note {text}"),),
        passed=("CT101",),
        skipped=(Skipped("CT801", f"skipped {text}"),),
        fidelity=Fidelity(
            f"vendor {text}", f"standard-1 {text}", Proportion(1, 2, 0.1, 0.9), {text: Proportion(1, 2)}, (text,)
        ),
        suppressed={"CT208": f"ignored {text}"},
        versions={"jinja2": f"3 {text}"},
    )


@pytest.fixture
def make_hostile():
    """Return what makes a report with hostile text in it."""
    return hostile_template_report


@pytest.fixture
def finding():
    """Return an error in a rendering."""
    return Finding(
        "CT204",
        "error",
        "the generation prompt and the answer are not the closed chat",
        origin="tokenizer_config.json: chat_template",
        probe="two_turns",
        text="<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant Hello<|im_end|>\n",
        offset=51,
        length=1,
        expected="assistant\nHello",
        found="assistant Hello",
        expected_ids=(10, 11, 12),
        found_ids=(10, 99, 12),
        fix="Write a newline after the role.",
    )


@pytest.fixture
def in_template():
    """Return an error in the template itself, which is a file."""
    return Finding(
        "CT601", "error", "m.content", origin="chat_template.jinja", text=JINJA, offset=JINJA.index("m.c"), length=9
    )


@pytest.fixture
def report(finding, in_template):
    """Return a report with one of each."""
    return TemplateReport(
        subject="out/sft",
        verdict="BROKEN",
        reason="CT204: the generation prompt and the answer are not the closed chat",
        family="chatml",
        template_origin="chat_template.jinja",
        template_digest=hashlib.sha256(JINJA.encode()).hexdigest(),
        findings=(finding, in_template),
        notes=(Finding("CT402", "info", "there are no generation tags", fix="Add them."),),
        passed=("CT101",),
        skipped=(Skipped("CT801", "needs what the trainer recorded (--evidence)"),),
        fidelity=Fidelity(
            "grammar chatml",
            "standard-1",
            Proportion(41, 44, 0.8177, 0.9765),
            {"plain": Proportion(6, 6, 0.61, 1.0), "system": Proportion(5, 8, 0.3, 0.86)},
            ("tools",),
        ),
        suppressed={"CT208": "trained so"},
        versions={"transformers": "5.23.0", "jinja2": "3.1.6"},
    )
