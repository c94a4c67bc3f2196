"""Checkpoints that could be shown nothing of a task are refused; the others have errors where they cannot see."""

import pytest

from chateval.errors import CheckpointError
from chateval.pipeline.unseen import refuse_images, refuse_unseen
from chateval.records import Checkpoint, Decoding, EngineSpec, Picture, Prompt, Sample, Task

IMAGE = {"type": "image", "sha256": "0" * 64}
SOUND = {"type": "audio", "sha256": "1" * 64}
TEXT = {"type": "text", "text": "What?"}
BLIND = Checkpoint("base", "chat", "base")
SEEING = Checkpoint("vlm", "chat", "vlm", sees_images=True)
FAR = Checkpoint("far", "endpoint", "http://127.0.0.1/v1#m")


def task(*contents):
    samples = tuple(Sample(str(n), {}, ({"role": "user", "content": one},)) for n, one in enumerate(contents))
    return Task("looks", 1, "", "", "", "generate", Decoding(), (), samples, "", "", "")


@pytest.mark.parametrize(
    ("checkpoint", "contents", "engine", "said"),
    [
        (BLIND, ([IMAGE, TEXT], [SOUND]), "transformers", "base: is shown text only"),
        (BLIND, ([IMAGE, TEXT],), "fake", "base: is shown text only"),
        (SEEING, ([SOUND, TEXT], [IMAGE, SOUND]), "transformers", "only endpoints are sent recordings"),
        (SEEING, ([IMAGE, TEXT],), "vllm", "--engine vllm is asked by token ids, without images"),
        (SEEING, ([IMAGE, TEXT],), "openai", r"name the server as an endpoint \(vlm=http://HOST/v1#MODEL\)"),
    ],
)
def test_who_can_be_shown_nothing_of_a_task_is_refused(checkpoint, contents, engine, said):
    with pytest.raises(CheckpointError, match=said):
        refuse_unseen([checkpoint], [task(*contents)], EngineSpec(engine))


@pytest.mark.parametrize(
    ("checkpoint", "contents", "engine"),
    [
        (BLIND, ("What?",), "transformers"),
        (BLIND, ([IMAGE], "What?"), "transformers"),
        (SEEING, ([IMAGE, TEXT],), "transformers"),
        (SEEING, ([IMAGE], "What?"), "vllm"),
        (FAR, ([SOUND], [IMAGE]), "openai"),
    ],
)
def test_who_can_be_shown_something_is_asked(checkpoint, contents, engine):
    refuse_unseen([checkpoint], [task(*contents)], EngineSpec(engine))


@pytest.mark.parametrize(
    ("engine", "is_blind"),
    [
        (EngineSpec("transformers"), False),
        (EngineSpec("ray"), False),
        (EngineSpec("ray", worker_engine="vllm"), True),
        (EngineSpec("vllm"), True),
        (EngineSpec("openai"), True),
    ],
)
def test_a_prompt_with_images_is_at_fault_where_its_engine_takes_none(engine, is_blind):
    picture = Picture("0" * 64, "image/png", 1, 1, data="AA==")
    prompts = [Prompt("0", (), "a", (1,), Decoding(), images=(picture,)), Prompt("1", (), "b", (2,), Decoding())]

    found = refuse_images(prompts, engine)

    assert [prompt.error is not None for prompt in found] == [is_blind, False]
