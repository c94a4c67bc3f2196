"""The table of measures, and binding one to a task's options."""

from collections.abc import Callable, Mapping
from typing import Any

from chateval.errors import TaskError
from chateval.score.measures import classes, format_tax, likelihood, repeats, reward, tags, text, truthfulqa
from chateval.score.measures.record import Measure
from chateval.score.options import check_options

__all__ = ["MEASURES", "Measure", "bind_measure"]

MEASURES: Mapping[str, Callable[..., Measure]] = {
    "bleu": text.bleu,
    "chrf": text.chrf,
    "ter": text.ter,
    "rouge1": text.rouge1,
    "rouge2": text.rouge2,
    "rougeL": text.rouge_l,
    "rougeLsum": text.rouge_lsum,
    "perplexity": likelihood.perplexity,
    "bits_per_byte": likelihood.bits_per_byte,
    "pass_at_k": repeats.pass_at_k,
    "g_pass_at_k": repeats.g_pass_at_k,
    "mg_pass_at_k": repeats.mg_pass_at_k,
    "maj_at_k": repeats.maj_at_k,
    "spread": repeats.spread,
    "format_tax": format_tax.format_tax,
    "class_f1": classes.class_f1,
    "class_mcc": classes.class_mcc,
    "reward_margin": reward.reward_margin,
    "reward_chosen": reward.reward_chosen,
    "reward_rejected": reward.reward_rejected,
    "truthfulqa_diff": truthfulqa.truthfulqa_diff,
    "tag_mean": tags.tag_mean,
    "tag_drop": tags.tag_drop,
}


def bind_measure(name: str, options: Mapping[str, Any]) -> Measure:
    """Return the measure called `name` with a task's options filled in.

    Args:
        name: A name of the table.
        options: Keyword arguments of the measure.

    Raises:
        TaskError: If there is no such measure or it does not take such options; the message lists those that exist.
    """
    if name not in MEASURES:
        raise TaskError(f"unknown measure {name!r}; known: {', '.join(sorted(MEASURES))}")
    make = MEASURES[name]
    check_options(f"measure {name}", make, options)
    try:
        return make(**options)
    except ValueError as error:
        raise TaskError(f"measure {name}: {error}") from error
