"""The package as a whole: what it exports, what it imports, and what a wheel of it holds."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import chateval
from chateval.task import bundled_tasks

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


def test_the_wheel_lists_the_bundled_tasks_away_from_the_checkout(tmp_path):
    """Unpacked and run in an interpreter that cannot see the checkout."""
    root = Path(__file__).parent.parent
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "--wheel-dir",
            str(tmp_path),
            str(root),
        ],
        check=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "unpacked")
        names = archive.namelist()

    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'unpacked')!r}); sys.argv = ['chateval', 'tasks', '--json']"
    code += "\nimport chateval; print(chateval.__file__, file=sys.stderr)\nfrom chateval.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert str(tmp_path) in done.stderr
    assert [task["name"] for task in json.loads(done.stdout)] == list(bundled_tasks())
    assert {f"chateval/report/page/{name}" for name in ("page.html.j2", "page.css", "script/app.js")} <= set(names)
    assert "chateval/template/named/chatml.jinja" in names
    assert "chateval/bundled/examples/finetune.py" in names
    assert not [name for name in names if name.startswith(("tests/", "reports/", "docs/"))]
