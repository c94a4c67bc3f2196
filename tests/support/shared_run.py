"""A small run with its report, as trackers get it: two checkpoints, a comparison, flips, verdicts, a manifest."""

from dataclasses import replace

from hostile_report import hostile_report

from chateval.records import Run


def shared_report(text="", steps=(None, 300)):
    """The report of hostile_report, with training steps."""
    report = hostile_report(text)
    pairs = zip(report.checkpoints, steps, strict=True)
    return replace(
        report,
        checkpoints=tuple(replace(one, step=step) for one, step in pairs),
        tasks=tuple(replace(task, prompt_digest="e" * 64) for task in report.tasks),
    )


def shared_run(report, tmp_path, name="night"):
    """A run of this report whose checkpoints have folders of their own."""
    entries = []
    for checkpoint in report.checkpoints:
        folder = tmp_path / "models" / "".join(filter(str.isalnum, checkpoint.name))[:40]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text("{}")
        entries.append({"checkpoint": {"name": checkpoint.name, "path": str(folder), "repo": None}})
    return Run(
        name=name,
        path=str(tmp_path),
        harness="chateval 0.1.0",
        baseline=report.baseline,
        checkpoints=report.checkpoints,
        tasks=report.tasks,
        samples={},
        scores=(),
        manifest={
            "python": "3.11.7",
            "limit": 4,
            "libraries": {"torch": "2.13.0"},
            "checkpoints": entries,
            "tasks": [{"name": "facts", "version": 1, "path": str(tmp_path / "facts" / "task.yaml"), "data": None}],
        },
    )
