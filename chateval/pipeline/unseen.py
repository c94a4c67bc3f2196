"""Tasks of images or recordings that a checkpoint, or what answers for it, can be shown nothing of."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chateval.errors import CheckpointError
from chateval.messages import media_of
from chateval.records import Checkpoint, EngineSpec, Prompt, Sample, Task


def refuse_unseen(checkpoints: Iterable[Checkpoint], tasks: Iterable[Task], engine: EngineSpec) -> None:
    """Refuse a checkpoint that could answer no sample of a task; one that cannot answer some has errors there.

    Raises:
        CheckpointError: If it is shown text only, or its engine takes no images, and every sample has one.
    """
    found = [(task.name, kinds) for task in tasks if all(kinds := [_kinds(sample) for sample in task.samples])]
    for checkpoint in checkpoints:
        if checkpoint.kind == "endpoint":
            continue
        for name, kinds in found:
            if not checkpoint.sees_images:
                raise CheckpointError(
                    f"{checkpoint.name}: is shown text only, and each of the {len(kinds)} samples of task {name} has "
                    "an image or a recording; leave the task out, or test a vision-language model (a folder with "
                    "vision_config and a processor) or an endpoint"
                )
            if all(one - {"image"} for one in kinds):
                raise CheckpointError(
                    f"{checkpoint.name}: is shown text and images, and each of the {len(kinds)} samples of task {name} "
                    "has something else; only endpoints are sent recordings"
                )
            if _is_blind(engine):
                raise CheckpointError(
                    f"{checkpoint.name}: {_BLIND.format(engine.name)}, and each sample of task {name} has one; use "
                    f"--engine transformers, or name the server as an endpoint ({checkpoint.name}=http://HOST/v1#MODEL)"
                )


def refuse_images(prompts: Sequence[Prompt], engine: EngineSpec) -> list[Prompt]:
    """Return the prompts of a checkpoint with files; those with images are at fault where its engine takes none."""
    if not _is_blind(engine):
        return list(prompts)
    why = _BLIND.format(engine.name)
    return [replace(prompt, error=prompt.error or why) if prompt.images else prompt for prompt in prompts]


_BLIND = "--engine {} is asked by token ids, without images"


def _is_blind(engine: EngineSpec) -> bool:
    return engine.name in ("vllm", "openai") or (engine.name == "ray" and engine.worker_engine == "vllm")


def _kinds(sample: Sample) -> set[str]:
    """Return the types of the parts of a sample that are no text."""
    return {kind for message in sample.messages for _, kind in media_of(message)}
