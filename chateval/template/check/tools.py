"""CT5xx: what becomes of tools, calls, results and content lists."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jinja2 import nodes

from chateval.records import Message
from chateval.template.answer import find_format, read_answer
from chateval.template.check.check import Check, Flaw, NotEvaluated
from chateval.template.check.jinja import parse_template, tested, undeclared, walk
from chateval.template.check.sentinels import need
from chateval.template.sandbox import Chat, Rendered
from chateval.template.specimen import Specimen

_QUESTION = "What is it like there?"
_NAMES = ("get_velqua", "get_dorbin")
_KEY = "tramsil"
_VALUES = ("Quorvale", "Belmsted")
_RESULTS = ("Nimbrel 7041", "Nimbrel 8052")
_DESCRIPTION = "Ask for the ferlode of a place."
_SCHEMA = {_NAMES[0]: "its name", _KEY: "its parameter", _DESCRIPTION: "its description"}
_ABROAD = "Köln 你好"
_REMARK = "Let me pelgrave that first."
_IDS = ("callabcd1", "callabcd2")
"""Nine letters and digits, as Mistral's templates ask for."""


def schema_is_lost(specimen: Specimen) -> Iterator[Flaw]:
    """CT501: offered tools do not reach the prompt."""
    tree = parse_template(specimen.template(has_tools=True))
    # Where it sets `tools` itself, it is passed only if the template reckons with its absence.
    if "tools" not in undeclared(tree).keys() | tested(tree):
        raise NotEvaluated("the template has no tools: it does not read the variable `tools`")
    text = need(specimen.render(_offer(_DESCRIPTION)), "a chat with tools")
    escaped = f'\\"{_KEY}\\"'
    missing = [(word, what) for word, what in _SCHEMA.items() if word not in text]
    if missing:
        word, what = missing[0]
        message = f"an offered tool is written without {what}"
        yield Flaw(message, severity="warning" if word == _DESCRIPTION else None, text=text, expected=word)
    elif _NAMES[1] not in text:
        yield Flaw("of two offered tools only the first is written", text=text, expected=_NAMES[1])
    elif escaped in text:
        yield Flaw(
            "an offered tool is written as a string: its JSON is encoded a second time",
            severity="warning",
            text=text,
            offset=text.find(escaped),
            length=len(escaped),
            expected=f'"{_KEY}"',
            found=escaped,
            fix="pass each tool through tojson once",
        )


def call_is_lost(specimen: Specimen) -> Iterator[Flaw]:
    """CT502: a call, what is said beside it, or its result does not reach the prompt."""
    _claims(specimen, "tool_calls")
    text = need(_either(specimen, 1), "a call and its result")
    if _VALUES[0] not in text:
        yield Flaw("a call is dropped: its arguments stand nowhere", text=text, expected=_VALUES[0])
    elif fault := _unreadable(specimen, text):
        yield Flaw(f"a call is written that cannot be read back: {fault}", text=text, expected=_NAMES[0])
    if _RESULTS[0] not in text:
        yield Flaw("the result of a call is dropped", text=text, expected=_RESULTS[0])
    beside = _either(specimen, 1, remark=_REMARK).text
    if beside is not None and _REMARK not in beside and _has_room(specimen):
        yield Flaw("text that an answer says beside a call is dropped", "warning", text=beside, expected=_REMARK)


def arguments_need_one_form(specimen: Specimen) -> Iterator[Flaw]:
    """CT503: arguments are taken as an object only, or as JSON text only."""
    _claims(specimen, "tool_calls")
    as_object = specimen.render(_called(1))
    as_text = specimen.render(_called(1, as_text=True))
    if as_object.text is None and as_text.text is None:
        need(as_object, "a call")
    elif as_text.text is None:
        yield Flaw(f"it fails on arguments that are JSON text: {_said(as_text)}")
    elif as_object.text is None:
        yield Flaw(
            f"it fails on arguments that are an object: {_said(as_object)}",
            fix="give the arguments as JSON text, or pass them through tojson in the template if they are no string",
        )
    elif "&#34;" in as_object.text or "&quot;" in as_object.text:
        mark = "&#34;" if "&#34;" in as_object.text else "&quot;"
        yield Flaw(
            "quotes of a call are written as HTML entities where its arguments are an object",
            text=as_object.text,
            offset=as_object.text.find(mark),
            length=len(mark),
            expected='"',
            found=mark,
            fix="do not put text and the outcome of the filter safe together with +",
        )
    elif f'\\"{_KEY}' in as_text.text:
        yield Flaw(
            "arguments that are JSON text are encoded a second time",
            text=as_text.text,
            offset=as_text.text.find(f'\\"{_KEY}'),
            length=len(_KEY) + 4,
            found=f'\\"{_KEY}\\"',
            expected=f'"{_KEY}"',
        )
    elif _VALUES[0] in as_object.text and _VALUES[0] not in as_text.text:
        yield Flaw("arguments that are JSON text are dropped", text=as_text.text, expected=_VALUES[0])


