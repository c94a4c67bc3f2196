"""What the encoders of Mistral, Meta and OpenAI write, and what the tests of two other Jinja engines expect."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest
from corpus import rows
from registry import npm_tokenizer

from chateval.template import text_of
from chateval.template.sandbox import Chat, sandbox

pytestmark = pytest.mark.oracle

Row = Mapping[str, Any]

MISTRAL_DIFFER = {
    "mistral-common/sample/get_weather_full/v3",
    "mistral-common/sample/get_weather_no_history/v3",
    "mistral-common/sample/get_weather_no_system_prompt/v2",
}
"""Arguments and results are JSON in a string: the template copies the first, quotes the second; the encoder parses."""

CALL = '{"type": "function", "name"'

SAME: Mapping[str, Callable[[str], str]] = {
    "date lines": lambda text: re.sub(
        r"<\|start_header_id\|>system<\|end_header_id\|>\n\n<\|eot_id\|>",
        "",
        re.sub(r"Cutting Knowledge Date: \w+ \d+\nToday Date: [\w ]+\n\n", "", text),
    ),
    "trimmed": lambda text: re.sub(r"(<\|end_header_id\|>\n\n)\s+|\s+(?=<\|eot_id\|>)", r"\1", text),
    "call lost": lambda text: re.sub(re.escape(CALL) + "[^<]*", "", text).replace("ipython", "tool"),
    "call untyped": lambda text: text.replace(CALL, '{"name"'),
    "result quoted": lambda text: re.sub(
        r'"\{\\"(?:[^"\\]|\\.)*\}"', lambda found: json.dumps(json.loads(json.loads(found[0]))), text
    ),
    "blank line": lambda text: text.replace("\n\n<|end|>", "<|end|>"),
    "comma": lambda text: text.replace(",\n})", "\n})"),
    "constrain": lambda text: text.replace("commentary <|constrain|>json", "commentary json"),
    "return": lambda text: text.replace("<|return|>", "<|end|>"),
}
"""By reason: what must be done to both texts for them to be equal."""

LLAMA_CHATS = {
    "user": (),
    "sys-user": (),
    "multi": (),
    "sys-multi": (),
    "ws": ("trimmed",),
    "nl": ("trimmed",),
    "uni": ("trimmed",),
    "empty-sys": (),
    "inject": (),
    "two-users": (),
    "asst-first": (),
}
"""What the three Llama 3 templates of the hub do to each chat that Meta's encoder does not."""

LLAMA_DIFFER = {
    **{f"llama-models/llama3/{chat}@hf-llama3": why for chat, why in LLAMA_CHATS.items() if why},
    **{
        f"llama-models/llama3/{chat}@hf-llama3_{minor}": ("date lines", *why)
        for chat, why in LLAMA_CHATS.items()
        for minor in (1, 2)
    },
    "llama-models/llama3/tool@hf-llama3": ("call lost",),
    "llama-models/llama3/tool@hf-llama3_1": ("date lines", "call untyped", "result quoted"),
    "llama-models/llama3/tool@hf-llama3_2": ("date lines", "call untyped", "result quoted"),
}

HARMONY_DIFFER = {
    "openai-harmony/dev-user": ("blank line",),
    "openai-harmony/system-user": ("blank line",),
    "openai-harmony/multi-final": ("blank line",),
    "openai-harmony/tools": ("comma",),
    "openai-harmony/tools-no-instructions": ("comma",),
    "openai-harmony/tool-roundtrip(constrain)": ("comma", "constrain", "result quoted"),
    "openai-harmony/tool-roundtrip(json)": ("comma", "result quoted"),
    "openai-harmony/train-final": ("return",),
}

CONTROL_IDS_BY_FIXTURE = {
    "v11": {"[ARGS]": 32, "[CALL_ID]": 33},
    "v13": {"[ARGS]": 32, "[THINK]": 35, "[/THINK]": 36},
}
"""Control tokens beyond those of Tekken v3 and v7, as the fixtures of mistral-common number them."""


def test_ids_of_the_mistral_encoder_are_those_of_its_text_with_markers_as_control_ids():
    found = rows("render_mistral_common")

    differ = [row["id"] for row in found if _encode_mistral(row) != row["tokens"]]

    assert len(found) == 148
    assert differ == []


def test_mistral_templates_differ_from_the_encoder_only_in_json_that_came_as_a_string():
    differ = {row["id"]: row for row in rows("render_mistral_common") if _render(row) != row["expected"]}

    assert set(differ) == MISTRAL_DIFFER
    for row in differ.values():
        spaced = _with_arguments(row, lambda arguments: json.dumps(json.loads(arguments)))
        assert _mend(_render(spaced), ("result quoted",)) == row["expected"], row["id"]


def test_mistral_templates_before_v11_write_html_entities_around_arguments_that_are_an_object():
    with_calls = [row for row in rows("render_mistral_common") if "tool_calls" in json.dumps(row["messages"])]

    escaped = [row["family"] for row in with_calls if "&#34;" in _render(_with_arguments(row, json.loads))]

    assert Counter(escaped) == {
        "mistral-v2-spm": 2,
        "mistral-v3-spm": 6,
        "mistral-v3-tekken": 4,
        "mistral-v7-spm": 7,
        "mistral-v7-tekken": 3,
    }
    assert not any("&#34;" in row["expected"] or "&#34;" in _render(row) for row in with_calls)


