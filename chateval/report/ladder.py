"""Ladders of a report in words and bars: every output says the same of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chateval.records import Ladder, Report, Rung
from chateval.report.words import delta_words, p_words, standing

BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.-~=+*#"
"""The same heights where only ASCII shows."""


@dataclass(frozen=True, slots=True)
class RungLine:
    """One rung as it is shown."""

    name: str
    share: float | None
    """Height of its bar in [0, 1]: of a scorer its mean, of a measure where it lies between the lowest and highest."""
    mean: str
    """With its interval."""
    step: str
    """Against the rung before, with interval and p; empty where there is none."""
    standing: str
    """As `words.standing` of the step; empty where there is none."""


@dataclass(frozen=True, slots=True)
class LadderLine:
    """A ladder as it is shown."""

    task: str
    scorer: str
    unit: str
    """Of a measure, with where it gets better; empty for scorers."""
    rungs: tuple[RungLine, ...]

    def spark(self, *, is_ascii: bool = False) -> str:
        """Return a bar for each rung."""
        bars = PLAIN_BARS if is_ascii else BARS
        return "".join("?" if rung.share is None else _bar(rung.share, bars) for rung in self.rungs)


def ladder_lines(report: Report) -> Iterator[LadderLine]:
    """Yield the ladders of a report in its order."""
    for ladder in report.ladders:
        shares = _shares(ladder)
        rungs = tuple(
            RungLine(
                name=rung.checkpoint,
                share=share,
                mean=_mean(rung, is_measure=bool(ladder.unit)),
                step=_step(rung, is_anytime=report.is_anytime),
                standing=standing(rung.step) if rung.step is not None else "",
            )
            for rung, share in zip(ladder.rungs, shares, strict=True)
        )
        unit = ladder.unit and f"{ladder.unit}{'; less is better' if ladder.is_less_better else ''}"
        yield LadderLine(ladder.task, ladder.scorer, unit, rungs)


def ladder_words(report: Report) -> str:
    """Return the rungs, and the first of them at which something got worse; empty without a ladder."""
    if not report.ladders:
        return ""
    names = [rung.checkpoint for rung in report.ladders[0].rungs]
    told = f"Ladder {' > '.join(names)}, each rung against the one before: "
    for number, name in enumerate(names):
        steps = [(ladder, ladder.rungs[number].step) for ladder in report.ladders]
        for words in ("worse", "perhaps worse"):
            found = [f"{one.task}/{one.scorer}" for one, step in steps if step is not None and standing(step) == words]
            if found and (words == "worse" or not _is_worse_later(report.ladders, number)):
                return f"{told}the first regression is at {name}, {words} on {', '.join(found)}."
    return f"{told}no rung is worse than the one before, as far as these samples show."


def _is_worse_later(ladders: Sequence[Ladder], number: int) -> bool:
    """Return whether a rung from this one on is worse by the test, which is then the one to name."""
    steps = [rung.step for ladder in ladders for rung in ladder.rungs[number:] if rung.step is not None]
    return any(standing(step) == "worse" for step in steps)


def _bar(share: float, bars: str) -> str:
    return bars[min(len(bars) - 1, max(0, int(share * len(bars))))]


def _shares(ladder: Ladder) -> list[float | None]:
    means = [rung.mean for rung in ladder.rungs]
    known = [mean for mean in means if mean is not None]
    if not ladder.unit or not known:
        return means
    low, high = min(known), max(known)
    span = (high - low) or 1.0
    return [None if mean is None else (mean - low) / span for mean in means]


def _mean(rung: Rung, *, is_measure: bool) -> str:
    if rung.mean is None:
        return "not measured" if is_measure else "not scored"
    spelt = ".4g" if is_measure else ".3f"
    interval = "" if rung.low is None or rung.high is None else f" [{rung.low:{spelt}}, {rung.high:{spelt}}]"
    return f"{rung.mean:{spelt}}{interval}"


def _step(rung: Rung, *, is_anytime: bool) -> str:
    if rung.step is None:
        return ""
    return delta_words(rung.step) + ("" if is_anytime else f" {p_words(rung.step.p_adjusted)}")
