"""`template_options` and `--template-option`: switches of a chat template, such as `enable_thinking`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chateval.codec import canonical
from chateval.config.suite import Suite
from chateval.errors import ConfigError
from chateval.records import CheckpointSpec
from chateval.yaml_file import parse_scalar

RESERVED = frozenset(
    {"messages", "tools", "documents", "add_generation_prompt", "continue_final_message", "raise_exception"}
    | {"strftime_now", "bos_token", "eos_token", "pad_token", "unk_token", "chat_template", "conversation", "tokenize"}
)
"""Names that a rendering fills by itself."""


def check_options(options: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Return switches of a template if they can be some.

    Raises:
        ConfigError: If a name is none of Jinja's, or one that a rendering fills, or a value is not JSON.
    """
    for name in options:
        if not name.isidentifier():
            raise ConfigError(f"{where}: {name[:80]!r} is no name of a variable")
        if name in RESERVED:
            raise ConfigError(
                f"{where}: {name} is filled by the rendering itself; not to be given: {_listed(RESERVED)}"
            )
    try:
        canonical(dict(options))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: cannot be said in JSON: {error}") from error
    return dict(options)


def with_template_options(suite: Suite, texts: Sequence[str]) -> Suite:
    """Return the suite with switches of templates that the command line sets, each over what the file says.

    Args:
        suite: With its checkpoints and helpers.
        texts: CHECKPOINT.NAME=VALUE each, the value as YAML reads it.

    Raises:
        ConfigError: If a text is not of that form, or names no checkpoint or helper.
    """
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        address, equals, value = text.partition("=")
        name, dot, option = address.rpartition(".")
        if not equals or not dot or not name:
            raise ConfigError(f"--template-option {text!r}: say CHECKPOINT.NAME=VALUE, as sft.enable_thinking=false")
        known = [spec.name for spec in (*suite.checkpoints, *suite.helpers)]
        if name not in known:
            raise ConfigError(f"--template-option {text!r}: no checkpoint {name!r}; there are: {', '.join(known)}")
        found.setdefault(name, {})[option] = parse_scalar(value)
    for name, options in found.items():
        check_options(options, f"--template-option {name}")
    return replace(
        suite,
        checkpoints=tuple(_with(spec, found) for spec in suite.checkpoints),
        helpers=tuple(_with(spec, found) for spec in suite.helpers),
    )


def _with(spec: CheckpointSpec, found: Mapping[str, Mapping[str, Any]]) -> CheckpointSpec:
    if spec.name not in found:
        return spec
    return replace(spec, template_options={**spec.template_options, **found[spec.name]})


def _listed(names: frozenset[str]) -> str:
    return ", ".join(sorted(names))
