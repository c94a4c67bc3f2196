"""Fine-tune a chat model on conversations with TRL: all weights, or a LoRA adapter with --lora.

The data is JSON Lines, one {"messages": [...]} a line that ends with the assistant's turn. Prompts are rendered with
the model's own chat template; the loss covers the last assistant turn and the token that ends it, nothing else.
The output folder holds safetensors, the tokenizer, the chat template and, in chateval_training.json, some rows as the
model was fed them.

Example:
    python examples/finetune.py --model ./smollm2 --data train.jsonl --out out/sft
    python examples/finetune.py --model ./smollm2 --data train.jsonl --out out/lora --lora
"""

import argparse
import json
import warnings
from pathlib import Path

import torch
from datasets import Dataset
from peft import LoraConfig
from rich.progress import Progress, TextColumn, TimeElapsedColumn
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedTokenizerBase,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    set_seed,
)
from transformers.utils import logging
from trl import SFTConfig, SFTTrainer

from chateval.integrations.trl import record_training

CPU_FEATURES: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
HAS_BF16 = torch.accelerator.is_available() or any("bf16" in name and has for name, has in CPU_FEATURES.items())


class CpuTrainer(SFTTrainer):
    """SFTTrainer with the loss of transformers; TRL's own saves memory on a GPU and takes half as long again here."""

    compute_loss = Trainer.compute_loss


class Bar(TrainerCallback):
    """Shows the steps as a bar of rich, with the loss of the last ones."""

    def on_train_begin(self, args, state, control, **kwargs) -> None:
        """Start the bar."""
        columns = (*Progress.get_default_columns(), TimeElapsedColumn(), TextColumn("{task.fields[loss]}"))
        self.progress = Progress(*columns)
        self.progress.start()
        self.bar = self.progress.add_task("training", total=state.max_steps, loss="")

    def on_step_end(self, args, state, control, **kwargs) -> None:
        """Move the bar on."""
        self.progress.update(self.bar, completed=state.global_step)

    def on_log(self, args, state, control, logs=None, **kwargs) -> None:
        """Show the loss."""
        if logs and "loss" in logs:
            self.progress.update(self.bar, loss=f"loss {float(logs['loss']):.3f}")

    def on_train_end(self, args, state, control, **kwargs) -> None:
        """Leave the bar as it ended."""
        self.progress.stop()


def read_conversations(path: Path) -> Dataset:
    """Read conversations as TRL's pairs of prompt and completion; ValueError names a line that is none."""
    pairs = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        *prompt, answer = json.loads(line)["messages"]
        if not prompt or answer["role"] != "assistant":
            raise ValueError(f"{path}:{number}: the last of at least two messages must be the assistant's")
        pairs.append({"prompt": prompt, "completion": [answer]})
    return Dataset.from_list(pairs)


def check_labels(trainer: SFTTrainer, tokenizer: PreTrainedTokenizerBase) -> None:
    """Make sure that the first batch, padded, has the end of turn among its labels, once in each row.

    None would be a model that never stops, its end masked as padding; two would be the prompt, trained as well.
    """
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello"}]
    special = {*tokenizer.all_special_ids, *tokenizer.get_added_vocab().values()}
    ids = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=True)["input_ids"]
    end_id = next(token_id for token_id in reversed(ids) if token_id in special)
    n_rows = min(trainer.args.train_batch_size, len(trainer.train_dataset))
    labels = trainer.data_collator([trainer.train_dataset[index] for index in range(n_rows)])["labels"]
    for number, n_ends in enumerate((labels == end_id).sum(dim=1).tolist(), start=1):
        if n_ends != 1:
            raise ValueError(f"row {number} of the first batch has {n_ends} labels {end_id} (end of turn), must be 1")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--data", type=Path, required=True, help="conversations, JSON Lines")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--lora", action="store_true", help="train an adapter instead of all weights")
    parser.add_argument("--steps", type=int, default=75, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=4, help="conversations in a step (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, help="the highest one (default: 1e-4, with --lora 1e-3)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=HAS_BF16, help="mixed precision")
    parser.add_argument("--rank", type=int, default=16, help="of the adapter (default: %(default)s)")
    parser.add_argument("--alpha", type=int, default=32, help="of the adapter (default: %(default)s)")
    parser.add_argument("--target-modules", nargs="+", default="all-linear", help="names (default: %(default)s)")
    return parser.parse_args()


def main() -> None:
    """Train, after a look at the labels, and save."""
    args = arguments()
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.set_verbosity_error()
    set_seed(args.seed)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    lora = LoraConfig(r=args.rank, lora_alpha=args.alpha, target_modules=args.target_modules, task_type="CAUSAL_LM")
    config = SFTConfig(
        output_dir=str(args.out),
        max_steps=args.steps,
        per_device_train_batch_size=args.batch_size,
        learning_rate=args.learning_rate or (1e-3 if args.lora else 1e-4),
        lr_scheduler_type="cosine",
        warmup_steps=args.steps // 10,
        max_length=None,
        completion_only_loss=True,
        seed=args.seed,
        bf16=args.bf16,
        use_cpu=not torch.accelerator.is_available(),
        gradient_checkpointing=False,
        dataloader_pin_memory=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_steps=5,
    )
    trainer = (CpuTrainer if config.use_cpu else SFTTrainer)(
        model=AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32),
        args=config,
        train_dataset=read_conversations(args.data),
        processing_class=tokenizer,
        peft_config=lora if args.lora else None,
        callbacks=[Bar()],
    )
    trainer.remove_callback(PrinterCallback)
    check_labels(trainer, tokenizer)
    record_training(trainer)
    trainer.train()
    trainer.model.save_pretrained(args.out)
    tokenizer.save_pretrained(args.out)


if __name__ == "__main__":
    main()
