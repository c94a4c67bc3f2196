"""The wheel and the sdist: what is in them, what is not, what they say of themselves, and that two builds are equal."""

import email
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.message import Message
from pathlib import Path, PurePosixPath

import pytest

from chateval.task import bundled_tasks

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
BUNDLED = {"tasks": "chateval/bundled/tasks", "examples": "chateval/bundled/examples"}
BUNDLED |= {"docs/checks": "chateval/bundled/docs/checks"}
MOST_BYTES = 2 * 1024 * 1024
"""The wheel has 1.3 MB; a model or a corpus that slips in is seen."""


def tracked(*folders: str) -> list[str]:
    """Return the files of folders that git has or would take, without what it ignores."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("no git checkout to compare with")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).exists()]


def build(folder: Path) -> Path:
    """Build the wheel without network."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, env=os.environ | {"SOURCE_DATE_EPOCH": "1700000000"})
    [wheel] = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(wheel) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def metadata(wheel) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        return email.message_from_bytes(archive.read(f"chateval-{PROJECT['version']}.dist-info/METADATA"))


def test_the_wheel_holds_the_package_and_its_data_and_nothing_else(names):
    expected = set(tracked("chateval"))
    for source, place in BUNDLED.items():
        expected |= {f"{place}/{PurePosixPath(name).relative_to(source)}" for name in tracked(source)}
    about = f"chateval-{PROJECT['version']}.dist-info"
    expected |= {f"{about}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}

    assert len(names) == len(set(names))
    assert set(names) ^ expected == set()


@pytest.mark.parametrize(
    "name",
    [
        "chateval/py.typed",
        "chateval/report/page/page.html.j2",
        "chateval/report/page/page.css",
        "chateval/report/page/script/app.js",
        "chateval/template/named/chatml.jinja",
        "chateval/bundled/examples/finetune.py",
        "chateval/bundled/tasks/arithmetic/samples.jsonl",
        "chateval/bundled/tasks/pictures/images/chart_01.png",
    ],
)
def test_what_the_package_reads_of_its_own_is_in_the_wheel(names, name):
    assert name in names


def test_nothing_built_tested_run_or_secret_is_in_the_wheel(names):
    refused = re.compile(
        r"(^|/)(tests?|benchmarks|reports|\.[^/]+|__pycache__|mutants)/|\.(pyc|so|env|pem|key|bin|pkl)$"
    )

    assert [name for name in names if refused.search(name)] == []


def test_the_wheel_is_small(wheel):
    assert wheel.stat().st_size < MOST_BYTES


def test_two_builds_are_the_same_bytes(wheel, tmp_path):
    again = build(tmp_path)

    assert hashlib.sha256(again.read_bytes()).digest() == hashlib.sha256(wheel.read_bytes()).digest()


def test_the_metadata_are_those_of_the_project(metadata):
    assert metadata["Name"] == "chateval"
    assert metadata["Version"] == PROJECT["version"]
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"dev", "images", "inspect", "openai", "ray", "reference", "track", "train", "vllm"} <= set(
        metadata.get_all("Provides-Extra")
    )
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    assert metadata.get_payload().startswith("# chateval")


def test_what_comes_with_a_plain_install_is_what_the_project_declares(metadata):
    plain = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]

    assert sorted(map(distribution, plain)) == sorted(map(distribution, PROJECT["dependencies"]))


def test_the_entry_points_are_the_command_and_the_plugin(wheel):
    with zipfile.ZipFile(wheel) as archive:
        found = archive.read(f"chateval-{PROJECT['version']}.dist-info/entry_points.txt").decode()

    assert re.findall(r"^\S.*", found, re.M) == [
        "[console_scripts]",
        "chateval = chateval.__main__:main",
        "[pytest11]",
        "chateval = chateval.pytest_plugin",
    ]


def test_the_wheel_lists_the_bundled_tasks_away_from_the_checkout(wheel, tmp_path):
    """Unpacked and run in an interpreter that cannot see the checkout."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "unpacked")  # noqa: S202 - it was built above

    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'unpacked')!r}); sys.argv = ['chateval', 'tasks', '--json']"
    code += "\nimport chateval; print(chateval.__file__, file=sys.stderr)\nfrom chateval.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert str(tmp_path) in done.stderr
    assert [task["name"] for task in json.loads(done.stdout)] == list(bundled_tasks())


def test_the_sdist_holds_the_files_of_the_checkout_and_nothing_else(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    [sdist] = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    found = {member.name.partition("/")[2] for member in members}

    assert all(member.isreg() for member in members)
    assert found - {"PKG-INFO"} == set(tracked())


def distribution(requirement: str) -> str:
    """Return the name that a requirement begins with."""
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")
