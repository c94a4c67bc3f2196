"""What chateval needs, as it is installed: the packages of its own requirements and of all extras, to the last one."""

from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def site_packages(environment: Path) -> Path:
    """Return the folder of an environment that holds its packages.

    Raises:
        SystemExit: If it is no environment.
    """
    for folder in sorted(environment.glob("lib/python3*/site-packages")):
        return folder
    raise SystemExit(f"{environment}: no Python environment; say make .venv/dev")


def needed(root: str, packages: Path) -> dict[str, str]:
    """Return name and version of all that a package and its extras bring, itself left out.

    Args:
        root: The package whose requirements are followed.
        packages: The folder of installed packages.

    Raises:
        SystemExit: If the package itself is not there.
    """
    found = {canonicalize_name(one.metadata["Name"]): one for one in distributions(path=[str(packages)])}
    if canonicalize_name(root) not in found:
        raise SystemExit(f"{packages}: {root} is not installed; say make .venv/dev")
    extras = set(found[root].metadata.get_all("Provides-Extra") or [])
    seen: dict[str, set[str]] = {}
    open_: list[tuple[str, set[str]]] = [(canonicalize_name(root), extras)]
    while open_:
        name, asked = open_.pop()
        new = ({""} | asked) - seen.get(name, set())
        if name not in found or not new:  # an extra of another environment, or a requirement of another system
            continue
        seen.setdefault(name, set()).update(new)
        open_ += _requirements(found[name], new)
    return {name: found[name].version for name in sorted(seen) if name != canonicalize_name(root)}


def _requirements(package: Distribution, extras: set[str]) -> Iterator[tuple[str, set[str]]]:
    for line in package.requires or []:
        requirement = Requirement(line)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            yield canonicalize_name(requirement.name), set(requirement.extras)
