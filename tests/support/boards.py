"""Leaderboards with all that can stand in one, and with hostile text wherever a user or a model can put some."""

from dataclasses import replace
from functools import cache

from hand_made import template
from made_runs import checkpoint, run, task

from chateval.compare.leaderboard import rank_runs
from chateval.records import Effort


@cache
def full_board(text="", **options):
    """A training of three steps, a broken and an unverified checkpoint, one that lacks a task; `text` in names."""
    steps = {checkpoint(f"sft {text}-{step}", step=step, n_parameters=10**8 + step): marks for step, marks in STEPS}
    names = [one.name for one in steps]
    efforts = tuple(Effort(name, 2.0, 4, 100 * place, 100) for place, name in enumerate(names, start=1))
    tasks = (task(f"facts {text}", scorers=(f"exact {text}",)), task("sums"))
    first = run(f"r {text}", steps | {f"broken {text}": "1" * 40, f"doubtful {text}": "10" * 20}, tasks=tasks)
    verdicts = {f"broken {text}": "BROKEN", f"doubtful {text}": "UNVERIFIED"}
    summaries = tuple(
        replace(one, template=template(verdicts.get(one.name, "CONFORMS"), digest="t1")) for one in first.checkpoints
    )
    lacks = run(f"s {text}", {f"poor {text}": "1" * 40}, tasks=(task("sums"),))
    runs = [replace(first, checkpoints=summaries, efforts=efforts), lacks]
    return rank_runs(runs, tasks=[f"facts {text}", "sums"], **options)


STEPS = ((0, "0" * 40), (50, "1" * 40), (100, "1" * 20 + "0" * 20))
