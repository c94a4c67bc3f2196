"""A row's `constraints` and a response in, the share of them that the response keeps out."""

from collections.abc import Mapping, Sequence

from chateval.records import Case, Mark
from chateval.score.constraint import Options, broken, check_options


def instructions(case: Case, *, strict: bool = False) -> Mark:
    """Count the constraints of the row that the response keeps.

    Args:
        case: The response and the sample it answers. The row's field `constraints` is a list of objects, each with a
            `kind` (a key of `constraint.KINDS`) and the options of that kind.
        strict: Give no credit unless all constraints are kept.

    Returns:
        Share of the constraints kept, in [0, 1]; with `strict`, 1.0 or 0.0. An empty response keeps none. The reason
        names each constraint that is broken and what was found instead.

    Raises:
        ValueError: If the row has no valid `constraints`.

    Source:
        The idea of constraints that a program can check is that of IFEval, Zhou et al. (2023), arXiv:2311.07911.
    """
    constraints = _read(case.sample.inputs.get("constraints"))
    faults = []
    for kind, options in constraints:
        found = broken(case.response.text, kind, options)
        if found is not None:
            faults.append(f"{' '.join([kind, *map(_shown, options.values())])}: {found}")
    n_kept = len(constraints) - len(faults)
    value = float(not faults) if strict else n_kept / len(constraints)
    return Mark(value, answer=f"{n_kept} of {len(constraints)} kept", reason="; ".join(faults))


def check_constraints(constraints: object) -> None:
    """Refuse constraints that `instructions` could not judge, before any model is loaded.

    Raises:
        ValueError: If `constraints` is not a list of objects, at least one, or one of them has an unknown kind, an
            unknown option or a value that is not allowed; the message says which one and lists what is known.
    """
    _read(constraints)


def _read(constraints: object) -> list[tuple[str, Options]]:
    if not isinstance(constraints, Sequence) or isinstance(constraints, str) or not constraints:
        raise ValueError(f"constraints: found {constraints!r}, allowed: a list of objects, at least one")
    read: list[tuple[str, Options]] = []
    for index, constraint in enumerate(constraints):
        if not isinstance(constraint, Mapping) or not isinstance(constraint.get("kind"), str):
            raise ValueError(f"constraints[{index}]: found {constraint!r}, allowed: an object with a kind")
        options = {name: value for name, value in constraint.items() if name != "kind"}
        try:
            check_options(constraint["kind"], options)
        except ValueError as error:
            raise ValueError(f"constraints[{index}]: {error}") from error
        read.append((constraint["kind"], options))
    return read


def _shown(value: object) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(repr, value))
    return str(value) if isinstance(value, int) else repr(value)
