"""Fine-tune a chat model on conversations with TRL: all weights, or a LoRA adapter with --lora.

The data is JSON Lines, one {"messages": [...]} a line, each ending with the assistant's turn. Prompts are rendered with the
model's own chat template; the loss covers the last assistant turn and the token that ends it, nothing else. The output
folder holds safetensors, the tokenizer and the chat template.

Example:
    python examples/finetune.py --model ./smollm2 --data train.jsonl --out out/sft
    python examples/finetune.py --model ./smollm2 --data train.jsonl --out out/lora --lora
"""

import argparse
import contextlib
import ctypes
import json
from pathlib import Path

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase, Trainer, set_seed
from transformers.utils import logging
from trl import SFTConfig, SFTTrainer

BF16_FEATURES = ("avx512_bf16", "amx_bf16", "arm_bf16")


class PlainLossTrainer(SFTTrainer):
    """SFTTrainer with the loss of transformers: TRL's own saves memory on a GPU and takes a third of a step on a CPU."""

    compute_loss = Trainer.compute_loss


def read_conversations(path: Path) -> Dataset:
    """Read conversations as TRL's pairs of prompt and completion.

    Raises:
        ValueError: If a line does not end with an assistant's turn; the message starts with path:line.
    """
    pairs = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        messages = json.loads(line)["messages"]
        if len(messages) < 2 or messages[-1]["role"] != "assistant":
            raise ValueError(f"{path}:{number}: the last of at least two messages must be the assistant's")
        pairs.append({"prompt": messages[:-1], "completion": messages[-1:]})
    return Dataset.from_list(pairs)


def end_of_turn(tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the id of the special token that the chat template writes after the assistant's answer."""
    turns = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello"}]
    ids = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=True)["input_ids"]
    special = set(tokenizer.all_special_ids) | set(tokenizer.get_added_vocab().values())
    if ids[-1] not in special and ids[-2] not in special:
        raise ValueError("the chat template writes no special token after the assistant's answer")
    return ids[-1] if ids[-1] in special else ids[-2]


def check_labels(trainer: SFTTrainer, end_id: int) -> None:
    """Make sure that the labels hold the end of the assistant's turn, exactly once in each row.

    None would be a model that never stops (the end masked as padding, or cut off); two would train the prompt as well.

    Raises:
        ValueError: If a row of the data, or of the first batch as it is padded, has another number of them.
    """
    first = [trainer.train_dataset[index] for index in range(trainer.args.train_batch_size)]
    for place, rows in (
        ("data", trainer.train_dataset["labels"]),
        ("first batch", trainer.data_collator(first)["labels"].tolist()),
    ):
        for number, labels in enumerate(rows, start=1):
            if labels.count(end_id) != 1:
                raise ValueError(
                    f"{place}, row {number}: {labels.count(end_id)} labels are the end of turn {end_id}, must be 1 "
                    "(is it masked as padding, or is the row longer than --max-length?)"
                )


def multiplies_bf16() -> bool:
    """Return whether the device has instructions for bfloat16, without which it is slower than float32."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(feature) for feature in BF16_FEATURES)


def keep_memory() -> None:
    """Let glibc keep what is freed: with it handed back and asked for again, a step on a CPU may take twice as long."""
    mmap_max, trim_threshold = -4, -1
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(mmap_max, 0)
        libc.mallopt(trim_threshold, 2**31 - 1)


def arguments() -> argparse.Namespace:
    """Read the command line; learning rate and precision depend on the method and the device."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--data", type=Path, required=True, help="conversations, JSON Lines")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--lora", action="store_true", help="train an adapter instead of all weights")
    parser.add_argument("--steps", type=int, default=60, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=8, help="conversations a step (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, help="highest rate (default: 1e-4, with --lora 2e-3)")
    parser.add_argument("--max-length", type=int, default=1024, help="most tokens of a conversation (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument(
        "--bf16", action=argparse.BooleanOptionalAction, default=multiplies_bf16(), help="mixed precision"
    )
    parser.add_argument("--rank", type=int, default=16, help="of the adapter (default: %(default)s)")
    parser.add_argument("--alpha", type=int, default=32, help="scale of the adapter times its rank (%(default)s)")
    parser.add_argument("--target-modules", nargs="+", default="all-linear", help="layers to adapt (%(default)s)")
    args = parser.parse_args()
    if args.learning_rate is None:
        args.learning_rate = 2e-3 if args.lora else 1e-4
    return args


def main() -> None:
    """Train, check, save."""
    args = arguments()
    keep_memory()
    logging.set_verbosity_error()
    set_seed(args.seed)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
    lora = LoraConfig(r=args.rank, lora_alpha=args.alpha, target_modules=args.target_modules, task_type="CAUSAL_LM")
    config = SFTConfig(
        output_dir=str(args.out),
        max_steps=args.steps,
        per_device_train_batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.1,
        max_length=args.max_length,
        completion_only_loss=True,
        seed=args.seed,
        bf16=args.bf16,
        use_cpu=not torch.accelerator.is_available(),
        activation_checkpointing=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        logging_steps=10,
        save_strategy="no",
        report_to="none",
    )
    has_accelerator = torch.accelerator.is_available()
    trainer = (SFTTrainer if has_accelerator else PlainLossTrainer)(
        model=model,
        args=config,
        train_dataset=read_conversations(args.data),
        processing_class=tokenizer,
        peft_config=lora if args.lora else None,
    )
    check_labels(trainer, end_of_turn(tokenizer))
    trainer.train()
    trainer.model.save_pretrained(args.out)
    tokenizer.save_pretrained(args.out)


if __name__ == "__main__":
    main()
