"""Fine-tune a LoRA adapter with TRL, evaluated by chateval every so many steps, and stopped if it breaks a skill.

The data is that of finetune.py. The base under the adapter is the baseline: it is in memory anyway. Each evaluation is
a run folder, OUT/runs/step-000025 and so on; the adapter is saved to OUT/adapter.

Example:
    python examples/make_catalog_data.py --out train.jsonl
    python examples/train_with_eval.py --model ./smollm2 --data train.jsonl --out out/watched
    chateval leaderboard out/watched/runs/*
"""

import argparse
from pathlib import Path

import torch
from finetune import read_conversations
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, set_seed
from trl import SFTConfig, SFTTrainer

from chateval.integrations.training import EvaluateCallback, curve


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--data", type=Path, required=True, help="conversations, JSON Lines")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--tasks", nargs="+", default=["product_catalog", "reading"], help="default: %(default)s")
    parser.add_argument("--limit", type=int, default=24, help="samples of each task (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=75, help="default: %(default)s")
    parser.add_argument("--every", type=int, default=25, help="steps between evaluations (default: %(default)s)")
    parser.add_argument("--max-drop", type=float, default=0.25, help="sure loss that stops (default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    """Train with the callback, save the adapter, and print the curve."""
    args = arguments()
    set_seed(0)
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32),
        args=SFTConfig(
            output_dir=str(args.out / "train"),
            max_steps=args.steps,
            per_device_train_batch_size=4,
            learning_rate=1e-3,
            warmup_steps=args.steps // 10,
            max_length=None,
            completion_only_loss=True,
            bf16=torch.accelerator.is_available(),
            use_cpu=not torch.accelerator.is_available(),
            gradient_checkpointing=False,
            save_strategy="no",
            report_to="none",  # or "wandb", "tensorboard", "trackio": the numbers of chateval go there, too
            logging_steps=5,
        ),
        train_dataset=read_conversations(args.data),
        processing_class=AutoTokenizer.from_pretrained(args.model),
        peft_config=LoraConfig(r=16, lora_alpha=32, target_modules="all-linear", task_type="CAUSAL_LM"),
    )
    evaluation = EvaluateCallback(
        args.tasks,
        out=args.out / "runs",
        every_steps=args.every,
        baseline="adapter_off",
        stop_on=args.max_drop,
        limit=args.limit,
    ).attach(trainer)
    trainer.train()
    trainer.save_model(str(args.out / "adapter"))
    print(curve(args.out / "runs").to_string(index=False))
    print(f"stopped: {evaluation.stopped}" if evaluation.stopped else "not stopped")


if __name__ == "__main__":
    main()
