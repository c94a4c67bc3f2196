"""Checkpoints that servers answer for: endpoints without files, and folders whose server shows its prompts."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from chateval.codec import digest
from chateval.engine.openai.roster import Roster
from chateval.errors import CheckpointError, TemplateError
from chateval.records import Checkpoint, EngineSpec, Task, TemplateFacts
from chateval.template import Specimen
from chateval.template.models import split_address
from chateval.template.runtime import open_runtime

NO_OPTIONS: Mapping[str, Any] = {}


def endpoint_facts(options: Mapping[str, Any] = NO_OPTIONS) -> TemplateFacts:
    """Return what is known of the template of an endpoint: the switches that the server is asked to render it with."""
    return TemplateFacts(
        source="endpoint",
        text="",
        digest=digest(dict(options)) if options else hashlib.sha256(b"").hexdigest(),
        bos_id=None,
        generation_prompt="",
        end_of_turn_id=None,
        stop_ids=(),
        special_tokens={},
    )


def refuse_choices(checkpoints: Iterable[Checkpoint], tasks: Iterable[Task]) -> None:
    """Raise CheckpointError if an endpoint is asked to choose, which needs log-probabilities of token ids."""
    choosing = next((task.name for task in tasks if task.output == "choose"), None)
    for checkpoint in checkpoints:
        if checkpoint.kind == "endpoint" and choosing:
            raise CheckpointError(
                f"{checkpoint.name}: an endpoint gives no log-probabilities of a choice, which task {choosing} asks "
                "for; leave the task out, or test the folder of the checkpoint"
            )


def with_runtimes(
    specimens: Mapping[str, Specimen], checkpoints: Iterable[Checkpoint], engine: EngineSpec
) -> dict[str, Specimen]:
    """Return the specimens with the server that answers for them, whose prompts are then held against the template's.

    A server that shows no prompts leaves a specimen as it is, and CT702 unevaluated.

    Raises:
        CheckpointError: If no server answers, or a checkpoint is not served.
    """
    found = dict(specimens)
    if engine.name != "openai" or engine.base_url is None or not found:
        return found
    roster = Roster(engine.base_url)
    address, _ = split_address(engine.base_url)
    for checkpoint in checkpoints:
        if checkpoint.name in found:
            model = roster.name_of(checkpoint)
            with suppress(TemplateError):
                runtime = open_runtime(f"{address}#{model}")
                found[checkpoint.name] = replace(found[checkpoint.name], runtime=runtime)
    return found
