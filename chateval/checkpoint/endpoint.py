"""A checkpoint without files: a model behind an address, known by what its server says of it."""

from dataclasses import asdict

from chateval.codec import digest
from chateval.errors import CheckpointError
from chateval.records import Checkpoint, CheckpointSpec
from chateval.template.models import list_models, listed_words, split_address


def resolve_endpoint(spec: CheckpointSpec) -> Checkpoint:
    """Ask the server of an endpoint for the model.

    Its content cannot be digested: address, name and what the list of models says stand in for the weights.

    Raises:
        CheckpointError: If the address is none, names no model, or no server answers.
    """
    _refuse_what_needs_files(spec)
    address, model = split_address(spec.path)
    models = list_models(address)
    if not model:
        served = f"; it serves {listed_words(models)}" if models else ""
        raise CheckpointError(f"{spec.name}: {address} names no model: say {address}#MODEL{served}")
    said = next((asdict(found) for found in models if found.id == model), None)
    return Checkpoint(
        name=spec.name,
        kind="endpoint",
        path=f"{address}#{model}",
        dtype="unknown",
        weights_digest=digest([address, model, said]),
        context_tokens=said["context_tokens"] if said else None,
        template_options=spec.template_options,
    )


def _refuse_what_needs_files(spec: CheckpointSpec) -> None:
    given = {"base": spec.base, "revision": spec.revision, "template": spec.template, "completion": spec.completion}
    for name, value in given.items():
        if value:
            raise CheckpointError(
                f"{spec.name}: an endpoint takes no {name} ({value!r}): its server builds the prompt from messages. "
                "To test a folder that is served, name the folder and say --base-url"
            )
