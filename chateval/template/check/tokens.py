"""CT101 to CT111: do the tokenizer, the configs and the weights agree with what the template writes."""

from collections.abc import Iterator, Mapping
from typing import Any

from chateval.template.check.batching import cut_prompt, pads_right
from chateval.template.check.bos import bos_opens_turns, double_bos, missing_bos
from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.ending import pad_is_eos, unknown_end, unused_end
from chateval.template.check.prompt_ids import ids_of, tokenizer_of, vocabulary, written_ids
from chateval.template.grammar import Dialect
from chateval.template.grammar.literals import split_literals
from chateval.template.specimen import Specimen

_SHOWN_IDS = 6
_LAYOUT_PROBES = ("two_turns_answered", "system_two_turns", "question")
"""Chats without tools and thinking: what is written around them is the layout alone."""
_SPARE = ("reserved", "unused", "extra", "placeholder", "dummy")
"""Words in tokens that vendors leave for others to rename."""


def split_literal(specimen: Specimen) -> Iterator[Flaw]:
    """A control literal is not one token, so that the model reads letters where it should read a marker."""
    dialect, known = specimen.dialect, vocabulary(tokenizer_of(specimen))
    assert dialect is not None  # noqa: S101 - the check needs one
    seen: set[str] = set()
    for name in _LAYOUT_PROBES:
        text = specimen.text(name)
        if text is None:
            continue
        ids = frozenset(ids_of(specimen, text))
        for literal in _token_literals(dialect):
            if literal in seen or literal not in text:
                continue
            seen.add(literal)
            number = known.get(literal)
            if number is None or number not in ids:
                pieces = tuple(ids_of(specimen, literal))
                yield Flaw(
                    f"{literal} is {len(pieces)} tokens"
                    + ("" if number is None else f", although the vocabulary has it as {number}"),
                    probe=name,
                    text=text,
                    offset=text.find(literal),
                    length=len(literal),
                    expected="one token",
                    found=" ".join(map(str, pieces)),
                    expected_ids=() if number is None else (number,),
                    found_ids=pieces,
                )
    if not seen:
        raise NotEvaluated(f"the template writes no literal of {dialect.name} that must be one token")


def untrained_id(specimen: Specimen) -> Iterator[Flaw]:
    """A prompt has ids that the embeddings have no row for, or a row that the adapter never trained."""
    adapter, base = specimen.configs.get("adapter_config.json"), specimen.base
    old = frozenset(vocabulary(base.tokenizer).values()) if adapter and base and base.tokenizer is not None else None
    n_rows = specimen.n_embeddings
    if n_rows is None and old is None:
        raise NotEvaluated("needs weights (safetensors) beside the tokenizer, or an adapter and its base (--base)")
    for number, name, text in written_ids(specimen):
        if adapter and _is_trained(number, adapter):
            continue
        token = tokenizer_of(specimen).convert_ids_to_tokens(number) or str(number)
        if n_rows is not None and number >= n_rows:
            said = f"{token} has id {number}; the embeddings have {n_rows:,} rows"
            fix = "resize the embeddings to the tokenizer and train them"
        elif old is not None and number not in old:
            said = f"{token} ({number}) is new in the adapter's tokenizer, and the adapter does not train it"
            fix = "train it: trainable_token_indices, or modules_to_save with embed_tokens and lm_head"
        else:
            continue
        offset = text.find(token)
        yield Flaw(
            said,
            probe=name,
            text=text,
            offset=offset if offset >= 0 else None,
            length=len(token) if offset >= 0 else 0,
            expected="a trained row of the embeddings",
            found=f"id {number}",
            found_ids=(number,),
            fix=fix,
        )


def other_vocabulary(specimen: Specimen) -> Iterator[Flaw]:
    """A token of the base has another id here, or an id of the base stands for another token."""
    base = specimen.base
    if base is None or base.tokenizer is None:
        raise NotEvaluated("the base has no tokenizer")
    ours, theirs = vocabulary(tokenizer_of(specimen)), vocabulary(base.tokenizer)
    moved = [token for token, number in theirs.items() if ours.get(token, number) != number]
    known = {number: token for token, number in theirs.items()}
    taken = [token for token, number in ours.items() if token not in theirs and _is_taken(known.get(number), ours)]
    different = sorted([*moved, *taken], key=lambda token: ours[token])
    if different:
        token = different[0]
        yield Flaw(
            f"{len(different):,} ids stand for other tokens than in {base.subject}, the first for {token}",
            expected=f"{token} = {theirs[token]}" if token in theirs else f"{ours[token]} = {known[ours[token]]}",
            found=f"{token} = {ours[token]}",
            expected_ids=tuple(theirs[one] for one in different[:_SHOWN_IDS] if one in theirs),
            found_ids=tuple(ours[one] for one in different[:_SHOWN_IDS]),
            origin="tokenizer.json",
        )


