"""The callback in real trainers: what it leaves undisturbed, writes, logs and stops."""

import warnings
from pathlib import Path

import pytest
import torch

from chateval.errors import ConfigError, GateError
from chateval.integrations.training import EvaluateCallback, curve
from chateval.pipeline.build import build_task
from chateval.records import Rule
from chateval.store import read_run

CHATS = [
    [{"role": "user", "content": f"question {number}"}, {"role": "assistant", "content": f"answer {number}"}]
    for number in range(8)
]
LORA = {"r": 4, "lora_alpha": 64, "lora_dropout": 0.3, "target_modules": ["q_proj", "v_proj"], "task_type": "CAUSAL_LM"}


@pytest.fixture(autouse=True)
def _calm():
    """Keep warnings that training libraries give each other out of the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture
def task():
    rows = [{"word": word} for word in ("fox", "dog", "river", "house", "red", "lazy", "brown", "jumps", "over", "two")]
    return build_task(
        rows,
        name="words",
        messages=[{"role": "user", "content": "Say {{ word }}"}],
        target="{{ word }}",
        scorers=["contains_answer"],
        decoding={"max_new_tokens": 6},
    )


@pytest.fixture
def choosing():
    return build_task(
        [{"word": word} for word in ("fox", "dog", "river")],
        name="choosing",
        messages=[{"role": "user", "content": "Say {{ word }}"}],
        target="{{ word }}",
        choices=["fox", "dog", "river"],
        output="choose",
        scorers=["choice"],
    )


def make_trainer(folder: Path, out: Path, *, lora: bool = False, kind: str = "sft", **options):
    """Return a trainer of four steps, at a learning rate that changes a tiny model."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments
    from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer

    kinds = {
        "sft": (SFTConfig, SFTTrainer),
        "dpo": (DPOConfig, DPOTrainer),
        "plain": (TrainingArguments, Trainer),
    }
    config, trainer = kinds[kind]
    settings = {
        "max_steps": 4,
        "per_device_train_batch_size": 2,
        "learning_rate": 0.02,
        "logging_steps": 1,
        "save_strategy": "no",
        "use_cpu": True,
        "bf16": False,
        "gradient_checkpointing": True,
        "dataloader_pin_memory": False,
        "report_to": "none",
        "disable_tqdm": True,
        "seed": 3,
    }
    rows = [{"prompt": chat[:1], "completion": chat[1:]} for chat in CHATS]
    if kind == "dpo":
        rows = [{"prompt": c[:1], "chosen": c[1:], "rejected": [{"role": "assistant", "content": "no"}]} for c in CHATS]
    model = AutoModelForCausalLM.from_pretrained(folder, attention_dropout=0.2)  # so that a training draws numbers
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if kind == "plain":
        ids = [tokenizer.apply_chat_template(chat)["input_ids"] for chat in CHATS]
        rows = [{"input_ids": one[:12], "labels": one[:12]} for one in ids]
    return trainer(
        model=model,
        args=config(output_dir=str(out), **(settings | options)),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        **({"peft_config": LoraConfig(**LORA)} if lora else {}),
    )


def losses(trainer) -> list[float]:
    return [line["loss"] for line in trainer.state.log_history if "loss" in line]


def logged(trainer) -> list[dict]:
    """Return what the trainer logged of its steps, but for how fast it was."""
    lines = [line for line in trainer.state.log_history if "loss" in line]
    return [{name: value for name, value in line.items() if "runtime" not in name} for line in lines]


def weights(trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}


@pytest.mark.parametrize(
    ("kind", "lora", "bf16"),
    [
        ("sft", False, False),
        ("sft", True, False),
        ("sft", False, True),
        ("dpo", True, False),
        ("plain", False, False),
    ],
)
def test_a_training_with_the_callback_has_the_losses_and_weights_of_one_without(
    tiny_chat, tmp_path, task, choosing, kind, lora, bf16
):
    plain = make_trainer(tiny_chat, tmp_path / "plain", kind=kind, lora=lora, bf16=bf16)
    plain.train()
    watched = make_trainer(tiny_chat, tmp_path / "watched", kind=kind, lora=lora, bf16=bf16)
    baseline = "adapter_off" if lora else "start"
    EvaluateCallback([task, choosing], out=tmp_path / "runs", every_steps=1, baseline=baseline).attach(watched)
    watched.train()

    assert losses(watched) == losses(plain)
    assert len(losses(plain)) == 4
    found, expected = weights(watched), weights(plain)
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    assert logged(watched) == logged(plain)


