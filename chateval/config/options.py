"""The command line over a Suite: what it adds and what it replaces."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chateval.config.suite import ENGINES, NAME, Suite
from chateval.errors import ConfigError
from chateval.records import CheckpointSpec, Drawing, EngineSpec
from chateval.secret import holds_secret
from chateval.yaml_file import parse_scalar


def parse_checkpoint(text: str) -> CheckpointSpec:
    """Parse NAME=PATH, NAME=ADAPTER@BASE, NAME=HUB_ID@REVISION or NAME=http(s)://HOST/v1#MODEL.

    What stands behind the last `@` stays in `base` until `with_options` knows the names of all checkpoints.

    Raises:
        ConfigError: If the text has no name or no path.
    """
    name, equals, rest = text.partition("=")
    if not equals or not rest:
        raise ConfigError(f"--checkpoint {text!r}: say NAME=PATH, or NAME=ADAPTER@BASE")
    if not NAME.fullmatch(name):
        raise ConfigError(f"--checkpoint {text!r}: the name {name!r} is not letters, digits, dot, dash or underscore")
    whole = CheckpointSpec(name=name, path=rest)
    if whole.is_endpoint or is_there(rest) or "@" not in rest:
        return whole
    path, _, base = rest.rpartition("@")
    if not path or not base:
        raise ConfigError(f"--checkpoint {text!r}: say NAME=PATH, or NAME=ADAPTER@BASE")
    return CheckpointSpec(name=name, path=path, base=base)


def is_there(reference: str) -> bool:
    """Return whether a text names something on disk; one that no file system takes for a name names nothing."""
    try:
        return Path(reference).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


def parse_data(texts: Sequence[str]) -> dict[str, Path]:
    """Parse TASK=PATH: what takes the place of a task's data set.

    Raises:
        ConfigError: If a text is not of this form or there is nothing at the path.
    """
    found: dict[str, Path] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or not name or not path:
            raise ConfigError(f"--data {text!r}: say TASK=PATH, a file or a folder")
        if not is_there(path):
            raise ConfigError(f"--data {text[:200]!r}: nothing is there")
        found[name] = Path(path).expanduser()
    return found


def with_options(
    suite: Suite,
    *,
    checkpoints: Sequence[CheckpointSpec] = (),
    tasks: Sequence[str] = (),
    baseline: str | None = None,
    templates: Sequence[str] = (),
    completion: bool = False,
) -> Suite:
    """Return the suite with what the command line adds to it.

    Args:
        suite: From a file, or empty.
        checkpoints: Added to those of the suite; a name that is there already is replaced.
        tasks: Take the place of the suite's where any are given.
        baseline: Name of a checkpoint; the first one if neither this nor the suite says.
        templates: NAME=TEMPLATE for one checkpoint, whatever it has; TEMPLATE for those that have none.
        completion: Plain text for checkpoints that have no template.

    Raises:
        ConfigError: If a name is unknown, or if there is no checkpoint or no task.
    """
    for spec in suite.checkpoints:
        if not NAME.fullmatch(spec.name):
            raise ConfigError(
                f"the name {spec.name[:80]!r} is not letters, digits, dot, dash or underscore, at most 64"
            )
    merged = {spec.name: spec for spec in suite.checkpoints}
    given: dict[str, CheckpointSpec] = {}
    for spec in checkpoints:
        if spec.name in given:
            raise ConfigError(f"--checkpoint {spec.name} is given twice")
        given[spec.name] = spec
    merged |= given
    specs = {name: _settle(spec, set(merged)) for name, spec in merged.items()}
    for text in templates:
        name, equals, template = text.partition("=")
        if not equals:
            specs = {one: replace(spec, spare_template=text) for one, spec in specs.items()}
        elif name in specs:
            specs[name] = replace(specs[name], template=template)
        else:
            raise ConfigError(f"--template {text!r}: no checkpoint {name!r}; there are: {', '.join(specs) or 'none'}")
    if completion and any("=" not in text for text in templates):
        raise ConfigError("--completion and --template both say what a checkpoint without a template sees; say one")
    if completion:
        specs = {one: replace(spec, spare_completion=True) for one, spec in specs.items()}
    if not specs:
        raise ConfigError("no checkpoint: say --checkpoint NAME=PATH, or name a chateval.yaml with -c")
    if not tasks and not suite.tasks:
        raise ConfigError("no task: say --task NAME (see `chateval tasks`), or name a chateval.yaml with -c")
    chosen = baseline or suite.baseline or next(iter(specs))
    if chosen not in specs:
        raise ConfigError(f"--baseline {chosen!r}: no such checkpoint; there are: {', '.join(specs)}")
    check_ladder(suite.ladder, list(specs))
    wanted = tuple(tasks or suite.tasks)
    names = [task for place, task in enumerate(wanted) if task not in wanted[:place]]
    return replace(suite, checkpoints=tuple(specs.values()), tasks=tuple(names), baseline=chosen)


def parse_drawing(temperature: float | None, top_p: float | None, seed: int | None, repeats: int | None) -> Drawing:
    """Return what the command line says of drawing answers.

    Raises:
        ConfigError: If a number is out of range.
    """
    if temperature is not None and not 0 <= temperature < math.inf:
        raise ConfigError(f"--temperature {temperature}: say a number from 0")
    if top_p is not None and not 0 < top_p <= 1:
        raise ConfigError(f"--top-p {top_p}: say a number above 0, at most 1")
    return Drawing(temperature=temperature, top_p=top_p, seed=seed, repeats=repeats)


def parse_ladder(text: str) -> tuple[str, ...]:
    """Parse NAME,NAME,...: the checkpoints of a ladder, lowest rung first."""
    return tuple(name.strip() for name in text.split(","))


def check_ladder(names: Sequence[str], known: Sequence[str]) -> None:
    """Raise ConfigError if a ladder has one rung only, one of them twice, or one that is no checkpoint."""
    if not names:
        return
    for name in names:
        if name not in known:
            raise ConfigError(f"ladder: no checkpoint {name[:80]!r}; there are: {', '.join(known)}")
    if len(set(names)) < max(2, len(names)):
        raise ConfigError(f"ladder: {', '.join(names)}: say two checkpoints or more, each once")


def with_helpers(suite: Suite, helpers: Sequence[CheckpointSpec]) -> Suite:
    """Return the suite with further models that are not under test; one of a name that is there is replaced.

    Raises:
        ConfigError: If a checkpoint of the suite has that name.
    """
    merged = {spec.name: spec for spec in (*suite.helpers, *helpers)}
    tested = {spec.name for spec in suite.checkpoints}
    for name in merged:
        if name in tested:
            raise ConfigError(f"--helper {name}: a checkpoint of the run has that name, and can be named as it is")
    return replace(suite, helpers=tuple(_settle(spec, set(merged)) for spec in merged.values()))


def with_engine(
    spec: EngineSpec,
    *,
    name: str | None = None,
    base_url: str | None = None,
    workers: int | None = None,
    options: Sequence[str] = (),
) -> EngineSpec:
    """Return an engine with what the command line says of it.

    Args:
        spec: From a file, or the default.
        name: One of `ENGINES`; another one than the file's leaves the file's options behind.
        base_url: Address of an OpenAI-compatible server.
        workers: Engines of `ray`.
        options: KEY=VALUE each, the value as YAML reads it.

    Raises:
        ConfigError: If the engine is unknown, an option is no KEY=VALUE, or one belongs to another engine.
    """
    if name is not None and name not in ENGINES:
        raise ConfigError(f"--engine {name!r}: say one of {', '.join(ENGINES)}")
    chosen = next((one for one in ENGINES if one == name), spec.name)
    if chosen != spec.name:
        spec = EngineSpec(chosen)
    given = dict(spec.options)
    for text in options:
        key, equals, value = text.partition("=")
        if not equals or not key.isidentifier():
            raise ConfigError(f"--engine-option {key!r}: say KEY=VALUE")
        given[key] = parse_scalar(value)
    spec = replace(spec, base_url=base_url or spec.base_url, workers=workers or spec.workers, options=given)
    if spec.base_url is not None and spec.name != "openai":
        raise ConfigError(f"--base-url is for --engine openai, not for {spec.name}")
    if spec.workers is not None and spec.name != "ray":
        raise ConfigError(f"--workers is for --engine ray, not for {spec.name}")
    return spec


def fit_engine(suite: Suite) -> Suite:
    """Return the suite with `openai` as its engine if every checkpoint is an endpoint, which nothing else answers.

    Raises:
        ConfigError: If an option holds a key, or the engine is `openai` and it is not said where a checkpoint is
            served.
    """
    spec = suite.engine
    for name, value in spec.options.items():
        if holds_secret(name, value):
            raise ConfigError(
                f"engine option {name!r}: a key is no option, which the process list shows and the run folder keeps; "
                "set CHATEVAL_API_KEY, or HF_TOKEN for the hub"
            )
    if spec.name == "transformers" and suite.checkpoints and all(one.is_endpoint for one in suite.checkpoints):
        return replace(suite, engine=replace(spec, name="openai"))
    files = [one.name for one in suite.checkpoints if not one.is_endpoint]
    if spec.name == "openai" and spec.base_url is None and files:
        raise ConfigError(f"--engine openai: say where {files[0]} is served: --base-url http://HOST:PORT/v1")
    return suite


def _settle(spec: CheckpointSpec, names: set[str]) -> CheckpointSpec:
    """Decide whether what stood behind `@` is a base or a revision of the hub."""
    if spec.base is None or spec.base in names or is_there(spec.base):
        return spec
    has_path = is_there(spec.path)
    if has_path and spec.base.count("/") == 1:
        return spec  # a hub id, as the base of a local adapter
    if has_path:
        raise ConfigError(
            f"checkpoint {spec.name}: unknown base {spec.base!r}; checkpoints of this run: {', '.join(sorted(names))}"
        )
    if spec.revision is None:
        return replace(spec, base=None, revision=spec.base)
    return spec
