"""How wide a report is where there is no terminal."""

import os
import subprocess
import sys

import pytest
from rich.cells import cell_len
from shared_run import shared_report

from chateval.report import to_json


@pytest.mark.parametrize(("columns", "is_drawn"), [(None, False), ("120", True)])
def test_a_report_in_a_pipe_has_80_columns_or_those_that_were_asked_for(tmp_path, columns, is_drawn):
    (tmp_path / "report.json").write_text(to_json(shared_report("x")), encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")}
    if columns:
        environment["COLUMNS"] = columns

    found = subprocess.run(
        [sys.executable, "-m", "chateval", "report", str(tmp_path / "report.json")],
        env=environment,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    ).stdout

    assert max(map(cell_len, found.split("\n"))) <= int(columns or 80)
    assert ("●" in found) is is_drawn
    assert "\x1b" not in found