def test_each_evaluation_is_a_run_folder_of_its_step(tiny_chat, tmp_path, task):
    trainer = make_trainer(tiny_chat, tmp_path / "train")
    EvaluateCallback([task], out=tmp_path / "runs", every_steps=2, limit=5).attach(trainer)
    trainer.train()

    folders = sorted(path.name for path in (tmp_path / "runs").iterdir())
    runs = [read_run(tmp_path / "runs" / name) for name in folders]

    assert folders == ["step-000000", "step-000002", "step-000004"]
    assert [run.checkpoints[0].step for run in runs] == [0, 2, 4]
    assert [run.checkpoints[0].name for run in runs] == ["step-0", "step-2", "step-4"]
    assert {run.manifest["checkpoints"][0]["checkpoint"]["path"] for run in runs} == {"in memory"}
    assert len({run.checkpoints[0].weights_digest for run in runs}) == 3
    assert {len(run.scores) for run in runs} == {5}


@pytest.mark.parametrize("lora", [False, True])
def test_the_answers_of_the_last_step_are_those_of_the_saved_checkpoint(tiny_chat, tmp_path, task, choosing, lora):
    import chateval

    trainer = make_trainer(tiny_chat, tmp_path / "train", lora=lora)
    EvaluateCallback([task, choosing], out=tmp_path / "runs").attach(trainer)
    trainer.train()
    trainer.save_model(tmp_path / "saved")
    place = f"{tmp_path / 'saved'}@base" if lora else tmp_path / "saved"

    chateval.evaluate({"base": tiny_chat, "saved": place}, [task, choosing], out=tmp_path / "again")

    def said(run, checkpoint):
        return {
            (line.task, line.prompt.ids, line.response.output_ids): line.response.choice_logprobs
            for line in run.answers
            if line.checkpoint == checkpoint
        }

    live, saved = read_run(tmp_path / "runs" / "step-000004"), read_run(tmp_path / "again")
    assert said(live, "step-4").keys() == said(saved, "saved").keys()
    assert said(live, "step-4") != said(read_run(tmp_path / "runs" / "step-000000"), "step-0")
    for place, choices in said(saved, "saved").items():
        for found, expected in zip(said(live, "step-4")[place], choices, strict=True):
            assert found == pytest.approx(expected, abs=1e-5)
    if not lora:  # the digest of an adapter's tokenizer is over that of its base, too
        assert live.checkpoints[0].tokenizer_digest == saved.checkpoints[1].tokenizer_digest


def test_the_base_under_an_adapter_is_answered_once_for_all_trainings(tiny_chat, tmp_path, task):
    full = make_trainer(tiny_chat, tmp_path / "full", max_steps=1)
    EvaluateCallback([task], out=tmp_path / "of_full").attach(full)
    full.train()
    lora = make_trainer(tiny_chat, tmp_path / "lora", lora=True, max_steps=1)
    EvaluateCallback([task], out=tmp_path / "of_lora", baseline="adapter_off").attach(lora)
    lora.train()

    start, base = read_run(tmp_path / "of_full" / "step-000000"), read_run(tmp_path / "of_lora" / "adapter-off")

    assert base.checkpoints[0].weights_digest == start.checkpoints[0].weights_digest
    assert [effort.n_responses for effort in start.efforts] == [10]
    assert [effort.n_responses for effort in base.efforts] == []  # all from the store
    assert base.checkpoints[0].adapter_digest is None
    assert read_run(tmp_path / "of_lora" / "step-000001").checkpoints[0].adapter_digest is not None


