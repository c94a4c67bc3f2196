"""CT001 to CT007: is there a template, which one counts, does it compile, and what does it expect from outside."""

from collections.abc import Iterator

from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.jinja import line_offset
from chateval.template.check.names import has_switches, undeclared_name
from chateval.template.check.sources import alone, shadowed_source, sources_render_differently
from chateval.template.probes import probe
from chateval.template.specimen import Specimen


def no_template(specimen: Specimen) -> Iterator[Flaw]:
    """There is no chat template where AutoTokenizer looks."""
    if any(source.is_read for source in specimen.sources):
        return
    if not specimen.sources:
        yield Flaw(f"{specimen.subject} has no chat template", expected="chat_template.jinja", found="nothing")
        return
    places = ", ".join(source.origin for source in specimen.sources)
    yield Flaw(
        f"the only chat template stands where AutoTokenizer does not look: {places}",
        origin=specimen.sources[0].origin,
        fix="copy it to chat_template.jinja",
    )


def does_not_compile(specimen: Specimen) -> Iterator[Flaw]:
    """The Jinja has a syntax error, in a template that counts or in one that only lies there."""
    for source in specimen.sources:
        error = alone(specimen, source).render(probe("question")).error
        if error is not None and error.kind == "limit" and source is specimen.source:
            raise NotEvaluated(error.message)
        if error is None or not (error.kind == "syntax" or error.message.startswith("RecursionError")):
            continue
        line = error.line or 1
        start = line_offset(source.text, line)
        yield Flaw(
            f"line {line}: {error.message}",
            severity=None if source.is_read else "warning",
            text=source.text,
            offset=start,
            length=line_offset(source.text, line + 1) - start,
            found=error.message,
            origin=source.origin,
        )


def no_default_name(specimen: Specimen) -> Iterator[Flaw]:
    """There are named templates and none of them is the default."""
    names = list(dict.fromkeys(source.name for source in specimen.sources if source.is_read))
    if not names:
        raise NotEvaluated("needs a chat template")
    if "default" not in names:
        yield Flaw(
            f"none of the named templates is called default: {', '.join(names)}",
            origin=specimen.sources[0].origin,
            expected="default",
            found=", ".join(names),
        )


CHECKS: tuple[Check, ...] = (
    Check(
        "CT001",
        "there is no chat template",
        "error",
        "save the template it was trained with as chat_template.jinja beside the tokenizer",
        no_template,
        needs=(),
    ),
    Check(
        "CT002",
        "several templates write different prompts",
        "error",
        "keep the one it was trained with and delete the others",
        sources_render_differently,
    ),
    Check(
        "CT003",
        "a template is shadowed",
        "warning",
        "delete it, or make it equal to the one that counts",
        shadowed_source,
    ),
    Check("CT004", "the template does not compile", "error", "mend the Jinja at that line", does_not_compile),
    Check(
        "CT005",
        "a name is used that nobody provides",
        "warning",
        "correct the name, or ask for it with `is defined` first",
        undeclared_name,
    ),
    Check(
        "CT006",
        "named templates without a default",
        "error",
        "name one of them default, or save it as chat_template.jinja",
        no_default_name,
        needs=(),
    ),
    Check(
        "CT007",
        "the template has switches",
        "info",
        "pass the same values in training and in every evaluation",
        has_switches,
        is_note=True,
    ),
)
