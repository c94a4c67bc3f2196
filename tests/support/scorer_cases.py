"""A good sample for every scorer of the registry, and responses that mean harm to whoever reads them."""

from collections.abc import Mapping
from typing import Any

from chateval.records import Case, Decoding, Prompt, Response, Sample, Scorer, TemplateFacts
from chateval.score import SCORERS, bind
from chateval.score.constraint import KINDS
from chateval.score.ifbench.scorer import INSTRUCTIONS as IFBENCH
from chateval.score.ifeval.scorer import INSTRUCTIONS as IFEVAL

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer", "multipleOf": 3}, "b": {"type": "string", "pattern": "^(a+)+$"}},
    "additionalProperties": {"$ref": "#"},
}
TOOL = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add.",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
    },
}
ROW: Mapping[str, Any] = {
    "tests": "assert answer == 42",
    "correct_answers": ["It is five.", "Five"],
    "incorrect_answers": ["It is six."],
    "constraints": [{"kind": "min_words", "n": 3}],
    "instruction_id_list": ["punctuation:no_comma"],
    "kwargs": [{}],
    "category": "simple",
    "function": [TOOL["function"]],
    "ground_truth": [{"add": {"a": [1]}}],
    "answer": ["five", "5"],
}
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "regex": {"pattern": r"(\d+)", "seconds": 0.5},
    "filtered_match": {"filters": [{"function": "regex", "regex_pattern": r"(\d+)\s*$"}], "ignore_case": True},
    "json_schema": {"schema": SCHEMA},
    "json_repaired": {"schema": SCHEMA},
    "yaml_valid": {"schema": SCHEMA},
    "xml_valid": {"root": "a", "tags": ["b"]},
    "markdown_table": {"columns": ["a", "b"]},
    "code_fence": {"language": "python", "parses": True},
    "runs_tests": {"tests": "tests", "seconds": 1.0, "memory_mib": 256},
    "maths": {"seconds": 1.0},
    "turns": {"scorer": "exact"},
    "whole_dialogue": {"scorer": "exact"},
}
TARGETS: Mapping[str, str] = {
    "letter": "B",
    "choice": "one",
    "mc2": "one",
    "preference": "one",
    "reward_accuracy": "one",
    "tool_call": '{"name": "add", "arguments": {"a": 1}}',
    "tool_outcome": '[{"name": "add", "arguments": {"a": 1}}]',
    "world_state": '{"sum": 1}',
    "refusal": "refuse",
    "attributes": '{"Brand": ["Acme"], "Size": ["n/a"]}',
    "json_fields": '{"a": 1, "b": [1, {"c": null}]}',
}
BY_LOGPROBS = ("choice", "mc2", "preference", "reward_accuracy")
RIGHT_CHOICE = (*BY_LOGPROBS, "letter")


def sample_for(name: str, row: Mapping[str, Any] = ROW) -> Sample:
    """Return a sample that a scorer of the registry can judge."""
    family = name.removesuffix("_precision").removesuffix("_recall")
    choices = ("one", "two") if name in RIGHT_CHOICE else ()
    target = TARGETS.get(family, "5")
    if name == "ifbench":
        row = {**row, "instruction_id_list": ["count:numbers"], "kwargs": [{"N": 3}]}
    others = ("7",) if target == "5" else ()
    return Sample("s", row, target=target, choices=choices, tools=(TOOL,), alternatives=others, state={"sum": 0})


def case_for(name: str, text: str, *, sample: Sample | None = None, **response: Any) -> Case:
    """Return the case of a response to such a sample."""
    given = {"raw_text": text, "finish": "eos", **response}
    return Case(
        sample or sample_for(name),
        Prompt("s", (), "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n", (1, 2, 3), Decoding()),
        Response("s", text, **given),
        TemplateFacts(
            "own", "", "", 1, "<|im_start|>assistant\n", 2, (2,), {"<|im_start|>": 1, "<|im_end|>": 2}, "chatml"
        ),
    )


def scorer_of(name: str) -> Scorer:
    """Return a scorer of the registry with options that use what it has."""
    return bind(name, OPTIONS.get(name, {}), trust_code=True)


NAMES = tuple(SCORERS)
KINDS_OF_CONSTRAINTS = tuple(KINDS)
IFEVAL_IDS, IFBENCH_IDS = tuple(IFEVAL), tuple(IFBENCH)

BOMB = (
    '<!DOCTYPE a [<!ENTITY l0 "ha">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    + "]><a>&l11;</a>"
)
ALIASES = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))

