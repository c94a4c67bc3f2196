"""The terminal: what is shown, and that text of others neither acts on it nor is taken for markup."""

import io
import re
from dataclasses import replace

import pytest
from hostile_report import HOSTILE
from rich.cells import cell_len
from rich.console import Console

from chateval.findings import Finding
from chateval.template.output import print_findings, print_report


def shown(report, *, width=120, is_terminal=False, verbose=False):
    stream = io.StringIO()
    color = "standard" if is_terminal else None
    console = Console(file=stream, width=width, force_terminal=is_terminal, color_system=color)
    print_report(report, console, verbose=verbose)
    return "\n".join(line.rstrip() for line in stream.getvalue().split("\n"))


def shown_findings(findings, *, width=120):
    stream = io.StringIO()
    print_findings(findings, Console(file=stream, width=width))
    return "\n".join(line.rstrip() for line in stream.getvalue().split("\n"))


WHOLE = """\
BROKEN  out/sft
             CT204: the generation prompt and the answer are not the closed chat
  family     chatml
  template   chat_template.jinja (sha256 {digest})
  fidelity   0.93 (41/44; tools not evaluated) [0.82, 0.98] against grammar chatml, probes standard-1
             plain 6/6, system 5/8

CT204 error  the generation prompt and the answer are not the closed chat
  in         tokenizer_config.json: chat_template, probe two_turns, line 3, column 22 of the rendering
  text       <|im_start|>user⏎Hi<|im_end|>⏎<|im_start|>assistant␣Hello<|im_end|>⏎
                                                                ^
  expected   assistant⏎Hello
  found      assistant␣Hello
  right ids  10 [11] 12
  found ids  10 [99] 12
  fix        Write a newline after the role.

CT601 error  m.content
  in         chat_template.jinja, line 2, column 6
  text       {{% for m in messages %}}⏎␣␣{{{{ m.content }}}}⏎{{% endfor %}}⏎
                                          ^~~~~~~~~

Notes
  CT402  there are no generation tags
Silenced
  CT208  trained so
Evaluated 5 of 6 checks: 1 found nothing; 2 errors, 0 warnings, 1 note, 0 info.
1 could not be evaluated; --verbose lists them
`chateval template explain CT204` says what is behind a code.
"""


def test_a_whole_report(report):
    assert shown(report) == WHOLE.format(digest=report.template_digest[:12])


def test_verbose_lists_what_was_not_evaluated_and_the_notes_in_full(report):
    found = shown(report, verbose=True)

    assert "1 could not be evaluated:\n  CT801  needs what the trainer recorded (--evidence)" in found
    assert "CT402 info  there are no generation tags\n  fix        Add them." in found
    assert "versions   jinja2 3.1.6, transformers 5.23.0" in found


def test_a_report_without_anything_says_so(report):
    bare = replace(
        report, family=None, template_origin="", template_digest="", fidelity=None, findings=(), notes=(), skipped=()
    )

    found = shown(bare)

    assert "family     undetermined" in found
    assert "template   none" in found
    assert "fidelity   not measured: there is no reference" in found
    assert "could not be evaluated" not in found
    assert "explain" not in found


@pytest.mark.parametrize("verdict", ["BROKEN", "UNVERIFIED", "CONFORMS", "PROVEN"])
def test_the_verdict_is_a_word_with_and_without_colour(verdict, report):
    assert shown(replace(report, verdict=verdict)).startswith(f"{verdict}  out/sft\n")
    assert re.match(rf"\x1b\[[0-9;]+m{verdict}\x1b\[0m", shown(replace(report, verdict=verdict), is_terminal=True))


@pytest.mark.parametrize("width", [40, 60, 80, 120, 300])
def test_the_caret_stands_under_the_place_however_wide_the_screen_is(width):
    text = "日本" * 100 + "<|im_end|>" + "x" * 300
    finding = Finding("GR030", "error", "m", text=text, offset=200, length=10)

    line, caret = shown_findings([finding], width=width).split("\n")[2:4]

    place = caret.index("^")
    assert cell_len(line[: line.index("<|im_end|>")]) == place
    assert caret[place:] == "^~~~~~~~~~"
    assert cell_len(line) <= width


def test_a_finding_without_a_place_has_no_caret():
    found = shown_findings([Finding("CT201", "error", "m", text="a\nb")])

    assert "text       a⏎b" in found
    assert "^" not in found


def test_no_findings_are_told():
    assert shown_findings([]) == "Nothing found.\n"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("verbose", [False, True])
def test_text_brings_no_control_character_to_the_screen(text, verbose, make_hostile):
    found = shown(make_hostile(text), verbose=verbose)

    assert found.replace("\n", "").isprintable()
    assert len(found) < 20_000


def test_only_colours_are_escape_sequences(make_hostile):
    found = shown(make_hostile(HOSTILE["escape"]), is_terminal=True, verbose=True)

    assert "\x1b[" in found
    assert "\x1b" not in re.sub(r"\x1b\[[0-9;]*m", "", found)
    assert "\\x1b]0;owned\\x07" in found


def test_square_brackets_are_no_markup(make_hostile):
    text = "[bold]x[/bold] [/nothing] :warning:"

    found = shown(make_hostile(text), width=400)

    assert found.count(text) >= 8
