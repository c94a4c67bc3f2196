"""Report <-> report.json."""

import json
import re
from dataclasses import asdict
from pathlib import Path

from chateval.codec import decode, read_text
from chateval.errors import DataError
from chateval.records import Report

NAME = "report.json"
_LONE = re.compile("[\ud800-\udfff]")


def to_json(report: Report) -> str:
    """Return the whole report as ASCII JSON; None is null, NaN cannot occur, a lone surrogate becomes U+FFFD."""
    whole = json.loads(_LONE.sub("\ufffd", json.dumps(asdict(report), ensure_ascii=False, allow_nan=False)))
    return json.dumps(whole, indent=1, ensure_ascii=True, allow_nan=False) + "\n"


def read_report(path: Path) -> Report:
    """Read a report.json, or the one of a run folder.

    Raises:
        DataError: If it is absent or not a report.
    """
    if path.is_dir():
        path = path / NAME
    if not path.is_file():
        raise DataError(f"{path}: no report there; make one with `chateval run`")
    return decode(Report, read_text(path), where=str(path))
