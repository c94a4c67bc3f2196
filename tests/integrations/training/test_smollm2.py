"""The real SmolLM2-135M-Instruct, a few steps of LoRA with the callback."""

import warnings
from pathlib import Path

import pytest

from chateval.integrations.smollm2 import fetch_smollm2
from chateval.integrations.training import EvaluateCallback, curve
from chateval.store import read_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fetch_smollm2(tmp_path_factory.mktemp("smollm2") / "model")


def train(model: Path, out: Path, callback: EvaluateCallback | None):
    """Train three steps of LoRA and return the trainer."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    chat = [{"role": "user", "content": "Say yes."}, {"role": "assistant", "content": "Yes."}]
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(model, dtype="float32"),
        args=SFTConfig(
            output_dir=str(out),
            max_steps=3,
            per_device_train_batch_size=2,
            learning_rate=1e-3,
            logging_steps=1,
            save_strategy="no",
            use_cpu=True,
            bf16=False,
            dataloader_pin_memory=False,
            report_to="none",
            disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list([{"messages": chat}] * 6),
        processing_class=AutoTokenizer.from_pretrained(model),
        peft_config=LoraConfig(r=8, lora_dropout=0.1, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM"),
    )
    if callback is not None:
        callback.attach(trainer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.train()
    return trainer


@pytest.mark.filterwarnings("ignore")
def test_three_steps_of_lora_are_watched_and_not_disturbed(smollm2, tmp_path):
    watched = EvaluateCallback(
        ["arithmetic"], out=tmp_path / "runs", every_steps=2, baseline="adapter_off", limit=8, stop_on=0.9
    )
    with_it, without = train(smollm2, tmp_path / "a", watched), train(smollm2, tmp_path / "b", None)

    losses = [[line["loss"] for line in one.state.log_history if "loss" in line] for one in (with_it, without)]
    assert losses[0] == losses[1]
    assert len(losses[0]) == 3
    assert curve(tmp_path / "runs").checkpoint.tolist() == ["adapter-off", "step-2", "step-3"]
    base = read_run(tmp_path / "runs" / "adapter-off")
    assert any(line.response.text.strip() for line in base.answers)
