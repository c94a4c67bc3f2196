"""Hold the licences of all that chateval needs against licences.toml: `licences.py ENVIRONMENT`; exits 1 on another."""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from installed import needed, site_packages
from packaging.utils import canonicalize_name

POLICY = Path(__file__).parent / "licences.toml"


def faults(packages: Iterable[Mapping[str, str]], policy: Mapping[str, Any]) -> list[str]:
    """Return a line for each package whose licence nobody allowed.

    Args:
        packages: `Name` and `License` of each, as pip-licenses reads them.
        policy: What licences.toml holds.
    """
    found = []
    reviewed = dict(policy["reviewed"])
    for package in sorted(packages, key=lambda one: one["Name"].lower()):
        name, licence = _name(package), _first_line(package["License"])
        review = reviewed.get(name)
        if review is not None and review["licence"] == licence:
            continue
        if review is not None:
            found.append(f"{name}: the licence was {review['licence']!r} when it was read and is {licence!r}")
        elif others := sorted(_names(licence, policy["spelling"]) - {*policy["permissive"], *policy["weak_copyleft"]}):
            found.append(f"{name}: {', '.join(others)[:120]}: not allowed; read it and list the package with a reason")
    return found


def _names(licence: str, spelling: Mapping[str, str]) -> set[str]:
    """Return every licence that an expression names, whether all hold or one may be chosen."""
    parts = (part.strip() for part in re.split(r"\s+(?:AND|OR)\s+|[;()]", spelling.get(licence, licence)))
    return {spelling.get(part, part) for part in parts if part}


def _name(package: Mapping[str, str]) -> str:
    return canonicalize_name(package["Name"])


def _first_line(licence: str) -> str:
    """Return the title of a licence that was given in full."""
    return licence.strip().split("\n", maxsplit=1)[0]


def main(environment: Path) -> int:
    """Print what is not allowed and how many packages were looked at; return the exit code."""
    names = needed("chateval", site_packages(environment))
    command = [sys.executable, "-m", "piplicenses", "--python", str(environment / "bin/python"), "--from=mixed"]
    command += ["--with-system", "--format=json", "--packages", *names]
    packages = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    lines = faults(packages, tomllib.loads(POLICY.read_text()))
    print(*lines, sep="\n", end="\n" if lines else "")
    missed = set(names) - {_name(package) for package in packages}
    if missed:
        print(f"not read: {', '.join(sorted(missed))}")
    print(f"licences: {len(packages)} packages, {len(lines)} not allowed")
    return 1 if lines or missed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
