"""Train a LoRA adapter on preferences with TRL's DPO: the chosen answer up, the rejected one down.

The data is JSON Lines, one {"prompt": ..., "chosen": ..., "rejected": ...} a line. Prompts and answers are rendered
with the model's own chat template, so that each answer ends as the template ends a turn; the reference policy is the
model without the adapter.

Example:
    python examples/make_preference_data.py --out pairs.jsonl
    python examples/dpo.py --model out/sft --data pairs.jsonl --out out/dpo
    chateval run --checkpoint sft=out/sft --checkpoint dpo=out/dpo@sft --task preferences
"""

import argparse
import json
import warnings
from pathlib import Path

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback, TrainerCallback, set_seed
from transformers.utils import logging
from trl import DPOConfig, DPOTrainer


class Lines(TrainerCallback):
    """Prints loss, margin and accuracy of the last steps."""

    def on_log(self, args, state, control, logs=None, **kwargs) -> None:
        """Print a line."""
        found = {name: logs[name] for name in ("loss", "rewards/margins", "rewards/accuracies") if name in (logs or {})}
        if found:
            told = ", ".join(f"{name} {float(value):.3f}" for name, value in found.items())
            print(f"step {state.global_step}: {told}", flush=True)


def read_pairs(path: Path) -> Dataset:
    """Read pairs as TRL's conversations; ValueError names a line that is none."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        row = json.loads(line)
        if not {"prompt", "chosen", "rejected"} <= row.keys() or row["chosen"] == row["rejected"]:
            raise ValueError(f"{path}:{number}: a pair has prompt, chosen and rejected, and the two answers differ")
        rows.append(
            {
                "prompt": [{"role": "user", "content": row["prompt"]}],
                "chosen": [{"role": "assistant", "content": row["chosen"]}],
                "rejected": [{"role": "assistant", "content": row["rejected"]}],
            }
        )
    return Dataset.from_list(rows)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the model that is trained on")
    parser.add_argument("--data", type=Path, required=True, help="pairs, JSON Lines")
    parser.add_argument("--out", type=Path, required=True, help="folder of the adapter")
    parser.add_argument("--steps", type=int, default=45, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=4, help="pairs in a step (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=1e-4, help="the highest one (default: %(default)s)")
    parser.add_argument("--beta", type=float, default=0.1, help="default: %(default)s")
    parser.add_argument("--rank", type=int, default=8, help="of the adapter (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    return parser.parse_args()


def main() -> None:
    """Train and save."""
    args = arguments()
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.set_verbosity_error()
    set_seed(args.seed)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    config = DPOConfig(
        output_dir=str(args.out),
        max_steps=args.steps,
        per_device_train_batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=args.steps // 10,
        beta=args.beta,
        seed=args.seed,
        bf16=False,
        use_cpu=not torch.accelerator.is_available(),
        gradient_checkpointing=False,
        dataloader_pin_memory=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_steps=5,
    )
    trainer = DPOTrainer(
        model=AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32),
        args=config,
        train_dataset=read_pairs(args.data),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=args.rank, lora_alpha=2 * args.rank, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
        callbacks=[Lines()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train()
    trainer.model.save_pretrained(args.out)
    tokenizer.save_pretrained(args.out)


if __name__ == "__main__":
    main()