def test_numbers_go_to_the_trackers_and_the_log_history(tiny_chat, tmp_path, task):
    from transformers import TrainerCallback

    seen = []

    class Tracker(TrainerCallback):
        def on_log(self, args, state, control, logs=None, **kwargs):
            seen.append((state.global_step, dict(logs)))

    trainer = make_trainer(tiny_chat, tmp_path / "train")
    trainer.add_callback(Tracker())
    EvaluateCallback([task], out=tmp_path / "runs", every_steps=2, log_prefix="probe").attach(trainer)
    trainer.train()

    mine = [(step, logs) for step, logs in seen if "probe/words/contains_answer" in logs]
    assert [step for step, _ in mine] == [0, 2, 4]
    assert "probe/words/contains_answer/delta_low" in mine[1][1]
    history = [line["step"] for line in trainer.state.log_history if "probe/words/contains_answer" in line]
    assert history == [0, 2, 4]
    assert all(isinstance(value, int | float) for _, logs in mine for value in logs.values())


def test_a_callback_that_was_passed_and_not_attached_writes_the_log_history(tiny_chat, tmp_path, task):
    trainer = make_trainer(tiny_chat, tmp_path / "train", max_steps=1)
    trainer.add_callback(EvaluateCallback([task], out=tmp_path / "runs"))
    trainer.train()

    assert [line["step"] for line in trainer.state.log_history if "chateval/words/contains_answer" in line] == [0, 1]


