"""How much of a score hangs on the chat template: the same checkpoint under other templates, and crossed runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chateval.compare import compare_all, sample_means
from chateval.config import Suite
from chateval.errors import ConfigError
from chateval.pipeline.audit import specimen_of
from chateval.pipeline.evaluate import Result, evaluate
from chateval.pipeline.prepare import Watcher
from chateval.pipeline.respond import EngineFor
from chateval.records import CheckpointSpec, Comparison, Score
from chateval.store import read_scores, write_file
from chateval.template import Specimen, make_mutants

OWN = "own"
FOREIGN = ("zephyr", "vicuna", "alpaca", "chatml", "llama3")
"""Named templates that stand for another family's, tried in this order."""
N_FOREIGN = 2
KINDS = ("none", "foreign", "mutants")


@dataclass(frozen=True, slots=True)
class Variant:
    """The checkpoint under one template."""

    spec: CheckpointSpec
    what: str
    """What is different, in words."""


@dataclass(frozen=True, slots=True)
class Split:
    """A gain of one checkpoint over another, taken apart: total = weights + prompt, on the same pairs."""

    task: str
    scorer: str
    total: Comparison
    weights: Comparison
    """The candidate's weights under the baseline's template, against the baseline."""
    prompt: Comparison
    """The candidate under its own template, against its weights under the baseline's."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A run over variants; every variant is compared with the checkpoint as it is."""

    result: Result
    variants: tuple[Variant, ...]
    """The checkpoint itself first."""
    splits: tuple[Split, ...] = ()


def make_variants(spec: CheckpointSpec, specimen: Specimen, kinds: Sequence[str], folder: Path) -> list[Variant]:
    """Return the checkpoint as it is and under other templates; their Jinja is written into the folder.

    Args:
        spec: The checkpoint, with its own template.
        specimen: Its template.
        kinds: Of `none` (plain text without roles), `foreign` (two other families') and `mutants` (one edit each).
        folder: Where template files are kept.

    Raises:
        ConfigError: If the checkpoint has no chat template, or a kind is unknown.
    """
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise ConfigError(f"no variant {unknown[0]!r}; say {', '.join(KINDS)}")
    if specimen.source is None:
        raise ConfigError(f"{spec.path} has no chat template, so there is none to vary")
    found = [Variant(replace(spec, name=OWN), "its own template")]
    if "none" in kinds:
        found.append(Variant(replace(spec, name="none", completion=True), "plain text without roles"))
    if "foreign" in kinds:
        own = specimen.dialect.name if specimen.dialect else ""
        names = [name for name in FOREIGN if not own.startswith(name)][:N_FOREIGN]
        found += [Variant(replace(spec, name=f"foreign_{n}", template=n), f"the template of {n}") for n in names]
    if "mutants" in kinds:
        for mutant in make_mutants(specimen):
            path = folder / "templates" / f"{mutant.name}.jinja"
            write_file(path, mutant.template)
            found.append(Variant(replace(spec, name=mutant.name, template=str(path)), mutant.what))
    return found


def measure_sensitivity(
    suite: Suite, *, kinds: Sequence[str], out: Path, cache_dir: Path, open_engine: EngineFor, watcher: Watcher
) -> Sensitivity:
    """Evaluate the first checkpoint of a suite under its own template and others, paired.

    Raises:
        ChatevalError: For whatever the user has to mend, before any model is loaded.
    """
    [spec] = suite.checkpoints
    variants = make_variants(spec, _specimen(spec, cache_dir), kinds, out)
    plan = replace(
        suite,
        checkpoints=tuple(variant.spec for variant in variants),
        baseline=OWN,
        system="fold_into_user",
        template_gate="off",
        gate=(),
    )
    result = evaluate(plan, out, cache_dir=cache_dir, open_engine=open_engine, watcher=watcher)
    return Sensitivity(result, tuple(variants))


def cross(suite: Suite, *, out: Path, cache_dir: Path, open_engine: EngineFor, watcher: Watcher) -> Sensitivity:
    """Evaluate a baseline, a candidate, and the candidate's weights under the baseline's template.

    Args:
        suite: Two checkpoints; `baseline` names one of them.
        out: Folder of the run.
        cache_dir: Where responses are stored.
        open_engine: Opens the engine of a checkpoint.
        watcher: Hears how far the run is.

    Returns:
        The run, and for every task and scorer the gain split into weights and prompt.

    Raises:
        ChatevalError: For whatever the user has to mend, before any model is loaded.
    """
    before, after = sorted(suite.checkpoints, key=lambda spec: spec.name != suite.baseline)
    source = _specimen(before, cache_dir)
    crossed = f"{after.name}_under_{before.name}"
    if source.source is None:
        under = replace(after, name=crossed, completion=True)
    else:
        path = out / "templates" / f"{before.name}.jinja"
        write_file(path, source.template())
        under = replace(after, name=crossed, template=str(path))
    plan = replace(
        suite,
        checkpoints=(before, after, under),
        baseline=before.name,
        template_gate="off",
        gate=(),
    )
    result = evaluate(plan, out, cache_dir=cache_dir, open_engine=open_engine, watcher=watcher)
    what = f"the weights of {after.name} under the template of {before.name}"
    variants = (Variant(before, "the baseline"), Variant(after, "the candidate"), Variant(under, what))
    return Sensitivity(result, variants, tuple(_splits(read_scores(out), before.name, after.name, crossed)))


def _splits(scores: Sequence[Score], before: str, after: str, crossed: str) -> list[Split]:
    means = sample_means(scores)

    def against(baseline: str, candidate: str) -> Mapping[tuple[str, str], Comparison]:
        pair = {address: found for address, found in means.items() if address[0] in (baseline, candidate)}
        return {(found.task, found.scorer): found for found in compare_all(pair, baseline)}

    total, weights, prompt = against(before, after), against(before, crossed), against(crossed, after)
    return [
        Split(task, scorer, total[task, scorer], weights[task, scorer], prompt[task, scorer]) for task, scorer in total
    ]


def _specimen(spec: CheckpointSpec, cache_dir: Path) -> Specimen:
    from chateval.checkpoint import DigestCache, resolve_all

    [checkpoint] = resolve_all([replace(spec, spare_completion=True)], DigestCache(cache_dir / "digests.json"))
    return specimen_of(checkpoint)
