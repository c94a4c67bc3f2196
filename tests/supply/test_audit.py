"""`make audit`: what counts as clean, and that nothing unknown does."""

import json
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

POLICY = tomllib.loads((Path(__file__).resolve().parents[2] / ".ci/audit/licences.toml").read_text())
NAMES = {"jinja2": "3.1.4", "torch": "2.13.0+cpu"}


def known(name, *flaws):
    return {"name": name, "version": "1", "vulns": [{"id": flaw, "fix_versions": ["2"]} for flaw in flaws]}


def skipped(name):
    return {"name": name, "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("dependencies", "code", "said"),
    [
        ([known("jinja2"), known("torch")], 0, "vulnerabilities: 2 packages looked up, 0 known"),
        ([known("jinja2", "CVE-2024-56326"), known("torch")], 1, "jinja2 1: CVE-2024-56326: mended in 2"),
        ([known("jinja2"), skipped("torch")], 2, "1 of 2 packages are not known to the service"),
        ([skipped("jinja2"), skipped("torch")], 2, "2 of 2 packages are not known to the service"),
        ([known("jinja2", "CVE-1"), skipped("torch")], 1, "1 of 2 packages are not known to the service"),
        ([], 2, "2 of 2 packages are not known to the service"),
    ],
)
def test_only_a_service_that_knows_every_package_finds_nothing(dependencies, code, said):
    found, lines = import_module("vulnerabilities").judge({"dependencies": dependencies}, NAMES)

    assert found == code
    assert any(line.startswith(said) for line in lines)


@pytest.mark.parametrize(
    ("licence", "is_allowed"),
    [
        ("MIT", True),
        ("Apache Software License; MIT License", True),
        ("Apache-2.0 AND Apache-2.0 WITH LLVM-exception AND BSD-3-Clause", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("MIT License\n\nPermission is hereby granted", True),
        ("GPL-3.0-only", False),
        ("MIT AND GPL-2.0-or-later", False),
        ("AGPL-3.0", False),
        ("LGPL-2.1-only", False),
        ("UNKNOWN", False),
        ("Proprietary", False),
    ],
)
def test_a_licence_is_allowed_when_all_of_its_names_are(licence, is_allowed):
    found = import_module("licences").faults([{"Name": "Some_Package", "License": licence}], POLICY)

    assert (found == []) is is_allowed
    assert all(line.startswith("some-package: ") for line in found)


def test_a_licence_that_was_read_is_read_again_when_it_changes():
    package = {"Name": "pycountry", "License": POLICY["reviewed"]["pycountry"]["licence"]}

    assert import_module("licences").faults([package], POLICY) == []
    assert import_module("licences").faults([package | {"License": "GPL-3.0"}], POLICY) == [
        "pycountry: the licence was 'LGPL-2.1-only' when it was read and is 'GPL-3.0'"
    ]


def test_each_licence_that_was_read_says_why_it_may():
    assert all(review["reason"].endswith(".") for review in POLICY["reviewed"].values())


def test_what_is_needed_follows_extras_and_markers(tmp_path):
    for name, extras, requires in [
        ("root", ["more"], ["a", "b; extra == 'more'", "gone; sys_platform == 'nowhere'"]),
        ("a", ["fast"], ["c; extra == 'fast'"]),
        ("b", [], ["A[fast]", "absent"]),
        ("c", [], []),
        ("stranger", [], []),
    ]:
        folder = tmp_path / f"{name}-1.dist-info"
        folder.mkdir()
        lines = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1", *(f"Provides-Extra: {one}" for one in extras)]
        (folder / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {one}" for one in requires), "", ""]))

    assert import_module("installed").needed("root", tmp_path) == {"a": "1", "b": "1", "c": "1"}


def test_the_table_of_mutants_counts_what_was_not_run_apart(tmp_path):
    codes = {"one": 1, "two": 0, "three": None, "four": 36}
    (tmp_path / "some.py.meta").write_text(json.dumps({"exit_code_by_key": codes}))

    assert list(import_module("mutants").table(tmp_path))[2:] == ["| some | 4 | 2 | 1 | 1 |", "| all | 4 | 2 | 1 | 1 |"]