HOSTILE: Mapping[str, str] = {
    "5 MB of one letter": "a" * 5_000_000,
    "5 MB of words": "word, " * 833_333,
    "5 MB of lines": "- x\n" * 1_250_000,
    "5 MB of blanks": " " * 5_000_000,
    "5 MB of line breaks": "\n" * 5_000_000,
    "10^5 open brackets": "[" * 100_000,
    "10^5 nested brackets": "[" * 100_000 + "]" * 100_000,
    "10^5 nested objects": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "10^5 open braces": "{" * 100_000,
    "10^5 nested boxes": r"\boxed{" * 100_000 + "}" * 100_000,
    "10^5 nested parentheses": "5" + "(" * 100_000 + ")" * 100_000,
    "10^6 digits": "9" * 1_000_000,
    "10^6 digits in JSON": '{"a": ' + "9" * 1_000_000 + "}",
    "10^6 digits and a slash": "1" * 500_000 + "/" + "3" * 500_000,
    "many grouped digits": "1,234," * 200_000,
    "many groups of digits": "1 234 567 " * 100_000,
    "an exponent": '{"a": 1e999999999}',
    "a tower of powers": r"\boxed{10^{10^{10}}}",
    "a tower in plain text": "The answer is 9**9**9**9",
    "a factorial": r"The answer is $(10^9)!!!$",
    "a huge sum": r"$\sum_{n=1}^{10^{12}} \frac{1}{n^{n}}$",
    "a huge matrix": r"$\begin{pmatrix}" + r"1 & 2 \\ " * 5_000 + r"\end{pmatrix}^{1000}$",
    "a long integral": r"$\int_0^{10^9} \sin(x^{x^{x}}) e^{-x^{99}} dx$",
    "a deep fraction": "$" + r"\frac{1}{" * 500 + "1" + "}" * 500 + "$",
    "many dollars": "$x$ " * 200_000,
    "a billion laughs": BOMB,
    "external entities": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><b>&x;</b></a>',
    "deep XML": "<a>" * 100_000 + "</a>" * 100_000,
    "many attributes": "<a " + " ".join(f'x{n}="1"' for n in range(100_000)) + "/>",
    "aliases of aliases": ALIASES,
    "an alias of itself": "a: &a [*a, *a]\n",
    "deep YAML": "".join(" " * n + "- \n" for n in range(2_000)),
    "deep flow YAML": "a: " + "{b: " * 50_000,
    "many keys": "{" + ", ".join(f'"k{n}": 1' for n in range(100_000)) + "}",
    "colliding numbers": "{" + ", ".join(f'"k{n * (2**61 - 1)}": {n}' for n in range(20_000)) + "}",
    "a YAML tag": "!!python/object/apply:os.system ['false']",
    "deep quotes": "> " * 50_000 + "x",
    "deep lists": "".join("  " * n + "- x\n" for n in range(1_500)),
    "many fences": "```python\n" * 100_000,
    "fences in turn": "```\n~~~\n" * 100_000,
    "a long table": "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 100_000,
    "a wide table": "|" * 200_000 + "\n" + "|-" * 200_000 + "|",
    "many escapes": "\\" * 1_000_000,
    "many quotes": '"' * 1_000_000,
    "escaped quotes": '"' + '\\"' * 500_000,
    "many brackets in turn": "[](" * 300_000,
    "many tags": "<tool_call>" * 100_000,
    "many calls": '<tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call>' * 20_000,
    "many headers": "<|im_start|>assistant\n" * 100_000,
    "many angle brackets": "<|" * 500_000,
    "a call in Python": "[" + "add(a=1), " * 20_000 + "]",
    "a deep call in Python": "[add(a=" * 5_000 + "1" + ")]" * 5_000,
    "a deep sum in Python": "[add(a=" + "-" * 100_000 + "1)]",
    "a pattern's worst": "a" * 40 + "!",
    "a pattern's worst in JSON": '{"b": "' + "a" * 40 + '!"}',
    "many sentences": "Is it? It is. " * 100_000,
    "dots": "." * 1_000_000,
    "numbers and dots": "1." * 500_000,
    "words and commas": "a,b" * 300_000,
    "combining marks": "e" + "\u0301" * 1_000_000,
    "expanding letters": "\ufdfa" * 300_000,
    "lone surrogates": "\ud800" * 1_000,
    "NUL": "\0" * 100_000,
    "control characters": "".join(map(chr, range(32))) * 1_000,
    "right to left": "\u202e5 si rewsna ehT",
    "every plane": "".join(chr(n) for n in range(0x20, 0x110000, 37) if not 0xD800 <= n < 0xE000),
    "emoji joined": "👩‍👩‍👧‍👦" * 50_000,
    "thinking without an end": "<think>" * 50_000,
    "empty": "",
    "one blank": " ",
    "nothing but a fence": "```",
    "NaN": '{"a": NaN}',
    "twice a key": '{"a": 1, "a": 2}',
}
