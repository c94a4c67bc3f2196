"""What a batch does to prompts: padding, and cutting to a maximum length."""

from collections.abc import Iterator

from chateval.template.check.check import Flaw, NotEvaluated
from chateval.template.check.prompt_ids import ids_of, tokenizer_of
from chateval.template.grammar import parse_ids
from chateval.template.probes import probe
from chateval.template.sandbox import Chat
from chateval.template.specimen import Specimen

_KEPT = 0.75
"""Share of a prompt's tokens that is left when it is cut to see what a limit on length does."""
_MIN_TOKENS = 16
_SHOWN_IDS = 6


def pads_right(specimen: Specimen) -> Iterator[Flaw]:
    """The config asks for padding on the right, where the model should go on writing."""
    config = specimen.configs.get("tokenizer_config.json")
    if not config:
        raise NotEvaluated("needs tokenizer_config.json")
    if config.get("padding_side") == "right":
        yield Flaw(
            "padding_side is right; in a batch, generation would go on after the padding",
            expected="left while generating",
            found="right",
            origin="tokenizer_config.json: padding_side",
        )


def cut_prompt(specimen: Specimen) -> Iterator[Flaw]:
    """A prompt that is cut to a maximum length is no prompt of the family any more."""
    dialect, ids = specimen.dialect, ids_of(specimen, _long_prompt(specimen))
    assert dialect is not None  # noqa: S101 - the check needs one
    if len(ids) < _MIN_TOKENS:
        raise NotEvaluated("a long prompt comes out short: its content is lost")
    if any(finding.severity == "error" for finding in parse_ids(ids, specimen.tokenizer, dialect).findings):
        raise NotEvaluated("a long prompt does not parse even when it is whole")
    side, n_kept = str(tokenizer_of(specimen).truncation_side), int(len(ids) * _KEPT)
    kept = ids[-n_kept:] if side == "left" else ids[:n_kept]
    reading = parse_ids(kept, specimen.tokenizer, dialect)
    errors = [finding.message for finding in reading.findings if finding.severity == "error"]
    lost = "the generation prompt" if dialect.has_generation_prompt and not reading.awaits_answer else ""
    if errors or lost:
        yield Flaw(
            f"cut to {n_kept} of {len(ids)} tokens on the {side}, a prompt loses {lost or 'its head: ' + errors[0]}",
            text=tokenizer_of(specimen).decode(kept, clean_up_tokenization_spaces=False),
            expected="messages left out as a whole",
            found=lost or errors[0],
            found_ids=tuple(kept[:_SHOWN_IDS] if side == "left" else kept[-_SHOWN_IDS:]),
        )


def _long_prompt(specimen: Specimen) -> str:
    user = probe("long").messages[0]
    system = probe("system").messages[0]
    for messages in ((system, user), (user,)):
        rendered = specimen.render(Chat(messages))
        if rendered.text is not None:
            return rendered.text
    raise NotEvaluated("the template cannot render a long question")
