"""action.yml and the examples: their form, that nothing of a pull request reaches a shell, the core step for real."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]
SHELL = [step for step in STEPS if "run" in step]
WORKFLOW = yaml.safe_load((ROOT / "examples/ci/github-workflow.yml").read_text())

TASK = """
name: sums
version: 1
source: test
samples: samples.jsonl
messages: [{role: user, content: "{{ a }} + 1 ="}]
target: "{{ a + 1 }}"
scorers: [number]
"""


def test_the_action_has_the_keys_of_a_composite_action():
    assert ACTION.keys() <= {"name", "description", "author", "branding", "inputs", "outputs", "runs"}
    assert ACTION["runs"].keys() == {"using", "steps"}
    assert ACTION["runs"]["using"] == "composite"
    for one in ACTION["inputs"].values():
        assert one.keys() <= {"description", "default", "required"}
        assert isinstance(one["default"], str)
    for one in ACTION["outputs"].values():
        assert one.keys() == {"description", "value"}
    for step in STEPS:
        assert step.keys() <= {"name", "id", "if", "uses", "with", "shell", "env", "run"}
        assert ("run" in step) == ("shell" in step) != ("uses" in step)


def test_every_input_is_used_and_every_used_one_is_there():
    text = (ROOT / "action.yml").read_text()

    assert set(re.findall(r"inputs\.([a-z-]+)", text)) == set(ACTION["inputs"])


@pytest.mark.parametrize("step", SHELL, ids=lambda step: step["name"])
def test_no_expression_stands_in_a_shell_script(step):
    assert "${{" not in step["run"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize("step", SHELL, ids=lambda step: step["name"])
def test_every_script_is_bash(step):
    assert subprocess.run(["bash", "-n"], input=step["run"], text=True, check=False).returncode == 0  # noqa: S607


@pytest.mark.parametrize("step", [*STEPS, *WORKFLOW["jobs"]["gate"]["steps"]], ids=lambda step: step.get("uses", "run"))
def test_actions_are_pinned_to_a_commit(step):
    if "uses" in step and not step["uses"].startswith("OWNER/"):
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])


def test_the_examples_name_inputs_and_options_that_exist():
    [given] = [step["with"] for step in WORKFLOW["jobs"]["gate"]["steps"] if step.get("uses", "").startswith("OWNER/")]
    assert set(given) <= set(ACTION["inputs"])

    gitlab = yaml.safe_load((ROOT / "examples/ci/gitlab-ci.yml").read_text())["chateval"]
    assert gitlab["artifacts"]["reports"] == {"junit": "gate.xml"}
    assert any("--junit gate.xml" in line for line in gitlab["script"])


@pytest.fixture
def core(tmp_path, tiny_chat):
    """Run the step that runs and gates, as GitHub does: `bash -eo pipefail`, inputs in the environment."""
    (tmp_path / "sums").mkdir()
    (tmp_path / "sums/task.yaml").write_text(TASK)
    (tmp_path / "sums/samples.jsonl").write_text("".join(f'{{"a": {i}}}\n' for i in range(40)))
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    (bin_dir / "chateval").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m chateval "$@"\n')
    (bin_dir / "chateval").chmod(0o755)
    [step] = [step for step in STEPS if step.get("id") == "gate"]

    def run(gate, **inputs):
        (tmp_path / "chateval.yaml").write_text(
            f"checkpoints:\n  base: {{path: {tiny_chat}}}\n  sft: {{path: {tiny_chat}}}\n"
            f"tasks: [./sums]\nengine: fake\ngate: [{gate}]\n"
        )
        defaults = {key.upper().replace("-", "_"): one["default"] for key, one in ACTION["inputs"].items()}
        environment = {name: {**defaults, **inputs}[name] for name in step["env"]}
        whole = {
            **os.environ,
            **environment,
            "PATH": f"{bin_dir}:{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "RUNNER_TEMP": str(tmp_path / "temp"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        found = subprocess.run(command, cwd=tmp_path, env=whole, capture_output=True, text=True, check=False)
        output = tmp_path / "output"
        lines = output.read_text().splitlines() if output.exists() else []
        return found, dict(line.split("=", 1) for line in lines)

    return run


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_the_core_step_runs_gates_and_hands_on_the_verdict(core, tmp_path):
    found, outputs = core("{scorer: number, min_value: 1}", ARGUMENTS="--limit=20\n\n--demos=0")

    assert found.returncode == 0, found.stderr
    assert (outputs["outcome"], outputs["exit-code"]) == ("regression", "1")
    report = Path(outputs["report"])
    assert {"run", "gate.xml", "comment.md", "templates.sarif"} <= {path.name for path in report.iterdir()}
    assert json.loads((report / "run/report.json").read_text())["tasks"][0]["n_samples"] == 20
    assert (tmp_path / "summary.md").read_text().startswith("**ENGINE fake: no model answered**\n\n# base / sft")

    whole = str(report / "run")
    _, outputs = core("{max_errors: 0}", RUN=whole, BASELINE=whole, CHECKPOINT="sft")

    assert (outputs["outcome"], outputs["exit-code"]) == ("pass", "0")
    assert "sft" in Path(outputs["report"], "gate.xml").read_text()

    _, outputs = core("{max_errors: 0}", RUN=whole)

    assert (outputs["outcome"], outputs["exit-code"]) == ("pass", "0")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_hostile_inputs_are_words_and_no_commands(core, tmp_path):
    found, outputs = core(
        "{max_errors: 0}", ARGUMENTS='$(touch owned)\n`touch owned`; touch owned\n"--limit=5" && touch owned'
    )

    assert outputs["outcome"] == "error"
    assert found.returncode == 0
    assert not list(tmp_path.rglob("owned"))

    found, outputs = core("{max_errors: 0}", NAME="../../x")
    assert found.returncode == 2
