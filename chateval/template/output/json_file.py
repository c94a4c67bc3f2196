"""A template report as JSON: everything that is in it, with sorted keys."""

import json
import re
from dataclasses import asdict

from chateval.findings import TemplateReport
from chateval.template.output.words import coverage

_LONE = re.compile("[\ud800-\udfff]")


def to_json(report: TemplateReport) -> str:
    """Return the whole report as ASCII JSON, the same for the same report; a lone surrogate becomes U+FFFD.

    `coverage` says how many checks were evaluated, and of how many.
    """
    evaluated, of = coverage(report)
    return dump({**asdict(report), "coverage": {"evaluated": evaluated, "of": of}})


def dump(whole: object) -> str:
    """Return JSON with sorted keys and only ASCII letters; NaN is refused."""
    text = _LONE.sub("\ufffd", json.dumps(whole, ensure_ascii=False, allow_nan=False))
    return json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"
