"""Two templates compared, on a terminal and as JSON."""

from collections.abc import Iterator
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from chateval.template.diff import ProbeDiff, TemplateDiff
from chateval.template.output.excerpt import cut_pair, visible
from chateval.template.output.json_file import dump

SHOWN_PROBES = 3
"""Probes shown of each kind of difference; the others are in the JSON."""
_LABEL_COLUMNS = 11


def diff_to_json(found: TemplateDiff) -> str:
    """Return the whole comparison as JSON, the renderings of both sides included."""
    return dump({**asdict(found), "is_same": found.is_same})


def print_diff(found: TemplateDiff, console: Console) -> None:
    """Print the verdict, the strata, and the first difference of a few probes of each kind."""
    console.print(Text(visible(f"a  {found.a}")))
    console.print(Text(visible(f"b  {found.b}")))
    console.print(Text(visible(found.verdict), style="bold"))
    strata = ", ".join(f"{name.replace('_', ' ')} {same}/{n}" for name, (same, n) in found.strata.items())
    console.print(Text(f"the same by stratum: {strata}"))
    if found.vocabulary is not None:
        vocabulary = found.vocabulary
        console.print(
            Text(
                f"vocabularies differ: {vocabulary.n_a:,} and {vocabulary.n_b:,} tokens, {vocabulary.n_moved:,} under "
                f"another id; only in a: {_few(vocabulary.only_a)}; only in b: {_few(vocabulary.only_b)}"
            )
        )
    shown: dict[str, int] = {}
    for probe in found.probes:
        if probe.status in ("same", "both raise"):
            continue
        kind: str = probe.kind or "ids"
        shown[kind] = shown.get(kind, 0) + 1
        if shown[kind] <= SHOWN_PROBES:
            _print_probe(probe, kind, console)
    for kind, n in shown.items():
        if n > SHOWN_PROBES:
            console.print(Text(f"{kind}: {n - SHOWN_PROBES} more probes; --json has all"))


def _print_probe(probe: ProbeDiff, kind: str, console: Console) -> None:
    console.print()
    console.print(Text.assemble((f"{kind}", "bold yellow"), f"  probe {probe.probe}, {probe.status}"))
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(no_wrap=True, min_width=8, style="dim")
    grid.add_column(overflow="fold")
    for label, words in _lines(probe, console.width - _LABEL_COLUMNS):
        grid.add_row(Text(f"  {label}"), Text(words))
    console.print(grid)


def _lines(probe: ProbeDiff, columns: int) -> Iterator[tuple[str, str]]:
    start = max((probe.offset or 0) - 30, 0)
    a, b = cut_pair(probe.a[start : start + 200], probe.b[start : start + 200], columns=columns)
    yield "a", a
    yield "b", b
    if probe.offset is not None:
        yield "at", f"character {probe.offset + 1}"
    tokens = probe.tokens
    if tokens is not None:
        yield "token", f"the first that differs is number {tokens.index + 1}"
        for label, ids, words in (("a", tokens.a_ids, tokens.a_tokens), ("b", tokens.b_ids, tokens.b_tokens)):
            pairs = (f"{visible(word)}={number}" for number, word in zip(ids, words, strict=True))
            yield f"ids {label}", "  ".join(pairs) or "no more tokens"


def _few(tokens: tuple[str, ...]) -> str:
    return ", ".join(visible(token) for token in tokens) or "none"