@pytest.mark.parametrize(
    ("name", "differ", "n_equal"), [("render_llama_models", LLAMA_DIFFER, 8), ("render_harmony", HARMONY_DIFFER, 4)]
)
def test_hub_templates_differ_from_the_reference_encoder_only_for_the_reasons_named(name, differ, n_equal):
    texts = {row["id"]: (_render(row), row["expected"]) for row in rows(name) if row["template"]}

    assert {identity for identity, (found, expected) in texts.items() if found != expected} == set(differ)
    assert len(texts) == len(differ) + n_equal
    for identity, reasons in differ.items():
        found, expected = texts[identity]
        assert _mend(found, reasons) == _mend(expected, reasons), identity
        for reason in reasons:
            others = tuple(other for other in reasons if other != reason)
            assert _mend(found, others) != _mend(expected, others), f"{identity}: {reason} is no reason"


@pytest.mark.parametrize(("name", "n"), [("render_hfjs", 50), ("render_llamacpp", 27)])
def test_other_jinja_engines_expect_what_transformers_renders(name, n):
    found = rows(name)

    assert len(found) == n
    assert [row["id"] for row in found if _render(row) != row["expected"]] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "name", "n"), [("llama3_1", "render_llama_models", 36), ("gptoss", "render_harmony", 12)]
)
def test_reference_ids_are_those_of_the_hub_tokenizer_unless_a_user_spells_control_tokens(model, name, n):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(npm_tokenizer(model) / "tokenizer.json"))
    found = [row for row in rows(name) if row["template"]]

    differ = [
        row["id"]
        for row in found
        if tokenizer.encode(row["expected"], add_special_tokens=False).ids != list(row["tokens"])
    ]

    assert len(found) == n
    assert differ == [row["id"] for row in found if "/inject" in row["id"]] != []


def _render(row: Row) -> str:
    kwargs = dict(row.get("kwargs") or {})
    chat = Chat(
        row["messages"],
        tools=row["tools"],
        documents=kwargs.pop("documents", None),
        add_generation_prompt=row["add_generation_prompt"],
        kwargs=kwargs,
        now=row.get("now") or "2024-07-26",
    )
    special = {key: row[key] for key in ("bos_token", "eos_token") if row[key] is not None}
    [found] = sandbox().render(row["template"], special, [chat])
    return text_of(found)


def _mend(text: str, reasons: tuple[str, ...]) -> str:
    for reason in reasons:
        text = SAME[reason](text)
    return text


def _with_arguments(row: Row, change: Callable[[str], Any]) -> Row:
    messages = json.loads(json.dumps(row["messages"]))
    for message in messages:
        for call in message.get("tool_calls") or ():
            call["function"]["arguments"] = change(call["function"]["arguments"])
    return {**row, "messages": messages}


def _encode_mistral(row: Row) -> list[int]:
    """Write the expected text as ids: markers by their control id, what is between them piece by piece."""
    _, version, kind = row["family"].split("-")
    if kind == "spm":
        # The fixtures encode version 1 with the vocabulary of version 2, where its markers are plain text all the same.
        encode, control_ids = _sentencepiece("v2" if version == "v1" and "/sample/" not in row["id"] else version)
    else:
        encode, control_ids = _tekken()
        control_ids = {**control_ids, **CONTROL_IDS_BY_FIXTURE.get(version, {})}
    if version == "v1":
        control_ids = {marker: control_ids[marker] for marker in ("<s>", "</s>")}
    ids: list[int] = []
    for piece in re.split(f"({'|'.join(map(re.escape, control_ids))})", row["expected"]):
        ids += [control_ids[piece]] if piece in control_ids else encode(piece) if piece else []
    return ids


@cache
def _sentencepiece(version: str) -> tuple[Callable[[str], list[int]], dict[str, int]]:
    """The space after a marker is the one that SentencePiece puts before every text."""
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    tokenizer = getattr(MistralTokenizer, version)().instruct_tokenizer.tokenizer
    control_ids = {tokenizer.id_to_piece(number): number for number in tokenizer.special_ids}
    return lambda piece: tokenizer.encode(piece.removeprefix(" "), bos=False, eos=False), control_ids


@cache
def _tekken() -> tuple[Callable[[str], list[int]], dict[str, int]]:
    """The fixtures keep 100 ids for control tokens where the published vocabulary keeps 1,000."""
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    tokenizer = MistralTokenizer.v3(is_tekken=True).instruct_tokenizer.tokenizer
    control_ids = {token["token_str"]: token["rank"] for token in Tekkenizer.DEPRECATED_SPECIAL_TOKENS}
    shift = tokenizer.num_special_tokens - 100
    return lambda piece: [number - shift for number in tokenizer.encode(piece, bos=False, eos=False)], control_ids