def _token_literals(dialect: Dialect) -> list[str]:
    """Return the literals that must be one token: those of turns, and of a plain layout only BOS and the end."""
    if dialect.plain_markers:
        ends = (literal for literal in (dialect.bos, *dialect.bos_others, *dialect.stop) if literal)
        return [literal for literal in ends if literal.startswith("<")]
    tools, thinking = dialect.tools, dialect.thinking
    parts = (tools.open, tools.call, tools.between, tools.close, tools.parameter, tools.result)
    others = {literal for part in (*parts, thinking.open, thinking.close) for literal in split_literals(part)}
    return [literal for literal in dialect.control if literal.strip() and literal not in others]


def _is_trained(number: int, adapter: Mapping[str, Any]) -> bool:
    """Whether an adapter trains the embedding of an id, together with all others or by itself."""
    targets = [*_list(adapter.get("modules_to_save")), *_list(adapter.get("target_modules"))]
    if any("embed" in str(name) or str(name).endswith("wte") for name in targets):
        return True
    indices = adapter.get("trainable_token_indices")
    rows = indices.values() if isinstance(indices, dict) else [indices]
    return any(number in _list(row) for row in rows)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _is_taken(theirs: str | None, ours: dict[str, int]) -> bool:
    """Whether the base had another token at that id, which was not spare."""
    return theirs is not None and theirs not in ours and not any(word in theirs.lower() for word in _SPARE)


CHECKS: tuple[Check, ...] = (
    Check(
        "CT101",
        "BOS is doubled when the prompt is tokenised",
        "error",
        "tokenise rendered text with add_special_tokens=False, or take BOS out of the template",
        double_bos,
        needs=("template", "tokenizer"),
    ),
    Check(
        "CT102",
        "BOS of the family is missing",
        "error",
        "begin the template with {{ bos_token }}, or let the tokenizer add BOS",
        missing_bos,
        needs=("template", "tokenizer", "dialect"),
    ),
    Check(
        "CT103",
        "a control literal is several tokens",
        "error",
        "add the literal as a special token before training, or take a template whose literals the vocabulary has",
        split_literal,
        needs=("template", "tokenizer", "dialect"),
    ),
    Check(
        "CT104",
        "a token of the prompt has no trained embedding",
        "error",
        "resize the embeddings to the tokenizer and train them",
        untrained_id,
        needs=("template", "tokenizer"),
    ),
    Check(
        "CT105",
        "generation does not stop at the end of an answer",
        "error",
        "add its id to eos_token_id in generation_config.json",
        unknown_end,
        needs=("template", "tokenizer"),
    ),
    Check(
        "CT106",
        "a declared end token never ends an answer",
        "warning",
        "list in generation_config.json the tokens that answers end with",
        unused_end,
        needs=("template", "tokenizer"),
    ),
    Check(
        "CT107",
        "pad and eos are one token",
        "info",
        "give padding a token of its own, or mask by the attention mask and not by the pad id",
        pad_is_eos,
        needs=("tokenizer",),
    ),
    Check(
        "CT108",
        "BOS opens every turn",
        "info",
        "nothing, if it was trained so; do not let the tokenizer add another one",
        bos_opens_turns,
        needs=("template", "tokenizer"),
        is_note=True,
    ),
    Check(
        "CT109",
        "ids stand for other tokens than in the base",
        "error",
        "save the tokenizer that the weights were trained with",
        other_vocabulary,
        needs=("tokenizer", "base"),
    ),
    Check(
        "CT110",
        "padding on the right is asked for",
        "info",
        'set padding_side="left" while generating in batches',
        pads_right,
        needs=(),
        is_note=True,
    ),
    Check(
        "CT111",
        "a cut prompt is no prompt any more",
        "info",
        "leave out whole messages, oldest first, instead of cutting tokens",
        cut_prompt,
        needs=("template", "tokenizer", "dialect"),
        is_note=True,
    ),
)
