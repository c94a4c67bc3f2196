"""All checks by code."""

from collections.abc import Mapping

from chateval.errors import ConfigError
from chateval.template.check import (
    conformance,
    lineage,
    loading,
    portability,
    safety,
    structure,
    tokens,
    tools,
    training,
)
from chateval.template.check.check import Check

CHECKS: Mapping[str, Check] = {
    check.code: check
    for module in (loading, tokens, structure, conformance, training, tools, safety, portability, lineage)
    for check in module.CHECKS
}


def find_check(code: str) -> Check:
    """Return a check by its code.

    Raises:
        ConfigError: If there is none; the message lists those that exist.
    """
    if code not in CHECKS:
        raise ConfigError(f"no check {code!r}; known: {', '.join(sorted(CHECKS))}")
    return CHECKS[code]
