import json
from dataclasses import asdict, replace

import pytest
from hostile_report import HOSTILE

from chateval.findings import Proportion
from chateval.template.output import to_json


def test_everything_of_the_report_is_there(report):
    found = json.loads(to_json(report))

    assert found.pop("coverage") == {"evaluated": 5, "of": 6}
    assert found == json.loads(json.dumps(asdict(report)))


def test_keys_are_sorted_so_that_equal_reports_are_equal_files(report):
    other = replace(report, versions=dict(reversed(report.versions.items())))

    assert to_json(report) == to_json(other)
    assert list(json.loads(to_json(report))) == sorted(json.loads(to_json(report)))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_file_is_ascii_and_read_back(text, make_hostile):
    written = to_json(make_hostile(text))

    assert written.isascii()
    assert written.replace("\n", "").isprintable()
    assert json.loads(written)["findings"][1]["text"] == text.replace("\ud800", "\ufffd")


def test_without_fidelity_it_is_null(report):
    assert json.loads(to_json(replace(report, fidelity=None)))["fidelity"] is None


def test_nan_is_refused(report):
    wrong = replace(report, fidelity=replace(report.fidelity, total=Proportion(1, 2, float("nan"), 1.0)))

    with pytest.raises(ValueError, match="JSON compliant"):
        to_json(wrong)
