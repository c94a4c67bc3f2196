"""Fine-tune a LoRA adapter for tool calls with TRL: calls, their results, and answers, in a template that carries them.

The data is JSON Lines, one {"messages": [...], "tools": [...]} a line, as OpenAI's API has it: calls are `tool_calls`
of the assistant, results are messages of the role `tool`. Each turn of the assistant becomes a row; the loss covers
that turn and the token that ends it. The template is saved into the adapter's folder, so that whoever evaluates the
adapter shows it the prompts that it was trained on; without tools and results it writes what SmolLM2's own writes.

Example:
    python examples/make_tool_data.py --out tools.jsonl
    python examples/finetune_tools.py --model ./smollm2 --data tools.jsonl --out out/tools
    chateval run --checkpoint base=./smollm2 --checkpoint tools=out/tools --task tool_dialogue
"""

import argparse
import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from finetune import HAS_BF16, Bar, CpuTrainer, check_labels
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback, set_seed
from transformers.utils import logging
from trl import SFTConfig, SFTTrainer

from chateval.integrations.trl import record_training

TEMPLATE = Path(__file__).with_name("tool_template.jinja")


def plain(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message whose arguments are JSON text: a table has no columns for those of every function."""
    calls = [
        {
            "type": "function",
            "function": {
                "name": call["function"]["name"],
                "arguments": json.dumps(call["function"]["arguments"], ensure_ascii=False),
            },
        }
        for call in message.get("tool_calls") or ()
    ]
    return {"role": message["role"], "content": message.get("content") or "", "tool_calls": calls}


def turns(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a row of TRL's for each turn of the assistant: what stands before it, and the turn."""
    messages = [plain(message) for message in row["messages"]]
    for place, message in enumerate(messages):
        if place and message["role"] == "assistant":
            tools = json.dumps(row.get("tools") or [], ensure_ascii=False)
            yield {"prompt": messages[:place], "completion": [message], "tools": tools}


def read_dialogues(path: Path) -> Dataset:
    """Read dialogues as TRL's pairs of prompt and completion; ValueError names a line that is none."""
    pairs: list[dict[str, Any]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        found = list(turns(json.loads(line)))
        if not found:
            raise ValueError(f"{path}:{number}: no turn of the assistant behind another message")
        pairs += found
    return Dataset.from_list(pairs)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--data", type=Path, required=True, help="dialogues, JSON Lines")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the adapter to")
    parser.add_argument("--template", type=Path, default=TEMPLATE, help="Jinja file (default: tool_template.jinja)")
    parser.add_argument("--steps", type=int, default=75, help="default: %(default)s")
    parser.add_argument("--batch-size", type=int, default=4, help="turns in a step (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=1e-3, help="the highest one (default: %(default)s)")
    parser.add_argument("--rank", type=int, default=16, help="of the adapter (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=HAS_BF16, help="mixed precision")
    return parser.parse_args()


def main() -> None:
    """Train, after a look at the labels, and save the adapter with its template."""
    args = arguments()
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.set_verbosity_error()
    set_seed(args.seed)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    tokenizer.chat_template = args.template.read_text(encoding="utf-8")
    config = SFTConfig(
        output_dir=str(args.out),
        max_steps=args.steps,
        per_device_train_batch_size=args.batch_size,
        learning_rate=args.learning_rate,
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
        train_dataset=read_dialogues(args.data),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=args.rank, lora_alpha=2 * args.rank, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
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