@pytest.fixture
def easy(tiny_chat):
    """Return a task that the untrained model has right and a changed one has not: its own first tokens."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = AutoModelForCausalLM.from_pretrained(tiny_chat), AutoTokenizer.from_pretrained(tiny_chat)
    rows = []
    for number in range(16):
        chat = [{"role": "user", "content": f"Say {number}"}]
        ids = tokenizer.apply_chat_template(chat, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        said = model.generate(**ids, max_new_tokens=6, do_sample=False)[0, ids["input_ids"].shape[1] :]
        rows.append({"n": str(number), "said": tokenizer.decode(said, skip_special_tokens=True)})
    return build_task(
        rows,
        name="easy",
        messages=[{"role": "user", "content": "Say {{ n }}"}],
        target="{{ said }}",
        scorers=["exact"],
        decoding={"max_new_tokens": 6},
    )


def test_a_drop_beyond_the_margin_stops_the_training_and_says_why(tiny_chat, tmp_path, easy, caplog):
    trainer = make_trainer(tiny_chat, tmp_path / "train", max_steps=8, save_strategy="steps", save_steps=100)
    evaluation = EvaluateCallback([easy], out=tmp_path / "runs", every_steps=2, stop_on=0.2).attach(trainer)
    trainer.train()

    assert trainer.state.global_step == 2
    assert "worse than the margin of -0.2" in evaluation.stopped
    assert "training stopped at step 2: easy/exact max_drop 0.2" in caplog.text
    assert (tmp_path / "train" / "checkpoint-2").is_dir()
    assert read_run(tmp_path / "runs" / "step-000000").checkpoints[0].n_responses == 16
    from chateval.report import read_report

    [verdict] = read_report(tmp_path / "runs" / "step-000002").verdicts
    assert verdict.outcome == "fail"


@pytest.mark.parametrize(
    "stop_on",
    [
        Rule(task="easy", scorer="exact", min_value=0.5, min_samples=99),
        [Rule(task="easy", scorer="exact", min_value=0.0)],
    ],
)
def test_what_is_inconclusive_or_passes_does_not_stop(tiny_chat, tmp_path, easy, stop_on):
    trainer = make_trainer(tiny_chat, tmp_path / "train")
    evaluation = EvaluateCallback([easy], out=tmp_path / "runs", every_steps=2, stop_on=stop_on).attach(trainer)
    trainer.train()

    assert trainer.state.global_step == 4
    assert evaluation.stopped is None


def test_a_run_on_disk_can_be_the_baseline(tiny_chat, tmp_path, easy):
    import chateval

    chateval.evaluate({"base": tiny_chat}, [easy], out=tmp_path / "base")
    trainer = make_trainer(tiny_chat, tmp_path / "train", max_steps=2)
    evaluation = EvaluateCallback([easy], out=tmp_path / "runs", baseline=tmp_path / "base", stop_on=0.2)
    evaluation.attach(trainer)
    trainer.train()

    assert evaluation.stopped is not None
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["step-000002"]


def test_a_training_that_is_resumed_keeps_its_baseline(tiny_chat, tmp_path, task):
    options = {"save_strategy": "steps", "save_steps": 2}
    first = make_trainer(tiny_chat, tmp_path / "train", max_steps=2, **options)
    EvaluateCallback([task], out=tmp_path / "runs", every_steps=2).attach(first)
    first.train()
    start = (tmp_path / "runs" / "step-000000" / "manifest.json").stat().st_mtime_ns

    second = make_trainer(tiny_chat, tmp_path / "train", max_steps=4, **options)
    EvaluateCallback([task], out=tmp_path / "runs", every_steps=2).attach(second)
    second.train(resume_from_checkpoint=str(tmp_path / "train" / "checkpoint-2"))

    assert curve(tmp_path / "runs").step.tolist() == [0, 2, 4]
    assert (tmp_path / "runs" / "step-000000" / "manifest.json").stat().st_mtime_ns == start


def test_steps_of_an_earlier_training_are_not_mixed_in(tiny_chat, tmp_path, task):
    for is_second in (False, True):
        trainer = make_trainer(tiny_chat, tmp_path / "train", max_steps=1)
        EvaluateCallback([task], out=tmp_path / "runs").attach(trainer)
        if not is_second:
            trainer.train()
            continue
        with pytest.raises(ConfigError, match="steps of an earlier training"):
            trainer.train()


def test_the_curve_has_a_row_for_each_step_and_scorer(tiny_chat, tmp_path, easy, capsys):
    trainer = make_trainer(tiny_chat, tmp_path / "train")
    EvaluateCallback([easy], out=tmp_path / "runs", every_steps=2).attach(trainer)
    trainer.train()

    frame = curve(tmp_path / "runs")

    assert frame[["step", "task", "scorer"]].values.tolist() == [[n, "easy", "exact"] for n in (0, 2, 4)]
    assert frame["mean"][0] == 1.0
    assert frame["delta"].isna().tolist() == [True, False, False]
    assert frame["delta"][2] == frame["mean"][2] - 1.0
    assert "easy/exact" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"every_steps": 0}, ConfigError, "at least 1"),
        ({"stop_on": 2}, ConfigError, r"in \(0, 1\)"),
        ({"stop_on": 0.1, "baseline": None}, GateError, "needs a baseline"),
        ({"stop_on": {"scorer": "*", "max_dorp": 0.1}}, ConfigError, r"^stop_on\[0\]: unknown key 'max_dorp'"),
        ({"stop_on": [{"scorer": "*", "max_drop": 0.1}], "baseline": None}, GateError, "needs a baseline"),
        ({"stop_on": Rule(scorer="*", checkpoint="sft", max_drop=0.1)}, GateError, "the one that is trained"),
    ],
)
def test_wrong_arguments_are_refused_at_once(tmp_path, options, error, said):
    with pytest.raises(error, match=said):
        EvaluateCallback(["arithmetic"], out=tmp_path, **options)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"baseline": "adapter_off"}, "for a model with a LoRA adapter"),
        ({"stop_on": Rule(task="words", scorer="exactly", max_drop=0.1)}, "no scorer 'exactly'"),
        ({"baseline": "nowhere/at/all"}, "not there"),
    ],
)
def test_what_cannot_be_judged_is_refused_before_the_first_step(tiny_chat, tmp_path, task, options, said):
    from chateval.errors import ChatevalError

    trainer = make_trainer(tiny_chat, tmp_path / "train", max_steps=1)
    EvaluateCallback([task], out=tmp_path / "runs", **options).attach(trainer)

    with pytest.raises(ChatevalError, match=said):
        trainer.train()
    assert trainer.state.global_step == 0


def test_a_sharded_training_is_refused(tiny_chat, tmp_path, task, monkeypatch):
    trainer = make_trainer(tiny_chat, tmp_path / "train")
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")

    with pytest.raises(ConfigError, match="fsdp: its weights are sharded"):
        EvaluateCallback([task], out=tmp_path / "runs").attach(trainer)
