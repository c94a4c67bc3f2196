"""The lowest versions that are declared keep out what is known to be unsafe."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]


@pytest.mark.parametrize(
    ("name", "lowest"),
    [
        ("jinja2", (3, 1, 6)),  # CVE-2024-56326, CVE-2025-27516: ways out of the sandbox
        ("torch", (2, 6)),  # CVE-2025-32434: weights_only=True ran code
        ("transformers", (5,)),  # refuses pickles beside an old torch; remote code off throughout
        ("nltk", (3, 9, 1)),  # CVE-2024-39705: its models were pickles
        ("pyarrow", (17,)),  # CVE-2024-52338 and CVE-2023-47248: readers that ran code
    ],
)
def test_no_version_below_the_mended_one_is_accepted(name, lowest):
    [requirement] = [line for line in DECLARED if re.match(rf"{name}[<>=]", line)]

    assert tuple(map(int, re.search(r">=([\d.]+)", requirement)[1].split("."))) >= lowest


@pytest.mark.parametrize(
    "folder", [".ci", "examples", "docs", "Makefile", "action.yml", "README.md", "CONTRIBUTING.md"]
)
def test_nothing_that_is_fetched_is_handed_to_a_shell(folder):
    place = ROOT / folder
    texts = [path.read_text() for path in place.rglob("*") if path.is_file() and path.suffix != ".png"] or []
    texts = texts if place.is_dir() else [place.read_text()]

    assert [text for text in texts if re.search(r"(curl|wget)[^\n|]*\|\s*(sudo\s+)?(ba|z)?sh\b", text)] == []
