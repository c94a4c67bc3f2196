import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sealed import seal_again

from chateval.config import Suite
from chateval.engine import FakeEngine
from chateval.errors import CheckpointError, DataError, GateError, TaskError
from chateval.pipeline import evaluate, exit_code_of, load_tasks, local_engines, prepare, rescore
from chateval.records import CheckpointSpec, Rule, Score
from chateval.store import read_answers

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

CHOICES = """
name: pick
version: 1
source: test
samples: samples.jsonl
output: choose
messages: [{role: user, content: "Which is {{ word }}?"}]
choices: {field: choices}
target: "{{ word }}"
scorers: [choice]
"""


class Quiet:
    """A watcher that says nothing."""

    def stage(self, text): ...
    def begin(self, checkpoint, task, n_total, n_stored): ...
    def advance(self, n): ...


@pytest.fixture
def tasks(tmp_path) -> tuple[str, str]:
    for name, text, rows in (
        ("sums", TASK, [{"a": a, "b": b} for a in range(4) for b in range(3)]),
        ("pick", CHOICES, [{"word": w, "choices": ["one", "two", "three"]} for w in ("one", "two", "three")]),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "task.yaml").write_text(text)
        (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(tmp_path / "sums"), str(tmp_path / "pick")


@pytest.fixture
def suite(tasks, tiny_chat, tiny_loras) -> Suite:
    checkpoints = (
        CheckpointSpec("base", str(tiny_chat)),
        CheckpointSpec("one", str(tiny_loras[0]), base="base"),
        CheckpointSpec("two", str(tiny_loras[1]), base="base"),
    )
    return Suite(checkpoints, tasks, baseline="base", gate=(Rule(template="error"),))


@pytest.fixture
def run(suite, cache_dir, tmp_path):
    def go(out="run", suite=suite, **options):
        with local_engines() as open_engine:
            return evaluate(
                suite, tmp_path / out, cache_dir=cache_dir, open_engine=open_engine, watcher=Quiet(), **options
            )

    return go


def files(folder: Path) -> dict[str, bytes]:
    """Return what equal runs write equally: all but the file with a clock."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "efforts.jsonl"}


def test_a_run_leaves_manifest_responses_scores_and_reports(run, tmp_path):
    run()

    assert sorted(files(tmp_path / "run")) == [
        "SHA256SUMS",
        "manifest.json",
        "report.html",
        "report.json",
        "report.md",
        "responses.jsonl",
        "samples.jsonl",
        "scores.jsonl",
    ]


def test_the_same_command_again_asks_no_model_and_writes_the_same_bytes(run, tmp_path):
    first = run("first")
    second = run("second")

    assert (first.n_generated, first.n_stored) == (45, 0)
    assert (second.n_generated, second.n_stored) == (0, 45)
    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_means_are_those_of_the_scores_and_scores_those_of_the_answers(run, tmp_path):
    result = run()

    answers = {(a.checkpoint, a.task, a.response.sample_id): a.response for a in read_answers(tmp_path / "run")}
    scores = [Score(**json.loads(line)) for line in (tmp_path / "run" / "scores.jsonl").read_text().splitlines()]
    for estimate in result.report.estimates:
        found = [
            s
            for s in scores
            if (s.checkpoint, s.task, s.scorer) == (estimate.checkpoint, estimate.task, estimate.scorer)
        ]
        assert estimate.mean == pytest.approx(sum(s.value for s in found) / len(found))
        assert estimate.n == len(found)
    for score in scores:
        if score.scorer == "choice":
            sums = [sum(choice) for choice in answers[score.checkpoint, score.task, score.sample_id].choice_logprobs]
            assert score.answer == ("one", "two", "three")[sums.index(max(sums))]


def test_another_checkpoint_never_gets_the_answers_of_the_first(run, tasks, tiny_chat, tmp_path):
    run()
    changed = shutil.copytree(tiny_chat, tmp_path / "changed")
    weights = bytearray((changed / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (changed / "model.safetensors").write_bytes(weights)

    result = run("other", Suite((CheckpointSpec("base", str(changed)),), tasks, baseline="base"))

    assert result.n_stored == 0


def test_a_longer_slice_asks_for_the_new_samples_only(run, suite):
    short = run("short", replace(suite, limit=2))
    longer = run("longer", replace(suite, limit=5))

    assert short.n_generated == 3 * (2 + 2)
    assert longer.n_stored == short.n_generated
    assert longer.n_generated == 3 * (3 + 1)


def test_reordered_samples_are_found_and_edited_ones_are_asked_again(run, suite, tasks):
    run("before")
    path = Path(tasks[0]) / "samples.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([json.dumps({"a": 9, "b": 9}), *lines[:0:-1]]) + "\n")

    result = run("after")

    assert result.n_generated == 3


def test_the_manifest_pins_what_decided_the_run(run, tmp_path):
    run()

    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    base, one, _ = manifest["checkpoints"]
    assert manifest["libraries"]["transformers"]
    assert base["checkpoint"]["weights_digest"] == one["checkpoint"]["weights_digest"]
    assert one["checkpoint"]["adapter_digest"]
    assert "<|im_start|>" in base["template"]["text"]
    assert base["template"]["stop_ids"] == [2]
    assert base["engine"]["dtype"] == "float32"
    assert [task["n_samples"] for task in manifest["tasks"]] == [12, 3]


def test_stored_answers_are_scored_again_without_a_model(run, tmp_path):
    first = run()
    before = files(tmp_path / "run")

    report = rescore(tmp_path / "run", watcher=Quiet())

    assert report == first.report
    assert files(tmp_path / "run") == before


def test_scoring_again_sees_the_scorers_of_today(run, tasks, tmp_path):
    run()
    path = Path(tasks[0]) / "task.yaml"
    path.write_text(path.read_text().replace("[number, exact]", "[exact]"))

    report = rescore(tmp_path / "run", watcher=Quiet())

    assert report.tasks[0].scorers == ("exact",)


def test_scoring_again_refuses_a_task_that_lost_a_sample(run, tasks, tmp_path):
    run()
    path = Path(tasks[0]) / "samples.jsonl"
    path.write_text("\n".join(path.read_text().splitlines()[1:]))

    with pytest.raises(DataError, match="the run has answers for sample .* which the task no longer has"):
        rescore(tmp_path / "run", watcher=Quiet())


def test_a_killed_run_keeps_its_batches_and_ends_with_the_bytes_of_an_undisturbed_one(
    run, suite, tasks, tiny_chat, tiny_loras, tmp_path, cache_dir
):
    """kill -9 at several moments; what was stored is not asked for again."""
    command = [sys.executable, "-m", "chateval", "run", "--out", str(tmp_path / "killed"), "--checkpoint"]
    command += [f"base={tiny_chat}", "--checkpoint", f"one={tiny_loras[0]}@base"]
    command += ["--task", tasks[0], "--task", tasks[1]]
    env = os.environ | {"CHATEVAL_TEST_SLEEP": "0.3", "OMP_NUM_THREADS": "1"}
    slow = tmp_path / "slow"
    slow.mkdir()
    (slow / "sitecustomize.py").write_text(
        "import importlib, os, time, chateval.store.responses as s\n"
        "importlib.import_module('chateval.pipeline.ask').KEPT_EVERY_SECONDS = 0.0\n"
        "put = s.ResponseStore.put\n"
        "def later(self, found):\n"
        "    put(self, found)\n"
        "    if found:\n"
        "        print(len(found), flush=True)\n"
        "    time.sleep(float(os.environ['CHATEVAL_TEST_SLEEP']))\n"
        "s.ResponseStore.put = later\n"
    )
    env["PYTHONPATH"] = str(slow)
    n_kept = 0
    for n_puts in (1, 3):
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        n_kept += sum(int(process.stdout.readline()) for _ in range(n_puts))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    assert not (tmp_path / "killed" / "report.json").exists()

    env["CHATEVAL_TEST_SLEEP"] = "0"
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    stored = int(done.stderr.split(" from the store")[0].split()[-1])
    shutil.rmtree(cache_dir)
    env["CHATEVAL_CACHE"] = str(cache_dir)
    command[command.index("--out") + 1] = str(tmp_path / "undisturbed")
    subprocess.run(command, env=env, capture_output=True, check=True)

    assert 0 < n_kept <= stored < 30
    assert files(tmp_path / "killed") == files(tmp_path / "undisturbed")


def broken_at_zero(prompt):
    if "0 + 0" in prompt.text:
        raise RuntimeError("the wire broke")
    return "1"


@pytest.mark.parametrize(("gate", "code"), [((), 4), ((Rule(template="warn"),), 4), ((Rule(template="error"),), 3)])
def test_a_failed_prompt_is_counted_and_leads_to_exit_4_or_leaves_the_gate_undecided(
    gate, code, suite, cache_dir, tmp_path
):
    result = evaluate(
        replace(suite, gate=gate),
        tmp_path / "run",
        cache_dir=cache_dir,
        open_engine=lambda subject: FakeEngine(broken_at_zero),
        watcher=Quiet(),
    )

    base = result.report.checkpoints[0]
    number = next(e for e in result.report.estimates if (e.checkpoint, e.scorer) == ("base", "number"))
    assert (base.n_responses, base.n_errors) == (15, 1)
    assert (number.n, number.n_unscored) == (11, 1)
    assert number.mean == pytest.approx(2 / 11)
    assert result.exit_code == exit_code_of(result.report) == code


def test_a_report_shows_what_a_template_scorer_found_at_fault(suite, tasks, cache_dir, tmp_path):
    path = Path(tasks[0]) / "task.yaml"
    path.write_text(path.read_text().replace("max_new_tokens: 8", "max_new_tokens: 8, temperature: 0.7, repeats: 2"))

    def reply(prompt):
        return "7\n<|user|>" if prompt.repeat == 0 and "2 + 1" in prompt.text else f"repeat {prompt.repeat}"

    result = evaluate(
        replace(suite, tasks=tasks[:1], checkpoints=suite.checkpoints[:1], gate=()),
        tmp_path / "run",
        cache_dir=cache_dir,
        open_engine=lambda subject: FakeEngine(reply),
        watcher=Quiet(),
    )

    [fault] = [found for found in result.report.faults if found.scorer == "no_foreign_turn"]
    assert (fault.checkpoint, fault.task, fault.reason) == ("base", "sums", "<|user|> opens another turn")
    assert fault.prompt_end.endswith("2 + 1 =<|im_end|>\n<|im_start|>assistant\n")
    assert fault.raw_text == "7\n<|user|>"
    for name in ("report.html", "report.md"):
        assert "&lt;|user|&gt; opens another turn" in (tmp_path / "run" / name).read_text("utf-8")


def test_a_report_says_how_answers_were_drawn_and_why_a_flip_is_one(suite, tasks, cache_dir, tmp_path):
    def open_engine(subject):
        return FakeEngine(lambda prompt: "no idea" if subject.checkpoint.name == "base" else "1")

    result = evaluate(
        replace(suite, tasks=tasks[:1]), tmp_path / "run", cache_dir=cache_dir, open_engine=open_engine, watcher=Quiet()
    )

    flips = [flip for flip in result.report.flips if (flip.scorer, flip.candidate) == ("number", "one")]
    assert [flip.target for flip in flips] == ["1", "1"]
    assert {flip.baseline_reason for flip in flips} == {"no number in the response"}
    assert {flip.candidate_reason for flip in flips}.isdisjoint({"no number in the response"})
    assert result.report.tasks[0].decoding.max_new_tokens == 8
    assert "at most 8 new tokens, greedy" in (tmp_path / "run" / "report.md").read_text("utf-8")


def test_the_clusters_of_a_task_widen_means_and_differences(suite, tasks, cache_dir, tmp_path):
    def open_engine(subject):
        return FakeEngine(lambda prompt: "1" if subject.checkpoint.name == "base" else "2")

    def judged(out):
        suite_of_one = replace(suite, tasks=tasks[:1])
        options = {"cache_dir": cache_dir, "open_engine": open_engine, "watcher": Quiet()}
        report = evaluate(suite_of_one, tmp_path / out, **options).report
        [found] = [one for one in report.estimates if (one.checkpoint, one.scorer) == ("one", "number")]
        [compared] = [one for one in report.comparisons if (one.candidate, one.scorer) == ("one", "number")]
        return found, compared

    single = judged("single")
    path = Path(tasks[0]) / "samples.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(row | {"cluster": str(row["a"] + row["b"])}) + "\n" for row in rows))
    clustered = judged("clustered")

    assert (single[0].n_clusters, clustered[0].n_clusters) == (12, 6)
    assert (single[0].mean, single[1].delta) == (clustered[0].mean, clustered[1].delta) == (3 / 12, 3 / 12 - 2 / 12)
    for one, wider in zip(single, clustered, strict=True):
        assert wider.high - wider.low > one.high - one.low


def test_an_error_is_asked_again_and_an_answer_is_not(suite, cache_dir, tmp_path):
    options = {"cache_dir": cache_dir, "watcher": Quiet()}
    evaluate(suite, tmp_path / "a", open_engine=lambda subject: FakeEngine(broken_at_zero), **options)
    result = evaluate(suite, tmp_path / "b", open_engine=lambda subject: FakeEngine(lambda p: "1"), **options)

    assert result.n_generated == 3
    assert result.report.checkpoints[0].n_errors == 0


@pytest.mark.parametrize(
    ("text", "replacement", "error", "match"),
    [
        (
            "[number, exact]",
            "[nunber]",
            TaskError,
            r"task\.yaml:\d+: scorers\[0\]: unknown scorer 'nunber'; known: ",
        ),
        ("{{ a + b }}", "apples", DataError, "scorer number cannot use sample"),
        (
            "{{ b }}",
            "{{ c }}",
            DataError,
            r"samples\.jsonl:1: messages\[1\]\.content: 'c' is undefined; the row has: a, b",
        ),
    ],
)
def test_a_fault_of_a_task_is_found_before_any_model(tasks, text, replacement, error, match):
    path = Path(tasks[0]) / "task.yaml"
    path.write_text(path.read_text().replace(text, replacement))

    with pytest.raises(error, match=match):
        load_tasks(Suite((), tasks, baseline=""))


def test_two_tasks_of_one_name_are_refused(tasks):
    with pytest.raises(TaskError, match="two tasks are called 'sums'"):
        load_tasks(Suite((), (tasks[0], tasks[0]), baseline=""))


def test_a_gate_that_names_nothing_is_found_before_any_model(suite, cache_dir):
    with pytest.raises(GateError, match="no task 'gsm8k' in this run"):
        prepare(
            replace(suite, gate=(Rule(task="gsm8k", scorer="number", min_value=0.5),)),
            cache_dir=cache_dir,
            watcher=Quiet(),
        )


def test_an_adapter_folder_with_a_template_of_its_own_is_shown_it(suite, tiny_loras, cache_dir, tmp_path):
    folder = shutil.copytree(tiny_loras[0], tmp_path / "own")
    (folder / "chat_template.jinja").write_text(
        "{% for m in messages %}<|im_start|>{{ m['role'] }}:{{ m['content'] }}<|im_end|>{% endfor %}"
    )
    checkpoints = (suite.checkpoints[0], CheckpointSpec("own", str(folder), base="base"))

    plan = prepare(replace(suite, checkpoints=checkpoints), cache_dir=cache_dir, watcher=Quiet())

    assert plan.prompts["base", "sums"][0].text.startswith("<|im_start|>system\nAdd.")
    assert plan.prompts["own", "sums"][0].text.startswith("<|im_start|>system:Add.")


def test_a_base_model_is_shown_plain_text_on_request(suite, tiny_chat, cache_dir, tmp_path):
    folder = shutil.copytree(tiny_chat, tmp_path / "plain")
    (folder / "chat_template.jinja").unlink()
    checkpoint = CheckpointSpec("plain", str(folder))
    with pytest.raises(CheckpointError, match="Three ways out"):
        prepare(replace(suite, checkpoints=(checkpoint,), baseline="plain"), cache_dir=cache_dir, watcher=Quiet())

    plan = prepare(
        replace(suite, checkpoints=(replace(checkpoint, completion=True),), baseline="plain"),
        cache_dir=cache_dir,
        watcher=Quiet(),
    )

    assert plan.prompts["plain", "sums"][0].text == "Add.\n\n0 + 0 =\n\n"


def test_scoring_again_refuses_answers_to_another_prompt(run, tasks, tmp_path):
    run()
    path = Path(tasks[0]) / "task.yaml"
    path.write_text(path.read_text().replace('"Add."', '"Subtract."'))

    with pytest.raises(DataError, match="asks otherwise than when .* was made; run it again"):
        rescore(tmp_path / "run", watcher=Quiet())


def test_scoring_again_refuses_a_run_that_lost_answers(run, tmp_path):
    run()
    path = tmp_path / "run" / "responses.jsonl"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if '"checkpoint":"two"' not in line))
    seal_again(tmp_path / "run")

    with pytest.raises(DataError, match=r"responses\.jsonl: no answers of two to sums"):
        rescore(tmp_path / "run", watcher=Quiet())


def test_an_adapters_template_counts_wherever_its_folder_keeps_it(suite, tiny_loras, cache_dir, tmp_path):
    folder = shutil.copytree(tiny_loras[0], tmp_path / "own")
    template = "{% for m in messages %}<|im_start|>{{ m['content'] }}<|im_end|>{% endfor %}"
    (folder / "tokenizer_config.json").write_text(json.dumps({"chat_template": template}))
    checkpoints = (suite.checkpoints[0], CheckpointSpec("own", str(folder), base="base"))

    plan = prepare(replace(suite, checkpoints=checkpoints), cache_dir=cache_dir, watcher=Quiet())

    assert plan.prompts["own", "sums"][0].text == "<|im_start|>Add.<|im_end|><|im_start|>0 + 0 =<|im_end|>"


def test_end_tokens_of_config_json_count_where_there_is_no_generation_config(suite, tiny_chat, cache_dir, tmp_path):
    folder = shutil.copytree(tiny_chat, tmp_path / "old")
    (folder / "generation_config.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"eos_token_id": [2, 77]}))
    checkpoint = CheckpointSpec("old", str(folder))

    plan = prepare(replace(suite, checkpoints=(checkpoint,), baseline="old"), cache_dir=cache_dir, watcher=Quiet())

    assert plan.subjects[0].facts.stop_ids == (2, 77)


def test_a_report_of_an_earlier_run_does_not_outlive_the_start_of_the_next(run, suite, cache_dir, tmp_path):
    run()

    def broken(subject):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(suite, tmp_path / "run", cache_dir=cache_dir, open_engine=broken, watcher=Quiet())

    assert not (tmp_path / "run" / "report.json").exists()


def test_scoring_again_with_a_gate_that_names_a_lost_scorer_changes_nothing(suite, run, tasks, tmp_path):
    rules = (Rule(task="sums", scorer="exact", min_value=0.0),)
    run(suite=replace(suite, gate=rules))
    task = Path(tasks[0]) / "task.yaml"
    task.write_text(task.read_text().replace("scorers: [number, exact]", "scorers: [number]"))
    before = files(tmp_path / "run")

    with pytest.raises(GateError, match="no scorer 'exact'"):
        rescore(tmp_path / "run", watcher=Quiet())

    assert files(tmp_path / "run") == before


def test_scoring_again_that_breaks_off_leaves_no_report_of_other_scores(suite, run, tasks, tmp_path, monkeypatch):
    run()
    monkeypatch.setattr(sys.modules["chateval.pipeline.rescore"], "score_all", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        rescore(tmp_path / "run", watcher=Quiet())

    assert not (tmp_path / "run" / "report.json").exists()


def test_a_flip_shows_the_repeat_that_is_not_right(suite, tasks, cache_dir, tmp_path):
    path = Path(tasks[0]) / "task.yaml"
    path.write_text(path.read_text().replace("max_new_tokens: 8", "max_new_tokens: 8, temperature: 0.7, repeats: 3"))

    def engine(subject):
        def reply(prompt):
            a, _, b, _ = prompt.messages[-1]["content"].split()
            is_right = subject.checkpoint.name == "base" or prompt.repeat == 0
            return str(int(a) + int(b)) if is_right else f"none, repeat {'abc'[prompt.repeat]}"

        return FakeEngine(reply)

    result = evaluate(
        replace(suite, tasks=tasks[:1], gate=()),
        tmp_path / "run",
        cache_dir=cache_dir,
        open_engine=engine,
        watcher=Quiet(),
    )

    assert {(flip.candidate_text, flip.won) for flip in result.report.flips} == {("none, repeat b", False)}
