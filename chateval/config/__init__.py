"""chateval.yaml and the command line -> Suite: checkpoints x tasks, baseline, gate."""

from chateval.config.options import (
    fit_engine,
    parse_checkpoint,
    parse_data,
    parse_drawing,
    parse_ladder,
    with_engine,
    with_helpers,
    with_options,
)
from chateval.config.read import as_rules, read_suite
from chateval.config.suite import DTYPES, OVERFLOWS, SYSTEMS, TEMPLATE_GATES, Suite, TemplateGate
from chateval.config.switches import with_template_options

__all__ = [
    "DTYPES",
    "OVERFLOWS",
    "SYSTEMS",
    "TEMPLATE_GATES",
    "Suite",
    "TemplateGate",
    "as_rules",
    "fit_engine",
    "parse_checkpoint",
    "parse_data",
    "parse_drawing",
    "parse_ladder",
    "read_suite",
    "with_engine",
    "with_helpers",
    "with_options",
    "with_template_options",
]
