"""What the checks of all chat templates found, as one SARIF log for code scanning."""

import json
from collections.abc import Callable

from chateval.findings import TemplateReport
from chateval.records import Report


def to_sarif(report: Report, write: Callable[[TemplateReport], str]) -> str:
    """Return the template reports of all checkpoints as one SARIF 2.1.0 log, a run each.

    A run's `automationDetails.id` is the checkpoint, by which GitHub tells the runs of a log apart. The findings of a
    baseline file have codes and messages, no evidence.

    Args:
        report: Of any run.
        write: Writes one template report as SARIF: `chateval.template.output.to_sarif`, which this layer does not know.
    """
    logs = [
        (checkpoint.name, json.loads(write(checkpoint.template)))
        for checkpoint in report.checkpoints
        if checkpoint.template is not None
    ]
    runs = [{**run, "automationDetails": {"id": f"chateval/{name}/"}} for name, log in logs for run in log["runs"]]
    schema = {"$schema": logs[0][1]["$schema"]} if logs else {}
    return json.dumps({**schema, "version": "2.1.0", "runs": runs}, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
