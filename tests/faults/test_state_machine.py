"""Runs that start, die, go on, grow, are edited, scored again, copied and cleared out, against a model of the truth."""

import json
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from fault_checks import check_end, check_store
from faults import Scene
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from chateval.errors import ChatevalError
from chateval.store import is_run, read_run

N_SAMPLES = 4


def machine(server, models, folder):
    """Return the machine; it begins each time with a folder of its own."""

    class Runs(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            place = Path(tempfile.mkdtemp(dir=folder))
            self.scene = Scene(server, place / "scene", {"base": models["base"]}, n_samples=N_SAMPLES)
            self.rows = [{"a": n, "b": 2 * n + 1} for n in range(N_SAMPLES)]
            self.words = "Add."
            self.answered = set()
            """(checkpoint, words, row) that the store has; what was under way at a kill may or may not be in it."""
            self.doubtful = set()
            self.whole = None
            """The files of the folder if its last run or scoring ended, else None."""

        def wanted(self):
            return {(name, self.words, json.dumps(row)) for name in self.scene.models for row in self.rows}

        def write_task(self):
            task = self.scene.folder / "sums"
            text = (task / "task.yaml").read_text()
            head, _, rest = text.partition('content: "')
            (task / "task.yaml").write_text(f'{head}content: "{self.words}"{rest[rest.index("}") :]}')
            (task / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in self.rows))

        def run(self, **faults):
            """Run, and hold what it asked against what the model says that it had to."""
            ended = self.scene.start(**faults).wait()
            n_asked, n_kept = len(ended.of("asked")), len(ended.of("kept"))
            missing = self.wanted() - self.answered
            assert len(missing) - len(self.doubtful & missing) <= n_asked or ended.code != 0
            assert n_asked <= len(missing)
            if ended.code == 0:
                self.answered |= self.wanted()
                self.doubtful -= self.wanted()
                self.whole = self.scene.files()
            else:
                self.doubtful |= missing if n_asked else set()
                self.whole = self.whole if is_run(self.scene.out) else None
            return ended, n_kept

        @rule()
        def run_to_the_end(self):
            ended, _ = self.run()
            assert ended.code == 0, ended.err

        @rule(at=st.integers(1, 120), act=st.sampled_from(["SIGKILL", "EIO", "ENOSPC"]))
        def fail_at(self, at, act):
            ended, _ = self.run(points={"at": at, "act": act})
            check_end(ended, is_killed=act == "SIGKILL")

        @rule()
        def add_or_remove_a_checkpoint(self):
            names = {"base": models["base"]}
            self.scene.models = names if "sft" in self.scene.models else names | {"sft": models["sft"]}

        @rule(place=st.integers(0, N_SAMPLES - 1), b=st.integers(0, 3))
        def edit_a_row(self, place, b):
            row = {"a": 10 + place, "b": b}
            if row not in self.rows:
                self.rows[place] = row
                self.write_task()

        @rule(words=st.sampled_from(["Add.", "Sum."]))
        def edit_the_prompt(self, words):
            self.words = words
            self.write_task()

        @rule()
        def score_again(self):
            was_run = is_run(self.scene.out)
            ended = self.scene.start("score", str(self.scene.out)).wait()
            assert not ended.of("asked")
            assert "Traceback" not in ended.err
            if ended.code == 0:
                assert was_run
                self.whole = self.scene.files()
            else:
                assert ended.code == 2
                assert is_run(self.scene.out) == was_run  # it was refused before anything was written

        @precondition(lambda self: self.whole is not None)
        @rule()
        def copy_and_compare(self):
            copy = self.scene.folder / "copy"
            shutil.copytree(self.scene.out, copy, dirs_exist_ok=True)
            ended = self.scene.start("compare", str(copy), str(self.scene.out)).wait()
            assert ended.code in (0, 2, 3), ended.err
            assert "Traceback" not in ended.err
            assert self.scene.files(copy) == self.whole
            shutil.rmtree(copy)

        @precondition(lambda self: self.scene.out.exists())
        @rule()
        def move_the_folder(self):
            other = self.scene.folder / "moved"
            shutil.move(self.scene.out, other)
            assert is_run(other) == (self.whole is not None)
            shutil.move(other, self.scene.out)

        @rule()
        def clear_the_store_of_what_was_not_used_for_years(self):
            ended = self.scene.start("store", "gc", "--unused", "3000", "--yes").wait()
            assert ended.code in (0, 2), ended.err
            assert "Traceback" not in ended.err

        @rule()
        def run_twice_at_once(self):
            """A second process on the same folder says that it is locked, and changes nothing."""
            first = self.scene.start(points={"at": 40, "act": "pause"})
            while not {("paused",)} & {line[:1] for line in first.log()} and not is_ended(first):
                pass
            ended = self.scene.start().wait()
            if any(line[0] == "paused" for line in first.log()):
                assert ended.code == 2, ended.err
                assert "locked by pid" in ended.err
                assert not ended.of("asked")
            first.signal(signal.SIGKILL)
            found = first.wait()
            self.doubtful |= self.wanted() - self.answered if found.of("asked") else set()
            self.whole = None

        @invariant()
        def a_folder_is_whole_or_refused(self):
            if not self.scene.out.exists():
                return
            assert is_run(self.scene.out) == (self.whole is not None)
            if self.whole is not None:
                assert self.scene.files() == self.whole
                read_run(self.scene.out)
            else:
                with pytest.raises(ChatevalError):
                    read_run(self.scene.out)

        @invariant()
        def the_store_is_sound(self):
            check_store(self.scene)

    return Runs


def is_ended(running):
    try:
        return Path(f"/proc/{running.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize(
    ("n_examples", "n_steps"), [(3, 8), pytest.param(20, 15, marks=pytest.mark.slow)], ids=["short", "long"]
)
def test_whatever_is_done_to_runs_in_whatever_order_nothing_is_lost_and_nothing_is_asked_twice(
    fault_server, models, tmp_path, n_examples, n_steps
):
    run_state_machine_as_test(
        machine(fault_server, models, tmp_path),
        settings=settings(
            max_examples=n_examples,
            stateful_step_count=n_steps,
            deadline=None,
            derandomize=True,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
