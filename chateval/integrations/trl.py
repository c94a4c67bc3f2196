"""TRL's trainers: what they feed the model is recorded beside the checkpoint, so that its prompts can be proven."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from chateval.template.record import FILE_NAME, N_ROWS, Collator, record

_SETTINGS = ("max_length", "assistant_only_loss", "completion_only_loss", "packing", "truncation_mode")
"""Arguments of the trainer that a reader of the record wants to know."""


class TemplateRecorder(TrainerCallback):  # type: ignore[misc] # transformers is not typed here
    """Writes `chateval_training.json` when the training begins, and copies it into each checkpoint.

    Example:
        trainer.add_callback(TemplateRecorder(trainer.train_dataset))
    """

    def __init__(
        self,
        dataset: Iterable[Mapping[str, Any]] | None = None,
        *,
        template_kwargs: Mapping[str, Any] | None = None,
        n: int = N_ROWS,
    ) -> None:
        """Say what is recorded.

        Args:
            dataset: The trainer's `train_dataset`, whose rows have the chats beside their ids, or the chats alone in
                the same order. Without it only the ids are known, which show what was trained and cannot prove a
                template.
            template_kwargs: Switches that the dataset was rendered with; `chat_template` stands for a template other
                than the tokenizer's, such as `trainer.chat_template`.
            n: Rows to record.
        """
        self.dataset = dataset
        self.template_kwargs = dict(template_kwargs or {})
        self.n = n
        self.path: Path | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Record the first rows that the training will see."""
        if not state.is_world_process_zero:
            return
        loader, tokenizer = kwargs["train_dataloader"], _text_side(kwargs["processing_class"])
        rows = loader.dataset if self.dataset is None else _with_ids(self.dataset, loader.dataset, tokenizer)
        settings = {name: getattr(args, name) for name in _SETTINGS if getattr(args, name, None) is not None}
        self.path = record(
            tokenizer,
            rows,
            Path(args.output_dir),
            template_kwargs=self.template_kwargs,
            collator=_collator(loader),
            settings=settings,
            n=self.n,
        )

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Put the record beside the weights that were just saved."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if self.path is not None and folder.is_dir():
            shutil.copyfile(self.path, folder / FILE_NAME)


def record_training(trainer: Any, *, template_kwargs: Mapping[str, Any] | None = None, n: int = N_ROWS) -> None:
    """Add a recorder to an SFTTrainer that takes the chats, the collator and the template from the trainer itself.

    Args:
        trainer: An SFTTrainer, or another trainer of transformers with a `train_dataset`.
        template_kwargs: Switches that the dataset was rendered with.
        n: Rows to record.
    """
    own = {"chat_template": getattr(trainer, "chat_template", None), **(template_kwargs or {})}
    trainer.add_callback(TemplateRecorder(trainer.train_dataset, template_kwargs=own, n=n))


def _text_side(processing_class: Any) -> Any:
    """Return the tokenizer of a processor that also takes images."""
    return getattr(processing_class, "tokenizer", processing_class)


def _collator(loader: Any) -> Collator:
    """Return the collator, without transformers' wrapper around it that drops columns."""
    found: Collator = getattr(loader.collate_fn, "data_collator", loader.collate_fn)
    return found


def _with_ids(chats: Any, trained: Any, tokenizer: Any) -> Any:
    """Return rows with ids: those of `chats` that have them, else `trained` with the chats they were made of."""
    if not hasattr(chats, "__getitem__") or not len(chats) or "input_ids" in chats[0]:
        return chats
    if not hasattr(trained, "__getitem__") or len(trained) != len(chats):
        return trained
    return _Joined(chats, trained, tokenizer)


class _Joined:
    """Chats and trained rows in the same order; a chat that is not in its row's text is left out."""

    def __init__(self, chats: Any, trained: Any, tokenizer: Any) -> None:
        self._chats, self._trained, self._tokenizer = chats, trained, tokenizer

    def __len__(self) -> int:
        return len(self._trained)

    def __getitem__(self, index: int) -> dict[str, Any]:
        chat, row = self._chats[index], dict(self._trained[index])
        messages = chat.get("messages") or [*chat.get("prompt", ()), *chat.get("completion", ())]
        text = self._tokenizer.decode(row["input_ids"], skip_special_tokens=False)
        contents = [turn.get("content") for turn in messages if isinstance(turn, Mapping)]
        known = [content.strip() for content in contents if isinstance(content, str)]
        # a row that was cut still has its first or its last message
        is_same = bool(known) and (known[0] in text or known[-1] in text)
        return {**chat, **row} if is_same else row

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[index] for index in range(len(self)))
