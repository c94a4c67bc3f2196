"""Commands that are killed, interrupted and failed at points of one's choice, and what must be true afterwards."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TASK = """
name: sums
version: 1
source: test
samples: samples.jsonl
messages:
  - {role: system, content: "Add."}
  - {role: user, content: "{{ a }} + {{ b }} ="}
target: "{{ a + b }}"
decoding: {max_new_tokens: 8}
scorers: [number, exact]
"""

UNEQUAL = {"efforts.jsonl", ".lock"}
"""What equal runs write otherwise: times and owners."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    """Its exit code; minus the number of the signal that killed it."""
    out: str
    err: str
    log: tuple[tuple[str, ...], ...]
    """Lines of its log: `asked` and `kept` with checkpoint, sample and repeat, `point` with its number and what."""
    peak_kib: int

    def of(self, kind: str) -> list[tuple[str, ...]]:
        """Return the rest of the log's lines of a kind."""
        return [line[1:] for line in self.log if line[0] == kind]

    @property
    def said(self) -> str:
        """The last line of stderr."""
        return (self.err.strip().splitlines() or [""])[-1]


class Server:
    """Starts commands in processes that have chateval loaded."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._n = 0
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("faults_server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            encoding="utf-8",
        )

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def warm(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> None:
        """Run a command in the server itself, so that all that it imports is there for the next ones."""
        self._ask({"warm": self._request(argv, cwd, env)[0]})

    def start(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str], **faults: Any) -> "Running":
        """Start a command; `faults` are `points` (arguments of `Points`), `seconds` an answer, `batch_size`."""
        request, paths = self._request(argv, cwd, env)
        return Running(self, int(self._ask({"start": request | faults})["pid"]), paths)

    def wait(self, pid: int) -> dict[str, Any]:
        """Wait for the end of a command."""
        return self._ask({"wait": pid})

    def _request(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> tuple[dict[str, Any], list[Path]]:
        self._n += 1
        paths = [self._folder / f"{self._n}.{name}" for name in ("out", "err", "log")]
        out, err, log = map(str, paths)
        request = {"argv": list(argv), "cwd": str(cwd), "env": dict(env), "out": out, "err": err, "log": log}
        return request, paths

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        reply: dict[str, Any] = json.loads(self._process.stdout.readline())
        return reply


@dataclass(frozen=True)
class Running:
    """A command under way."""

    server: Server
    pid: int
    paths: Sequence[Path]

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def log(self) -> list[tuple[str, ...]]:
        """Return what it has logged so far."""
        text = self.paths[2].read_text() if self.paths[2].exists() else ""
        return [tuple(line.split()[1:]) for line in text.splitlines()]

    def wait(self) -> Ended:
        """Wait for its end."""
        found = self.server.wait(self.pid)
        out, err = (path.read_text("utf-8", errors="replace") for path in self.paths[:2])
        ended = Ended(found["code"], out, err, tuple(self.log()), found["peak_kib"])
        for path in self.paths:
            path.unlink(missing_ok=True)
        return ended


@dataclass
class Scene:
    """A folder with a task, a store and a run folder, the command that fills it, and what all its processes did."""

    server: Server
    folder: Path
    models: Mapping[str, Path]
    n_samples: int = 6
    asked: Counter[tuple[str, ...]] = field(default_factory=Counter)
    kept: set[tuple[str, ...]] = field(default_factory=set)
    """(checkpoint, sample, repeat) that the store said to have kept."""

    def __post_init__(self) -> None:
        task = self.folder / "sums"
        task.mkdir(parents=True)
        (task / "task.yaml").write_text(TASK)
        rows = ({"a": n, "b": 2 * n + 1} for n in range(self.n_samples))
        (task / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    @property
    def out(self) -> Path:
        """The run folder."""
        return self.folder / "place" / "run"

    @property
    def cache(self) -> Path:
        """The folder of the store."""
        return self.folder / "place" / "cache"

    def argv(self) -> list[str]:
        """Return the command, without a template: the process that renders them is another test's."""
        named = [text for name, path in self.models.items() for text in ("--checkpoint", f"{name}={path}")]
        return ["run", "--engine", "fake", *named, "--completion", "--task", "./sums", "--out", str(self.out)]

    def start(self, *argv: str, cache: Path | None = None, **faults: Any) -> Running:
        """Start a command, `run` if none is said."""
        if "points" in faults:
            faults["points"] = {"roots": [str(self.folder / "place")]} | faults["points"]
        env = {"CHATEVAL_CACHE": str(cache or self.cache)}
        return self.server.start(argv or self.argv(), self.folder, env, **faults)

    def run(self, *argv: str, **faults: Any) -> Ended:
        """Run a command to its end, whatever that is, and take down what it asked and kept."""
        return self.note(self.start(*argv, **faults).wait())

    def note(self, ended: Ended) -> Ended:
        """Take down what a command asked and kept."""
        again = [one for one in ended.of("asked") if one in self.kept]
        assert not again, f"asked again, though the store had said that it was kept: {again}"
        self.asked.update(ended.of("asked"))
        self.kept.update(ended.of("kept"))
        return ended

    def files(self, folder: Path | None = None) -> dict[str, bytes]:
        """Return the files that equal runs write equally."""
        return {
            path.name: path.read_bytes() for path in sorted((folder or self.out).iterdir()) if path.name not in UNEQUAL
        }

    def undisturbed(self) -> tuple[dict[str, bytes], int]:
        """Return the files of a run that nothing disturbs, and at how many points it might have been."""
        running = self.start(points={}, cache=self.cache)
        ended = running.wait()
        assert ended.code in (0, 4), ended.err
        files = self.files()
        shutil.rmtree(self.folder / "place")
        return files, len(ended.of("point"))

    def forget(self) -> None:
        """Begin anew, without a store."""
        shutil.rmtree(self.folder / "place", ignore_errors=True)
        self.asked, self.kept = Counter(), set()
