"""A report with hostile text wherever a model, a data set or a user can put some."""

from chateval.findings import Fidelity, Finding, Proportion, Skipped, TemplateReport
from chateval.records import (
    CheckpointSummary,
    Comparison,
    Decoding,
    DialogueCount,
    Estimate,
    Fault,
    Flip,
    HelperSummary,
    ReasonCount,
    Report,
    TaskSummary,
    Verdict,
)

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end of script": "</script></pre></table><b>bold",
    "image": '"><img src=x onerror=alert(1)>',
    "quotes": "' onmouseover='alert(1)' x=\"",
    "jinja": "{{ 7 * 7 }}{% raw %}",
    "line separator": "a\u2028b",
    "direction": "\u202egnp.exe",
    "escape": "\x1b]0;owned\x07\x1b[2J\x9b31m",
    "carriage return": "safe\roverwritten",
    "command": "::error::owned\n::add-mask::x\n  ::set-output name=a::b",
    "table": "a | b || c \\| d",
    "backticks": "```\n````\n# free\n~~~",
    "mention": "@octocat #1",
    "link": "[click](javascript:alert(1)) ![x](http://example.invalid/x.png)",
    "markup": "[bold]x[/bold] [/nothing] [link=http://example.invalid]y[/link] :warning:",
    "nul": "a\x00b",
    "lone surrogate": "a\ud800b",
    "long": "x" * 200_000,
    "lines": "one\ntwo\n\n| three | four |",
    "comment": "<!-- a --> <!--> --!> <![CDATA[ b ]]> <details><summary>c",
    "hyperlink": "\x1b]8;;http://example.invalid\x1b\\click\x1b]8;;\x1b\\ \x9d8;;x\x9c \x1bP1$r\x1b\\",
    "formula": '=HYPERLINK("http://example.invalid","click")',
    "formula behind a tab": "\t+1-1@SUM(1)",
    "link alone": "javascript:alert(1) data:text/html,<script>alert(1)</script> http://example.invalid",
    "hidden": "\u2066a\u2069\u200b\U000e0041\ufeff\xad",
    "marks": "e" + "\u0301" * 20_000,
    "empty": "",
}


def hostile_report(text):
    """A report with `text` wherever a model, a data set or a user can put some."""
    why = f"why {text}"
    checkpoints = tuple(
        CheckpointSummary(
            name,
            "chat",
            "float32",
            text,
            "a" * 64,
            "b" * 64,
            None,
            3,
            0,
            1,
            0,
            1234,
            56,
            template(text),
            template_options={text: text},
        )
        for name in ("base", f"sft {text}")
    )
    found = (("base", 0.5), (f"sft {text}", 0.75))
    comparison = Comparison("facts", "exact", "base", f"sft {text}", 0.25, 0.1, 0.4, 0.001, 0.004, 2, 1, 1, 4, 0)
    return Report(
        baseline="base",
        checkpoints=checkpoints,
        tasks=(
            TaskSummary(
                "facts", 1, text, 4, 4, "generate", Decoding(), ("exact", "single_bos"), "c" * 64, judges=((), (text,))
            ),
        ),
        estimates=tuple(Estimate(n, "facts", "exact", mean, 0.2, 0.9, 4, 0, 4) for n, mean in found),
        audits=tuple(Estimate(n, "*", "single_bos", 1.0, 0.5, 1.0, 4, 0, 4) for n, _ in found),
        comparisons=(comparison,),
        flips=tuple(
            Flip("facts", "exact", "base", f"sft {text}", "0" * 16, won, 0.0, 1.0, text, text, why, why, text, text)
            for won in (True, False)
        ),
        faults=(Fault(f"sft {text}", "facts", "single_bos", "1" * 16, text, text, text),),
        dialogues=tuple(DialogueCount(n, "facts", {text: 3, "answered": 1}, 7, 2, 1, 1, 1) for n, _ in found),
        reasons=tuple(ReasonCount(n, "facts", "exact", words, 2) for n, _ in found for words in ("right", text)),
        helpers=(HelperSummary(text, text, text, text),),
        verdicts=(Verdict(f"facts/exact {text}", f"sft {text}", "inconclusive", text, is_warning=True),),
    )


def template(text: str) -> TemplateReport:
    """A template report with `text` wherever a template or a tokenizer can put some."""
    finding = Finding("CT204", "error", text, text, "question", text, 0, 1, text, text, (), (), text)
    share = Proportion(1, 2, 0.1, 0.9)
    return TemplateReport(
        subject=text,
        verdict="BROKEN",
        reason=text,
        family=text,
        template_origin=text,
        template_digest="d" * 64,
        findings=(finding,),
        notes=(finding,),
        passed=("CT001",),
        skipped=(Skipped("CT303", text),),
        fidelity=Fidelity(text, "standard-1", share, {"plain": share}, ("tools",)),
        suppressed={"CT208": text},
    )
