"""Where the stages meet. Nothing else imports two of them."""

from chateval.pipeline.early import evaluate_early
from chateval.pipeline.engines import ENGINES, local_engines, open_engines
from chateval.pipeline.evaluate import Checks, Result, evaluate
from chateval.pipeline.finish import exit_code_of
from chateval.pipeline.gated import gate_again, gate_folder
from chateval.pipeline.mark import mark, mark_all
from chateval.pipeline.prepare import Plan, Subject, Watcher, prepare
from chateval.pipeline.rescore import rescore
from chateval.pipeline.respond import Answers, EngineFor, respond
from chateval.pipeline.sensitivity import KINDS, Sensitivity, Split, Variant, cross, measure_sensitivity
from chateval.pipeline.tasks import load_tasks
from chateval.pipeline.written import read_own_report

__all__ = [
    "ENGINES",
    "KINDS",
    "Answers",
    "Checks",
    "EngineFor",
    "Plan",
    "Result",
    "Sensitivity",
    "Split",
    "Subject",
    "Variant",
    "Watcher",
    "cross",
    "evaluate",
    "evaluate_early",
    "exit_code_of",
    "gate_again",
    "gate_folder",
    "load_tasks",
    "local_engines",
    "mark",
    "mark_all",
    "measure_sensitivity",
    "open_engines",
    "prepare",
    "read_own_report",
    "rescore",
    "respond",
]
