"""The package as a whole: what it exports and what it imports."""

import subprocess
import sys

import pytest

import chateval

COMMAND = """
import sys
sys.argv = ["chateval", "{}"]
from chateval.__main__ import main
try:
    main()
except SystemExit:
    pass
"""
HEAVY = ("torch", "transformers", "peft", "datasets", "evaluate", "lighteval", "pandas", "scipy")


def loaded_by(code: str) -> set[str]:
    """Return which heavy modules a fresh interpreter has loaded after some code."""
    report = f"{code}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_the_public_names_are_there():
    assert all(hasattr(chateval, name) for name in chateval.__all__)
    assert chateval.__all__ == sorted(chateval.__all__)


@pytest.mark.parametrize(
    "code",
    [
        "import chateval",
        "import chateval.pipeline",
        "import chateval.report, chateval.gate, chateval.score",
        COMMAND.format("--help"),
        COMMAND.format("tasks"),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_needed(code):
    assert loaded_by(code) == set()