def second_call_is_lost(specimen: Specimen) -> Iterator[Flaw]:
    """CT504: of two calls in one answer one is refused or dropped."""
    _claims(specimen, "tool_calls")
    one = _either(specimen, 1)
    if _NAMES[0] not in need(one, "a call"):
        raise NotEvaluated("not even one call is written")
    two = _either(specimen, 2)
    if two.text is None:
        yield Flaw(f"it fails on two calls in one answer: {_said(two)}")
        return
    for place, word in enumerate((*_VALUES, *_RESULTS)):
        if word not in two.text and (place % 2 or word in (one.text or "")):
            what = "call" if word in _VALUES else "result"
            yield Flaw(f"of two calls in one answer one {what} is dropped", text=two.text, expected=word)
            return


def content_list_is_odd(specimen: Specimen) -> Iterator[Flaw]:
    """CT505: content given as a list of parts is refused, dropped, or printed as data."""
    chat = Chat([{"role": "user", "content": [{"type": "text", "text": _VALUES[0]}]}])
    need(specimen.render(Chat([{"role": "user", "content": _VALUES[0]}])), "a question")
    found = specimen.render(chat)
    if found.text is None:
        yield Flaw(f"it fails on content that is a list of parts: {_said(found)}")
    elif _VALUES[0] not in found.text:
        yield Flaw("content that is a list of parts is dropped", text=found.text, expected=_VALUES[0])
    else:
        for spelled in ("{'type'", '{"type"'):
            if spelled in found.text:
                offset = found.text.find(spelled)
                yield Flaw(
                    "content that is a list of parts is printed as data",
                    text=found.text,
                    offset=offset,
                    length=found.text.find(_VALUES[0]) + len(_VALUES[0]) - offset,
                    expected=_VALUES[0],
                )


def letters_are_escaped(specimen: Specimen) -> Iterator[Flaw]:
    """CT506: letters beyond ASCII in tools or arguments are written as escapes."""
    _claims(specimen, "tools", "tool_calls")
    chats = [_offer(_ABROAD), *(_called(1, as_text=form, value=_ABROAD) for form in (False, True))]
    texts = [found.text for found in specimen.render_all(chats) if found.text is not None]
    escaped = json.dumps(_ABROAD)[1:-1]
    for text in texts:
        if escaped in text:
            yield Flaw(
                "letters beyond ASCII are written as escapes, which cost several tokens each",
                text=text,
                offset=text.find(escaped),
                length=len(escaped),
                expected=_ABROAD,
                found=escaped,
            )
            return
    if not any(_ABROAD in text for text in texts):
        raise NotEvaluated("the template writes neither descriptions nor arguments of tools")


def has_no_reader(specimen: Specimen) -> Iterator[Flaw]:
    """CT507: it is not known how the answers' calls are to be read."""
    _claims(specimen, "tools", "tool_calls")
    form = find_format(specimen.template(has_tools=True))
    config = specimen.configs.get("tokenizer_config.json") or {}
    if not (form.calls or form.has_channels or config.get("response_template") or config.get("response_schema")):
        yield Flaw("no known format of tool calls is recognised in the template, so that answers cannot be taken apart")


def _claims(specimen: Specimen, *names: str) -> None:
    """Raise NotEvaluated unless the template's code reads one of these names or keys."""
    for node in walk(parse_template(specimen.template(has_tools=True))):
        match node:
            case nodes.Name(name=str(found)) | nodes.Getattr(attr=str(found)) | nodes.Const(value=str(found)):
                if found in names:
                    return
    raise NotEvaluated("the template has no tools" if "tools" in names else "the template has no tool calls")


