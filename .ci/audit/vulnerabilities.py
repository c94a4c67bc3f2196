"""Ask PyPI's advisories about all that chateval needs: `vulnerabilities.py ENVIRONMENT`.

pip-audit itself says "No known vulnerabilities found" and exits with 0 where the service knows none of the packages, as
an index without advisories does. Here that is no answer: exit 0 means that every package was looked up.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from installed import needed, site_packages

CLEAN, VULNERABLE, NOT_ANSWERED = 0, 1, 2


def judge(answer: Mapping[str, Any], names: Mapping[str, str]) -> tuple[int, list[str]]:
    """Return the exit code and what to print of an answer of pip-audit.

    Args:
        answer: Its JSON.
        names: Every package that was asked about, with its version.
    """
    packages = answer["dependencies"]
    flaws = [
        f"{one['name']} {one['version']}: {flaw['id']}: mended in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in packages
        for flaw in one.get("vulns", [])
    ]
    looked_up = {one["name"] for one in packages if "skip_reason" not in one}
    missed = sorted(set(names) - looked_up)
    lines = [*flaws]
    if missed:
        some = ", ".join(missed[:5]) + (", ..." if len(missed) > 5 else "")
        lines.append(f"{len(missed)} of {len(names)} packages are not known to the service, were not looked up: {some}")
    lines.append(f"vulnerabilities: {len(looked_up)} packages looked up, {len(flaws)} known")
    return VULNERABLE if flaws else NOT_ANSWERED if missed else CLEAN, lines


def main(environment: Path) -> int:
    """Ask, print, and return the exit code: 0 none known, 1 some known, 2 not all could be asked about."""
    names = needed("chateval", site_packages(environment))
    with tempfile.TemporaryDirectory() as room:
        asked, given = Path(room) / "requirements.txt", Path(room) / "answer.json"
        # Advisories are of public versions; torch's own "+cpu" is none.
        asked.write_text("".join(f"{name}=={version.partition('+')[0]}\n" for name, version in names.items()))
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(asked), "--no-deps", "--disable-pip"]
        command += ["--progress-spinner", "off", "--format", "json", "--output", str(given), *sys.argv[2:]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not given.exists():
            said = done.stderr.strip().splitlines() or ["it said nothing"]
            print(f"vulnerabilities: not looked up, the advisory service did not answer: {said[-1][:300]}")
            return NOT_ANSWERED
        code, lines = judge(json.loads(given.read_text()), names)
    print(*lines, sep="\n")
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
