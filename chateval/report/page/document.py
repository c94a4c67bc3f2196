"""Report and runs -> the parts of one HTML file that asks no network and runs no script but its own."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import jinja2

from chateval.records import Report, Run
from chateval.report import chat_words, contrast, words
from chateval.report.ladder import ladder_lines, ladder_words
from chateval.report.page import overview
from chateval.report.page.pack import pack
from chateval.report.page.rows import MAX_RAW, collect
from chateval.report.tables import audit_lines, blocks, dialogue_lines, figure_lines, reason_lines
from chateval.report.why import why

_FOLDER = Path(__file__).parent
SCRIPTS = ("text", "diff", "data", "filter", "list", "chat", "sample", "app")
"""Files of script/, in the order in which they build on each other."""


def to_page(report: Report, runs: Sequence[Run], *, max_raw: int = MAX_RAW) -> Iterator[str]:
    """Yield the page of a report part by part: equal runs give equal bytes.

    Args:
        report: What the overview shows.
        runs: Where its checkpoints come from: samples, answers and scores for the browser of samples.
        max_raw: Characters of JSON beyond which prompts of samples that did not flip are left out;
            the page says so.
    """
    rows, n_lean = collect(report, runs, max_raw=max_raw)
    style, script = _read("page.css"), page_script()
    yield _template().render(
        report=report,
        runs=overview.libraries(runs),
        n_rows=len(rows),
        n_lean=n_lean,
        figures=list(figure_lines(report)),
        audits=list(audit_lines(report)),
        causes=overview.causes(report),
        cause_lines=list(overview.cause_lines(report)),
        flips=list(overview.flips(report)),
        flip_lines=list(overview.flip_lines(report)),
        changes=contrast.change_lines(report),
        refusals=contrast.refusal_lines(report),
        slices=overview.slices(report),
        noteworthy=contrast.noteworthy_slices(report),
        slices_words=contrast.SLICES,
        engine=words.engine_words(report),
        rounding=contrast.rounding_line(report),
        summary=words.summary(report),
        method=words.method(report),
        early=words.early_words(report),
        ladder=ladder_words(report),
        ladders=list(ladder_lines(report)),
        signs=words.MARKS,
        perhaps=words.perhaps_words(report),
        reach=overview.scale(report),
        why=partial(why, report),
        width=overview.WIDTH,
        policy=policy(style, script, has_images=any(row.sample.images for row in rows)),
        blocks=blocks(report),
        reasons=list(reason_lines(report)),
        dialogues=list(dialogue_lines(report)),
        of_judges=chat_words.OF_JUDGES,
        sample_link=overview.sample_link,
        style=style,
    )
    yield from pack(report, runs, rows, n_lean)
    yield f"<script>{script}</script>\n</body>\n</html>\n"


def policy(style: str, script: str, *, has_images: bool = False) -> str:
    """Return the content security policy: only this style, this script and images in the file take effect."""
    images = "img-src data:; " if has_images else ""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        f"{images}base-uri 'none'; form-action 'none'"
    )


@cache
def page_script() -> str:
    """Return the script of the page: the files of script/ in one scope."""
    parts = (_read(f"script/{name}.js") for name in SCRIPTS)
    return "(async () => {\n'use strict';\n" + "\n".join(parts) + "\n})();\n"


def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _shown(value: Any) -> Any:
    """Return what the page writes for a value: no text goes onto it that hides or acts."""
    return words.visible(value) if type(value) is str else value


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "visible": words.visible,
        "mean": words.mean_words,
        "count": words.count_words,
        "delta": words.delta_words,
        "p": words.p_words,
        "record": words.record_words,
        "direction": words.direction,
        "mark": overview.mark,
        "worth": words.value_words,
        "known_words": words.known_words,
        "slice_words": words.slice_words,
        "decoding_words": words.decoding_words,
        "changed": words.changed_words,
        "figure": words.figure_words,
        "unit": words.unit_words,
        "fidelity": words.fidelity_words,
        "strata": words.strata_words,
        "finding": words.finding_words,
        "silenced": words.silenced_words,
        "evidence": overview.evidence,
        "judges_words": chat_words.judges_words,
        "dialogue_words": chat_words.dialogue_words,
        "sampling_words": chat_words.sampling_words,
        "helper_words": chat_words.helper_words,
        "thinking_words": chat_words.thinking_words,
        "short": overview.short,
        "shade": overview.shade,
        "whisker": overview.whisker,
    }
    return environment.get_template("page.html.j2")