def _unreadable(specimen: Specimen, text: str) -> str:
    """Return what keeps the rendered call from being read in the format that the template writes; empty if nothing."""
    form = find_format(specimen.template(has_tools=True))
    found = read_answer(text.rpartition(_QUESTION)[2], form, tools=_tools())
    if not form.calls or any(call.name == _NAMES[0] for call in found.tool_calls):
        return ""
    fault = next((fault for fault in found.faults if fault.startswith("tool call")), "")
    return fault.partition(" at character")[0]


def _has_room(specimen: Specimen) -> bool:
    """Return whether text beside a call could be told from it; a call that is bare JSON is a whole turn."""
    layout = specimen.dialect.tools if specimen.dialect else None
    return layout is None or bool(layout.open) or not layout.call.startswith("{")


def _either(specimen: Specimen, n_calls: int, *, remark: str = "") -> Rendered:
    """Render calls with arguments as objects, or as text where the template takes no objects."""
    chats = [_called(n_calls, as_text=form, remark=remark) for form in (False, True)]
    as_object, as_text = specimen.render_all(chats)
    return as_object if as_object.text is not None or as_text.text is None else as_text


def _said(found: Rendered) -> str:
    return found.error.message if found.error else "no reason given"


def _offer(description: str) -> Chat:
    return Chat([{"role": "user", "content": _QUESTION}], tools=_tools(description))


def _tools(description: str = _DESCRIPTION) -> Sequence[Mapping[str, Any]]:
    schema = {
        "type": "object",
        "properties": {_KEY: {"type": "string", "description": "The place"}},
        "required": [_KEY],
    }
    return [
        {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}
        for name in _NAMES
    ]


def _called(n_calls: int, *, as_text: bool = False, value: str = "", remark: str = "") -> Chat:
    """Return a chat of a question, an answer that calls, the results, and an answer in words."""
    values = [{_KEY: value or word} for word in _VALUES[:n_calls]]
    given = [json.dumps(one, ensure_ascii=False) if as_text else one for one in values]
    called = [
        {"type": "function", "id": number, "function": {"name": name, "arguments": arguments}}
        for number, name, arguments in zip(_IDS, _NAMES, given, strict=False)
    ]
    messages: list[Message] = [
        {"role": "user", "content": _QUESTION},
        {"role": "assistant", "content": remark, "tool_calls": called},
        *(
            {"role": "tool", "name": name, "tool_call_id": number, "content": content}
            for number, name, content, _ in zip(_IDS, _NAMES, _RESULTS, called, strict=False)
        ),
        {"role": "assistant", "content": "It is fine."},
    ]
    return Chat(messages, tools=_tools(), add_generation_prompt=False)


CHECKS: tuple[Check, ...] = (
    Check("CT501", "Offered tools are not written into the prompt", "error", "write tools with tojson", schema_is_lost),
    Check(
        "CT502",
        "Tool calls or their results are dropped",
        "error",
        "write message.tool_calls and messages of the role tool, as the base's template does",
        call_is_lost,
    ),
    Check(
        "CT503",
        "Tool arguments are taken in one form only",
        "warning",
        "give arguments as an object, or write them as they are if they are a string",
        arguments_need_one_form,
    ),
    Check(
        "CT504",
        "Two calls in one answer are refused or dropped",
        "warning",
        "loop over message.tool_calls; else switch parallel calls off",
        second_call_is_lost,
    ),
    Check(
        "CT505",
        "Content lists are refused, dropped or printed as data",
        "info",
        "give contents as strings, or write the text of each part",
        content_list_is_odd,
        is_note=True,
    ),
    Check(
        "CT506",
        "Letters beyond ASCII are escaped in tools or arguments",
        "warning",
        "use tojson(ensure_ascii=False)",
        letters_are_escaped,
    ),
    Check(
        "CT507",
        "It is not known how to read the answers' tool calls",
        "info",
        "add a response_template to tokenizer_config.json",
        has_no_reader,
        is_note=True,
    ),
)
