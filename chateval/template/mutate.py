"""One-edit mutants of a chat template: the same prompts with a single, known fault."""

import json
from dataclasses import dataclass

from chateval.template.sandbox import Chat, sandbox
from chateval.template.specimen import Specimen

_USER, _ANSWER, _AGAIN = "chateval-user", "chateval-answer", "chateval-again"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A template that differs from another by one edit."""

    name: str
    what: str
    """The edit, in words."""
    template: str
    """Jinja."""


def make_mutants(specimen: Specimen) -> list[Mutant]:
    """Return the mutants that a template has room for, each of which renders otherwise than the template.

    The edits are made on what the template writes, by Jinja around it, so that any template can be mutated.
    """
    template = specimen.template()
    seen = _layout(specimen)
    if seen is None:
        return []
    made = [
        Mutant("no_generation_prompt", "the answer's header is not written", _before(template, _NO_PROMPT)),
        Mutant("doubled_bos", "the BOS stands twice", _before(template, "{{ bos_token }}")),
    ]
    if seen.default:
        made.append(Mutant("no_default_system", "the injected system text is gone", _edit(template, seen.default, "")))
    if seen.closer.strip():
        made.append(
            Mutant("turns_not_closed", f"{seen.closer.strip()} is gone", _edit(template, seen.closer.strip(), ""))
        )
    for place, header in (("user", seen.header), ("answer", seen.generation_prompt)):
        joined = header.rstrip("\n")
        if joined and joined != header:
            made.append(
                Mutant(f"{place}_header_joined", f"no newline after {joined!r}", _edit(template, header, joined))
            )
        if joined:
            made.append(
                Mutant(f"{place}_header_space", f"a space after {header!r}", _edit(template, header, header + " "))
            )
    chat = Chat([{"role": "user", "content": _USER}])
    own = specimen.render(chat).text
    kept = []
    for mutant in made:
        [found] = sandbox().render(mutant.template, specimen.tokens, [chat])
        if found.text is not None and found.text != own:
            kept.append(mutant)
    return kept


@dataclass(frozen=True, slots=True)
class _Layout:
    default: str
    header: str
    """From the end of the answer's turn to the next user content."""
    closer: str
    generation_prompt: str


def _layout(specimen: Specimen) -> _Layout | None:
    """Find the parts of a rendered chat by the contents between them."""
    user, answer = {"role": "user", "content": _USER}, {"role": "assistant", "content": _ANSWER}
    again = {"role": "user", "content": _AGAIN}
    opened, closed, both, empty = (
        found.text
        for found in specimen.render_all(
            [
                Chat([user]),
                Chat([user, answer], add_generation_prompt=False),
                Chat([user, answer, again], add_generation_prompt=False),
                Chat([user], add_generation_prompt=False),
            ]
        )
    )
    if opened is None or closed is None or both is None or empty is None:
        return None
    closer = closed.rpartition(_ANSWER)[2]
    between = both.rpartition(_ANSWER)[2].partition(_AGAIN)[0]
    header = between.removeprefix(closer) if between.startswith(closer) else between
    prompt = opened.removeprefix(empty) if opened.startswith(empty) else ""
    before = opened.partition(_USER)[0].removesuffix(header)
    return _Layout(before.removeprefix(specimen.tokens.get("bos_token", "")), header, closer, prompt)


_NO_PROMPT = "{% set add_generation_prompt = false %}"


def _before(template: str, jinja: str) -> str:
    return jinja + template


def _edit(template: str, old: str, new: str) -> str:
    """Return Jinja that replaces a string in all that the template writes."""
    # The newline after the first tag is dropped by trim_blocks, and so would be the one at the end of the template.
    old, new = (json.dumps(text, ensure_ascii=False) for text in (old, new))
    body = template.removesuffix("\n")
    return f"{{% set chateval_text %}}\n{body}{{% endset %}}{{{{ chateval_text | replace({old}, {new}) }}}}"
