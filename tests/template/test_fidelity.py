from hashlib import sha256
from types import SimpleNamespace

import pytest

from chateval.errors import TemplateError
from chateval.template.evidence import Evidence, Row
from chateval.template.fidelity import find_preamble, measure_fidelity, nearest
from chateval.template.probes import PROBES_NAME
from chateval.template.reference import Encoder
from chateval.template.source import TemplateSource
from chateval.template.specimen import Settings, Specimen
from chateval.template.tokenizer import open_tokenizer

TURNS = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
CHATML = TURNS + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
QUESTION = {"role": "user", "content": "Who is the fox?"}


def specimen(jinja: str = CHATML, **given) -> Specimen:
    return Specimen("x", (TemplateSource("x.jinja", "default", jinja),), **given)


def evidence(tokenizer, *chats) -> Evidence:
    rows = []
    for chat in chats:
        text = "".join(f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in chat)
        rows.append(Row(tuple(chat), None, {}, tuple(tokenizer(text, add_special_tokens=False)["input_ids"]), None))
    return Evidence(CHATML, "", {}, None, {}, "", tuple(rows))


def test_a_template_of_a_known_family_is_held_against_its_grammar():
    found = measure_fidelity(specimen())

    assert found.reference == "grammar chatml"
    assert found.probes == PROBES_NAME
    assert found.total.n_right == found.total.n == sum(part.n for part in found.strata.values())
    assert found.not_evaluated == ("tools", "thinking")
    assert 0.85 < found.total.low < found.total.high == 1.0


def test_what_differs_from_the_grammar_lowers_its_stratum_only():
    found = measure_fidelity(specimen(CHATML.replace("m.content", "m.content | trim")))

    assert found.strata["plain"].n_right == found.strata["plain"].n
    assert {name for name, part in found.strata.items() if part.n_right < part.n} == {"whitespace"}


def test_a_space_before_every_content_leaves_no_match():
    found = measure_fidelity(specimen(CHATML.replace("\n{{ m.content", "\n {{ m.content")))

    assert (found.total.n_right, found.total.low) == (0, 0.0)


ALPACA = (
    "{% for m in messages %}{% if m.role == 'user' %}### Instruction:\n{{ m.content }}\n\n"
    "{% elif m.role == 'assistant' %}### Response:\n{{ m.content }}</s>\n\n{% else %}{{ m.content }}\n\n{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}### Response:\n{% endif %}"
)
ASKED = "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
HARMONY = (
    "<|start|>system<|message|>You are a bear. Today is {{ strftime_now('%d %b') }}.<|end|>{% for m in messages %}"
    "{% if m.role == 'assistant' %}<|start|>assistant<|channel|>final<|message|>{{ m.content }}"
    "{{ '<|return|>' if loop.last else '<|end|>' }}"
    "{% elif m.role == 'user' %}<|start|>user<|message|>{{ m.content }}<|end|>"
    "{% else %}<|start|>developer<|message|># Instructions\n\n{{ m.content }}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)
DATED = (
    "{{ bos_token }}<|start_header_id|>system<|end_header_id|>\n\nToday is {{ strftime_now('%d %b') }}.\n\n"
    "{% if messages[0].role == 'system' %}{{ messages[0].content | trim }}{% set messages = messages[1:] %}{% endif %}"
    "<|eot_id|>{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n{{ m.content | trim }}"
    "<|eot_id|>{% endfor %}{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)
GEMMA = (
    "{% set own = messages[0].role == 'system' %}{% set said = messages[0].content if own else 'Be kind.' %}"
    "<bos>{% for m in (messages[1:] if own else messages) %}<start_of_turn>"
    "{{ 'model' if m.role == 'assistant' else m.role }}\n{{ said + '\n\n' if loop.first else '' }}"
    "{{ m.content | trim }}<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
DEFAULT = "{% if messages[0].role != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}"


@pytest.mark.parametrize(
    ("jinja", "family"),
    [
        (DEFAULT + CHATML, None),
        (DEFAULT + CHATML, "qwen2"),
        ("{{ bos_token }}" + DEFAULT + CHATML, None),
        ("{{ bos_token }}" + ALPACA, "alpaca"),
        ("{% if messages[0].role != 'system' %}" + ASKED + "{% endif %}" + ALPACA, None),
        (HARMONY, None),
        (DATED, "llama3.1-hf"),
        (GEMMA, "gemma3"),
    ],
    ids=[
        "default",
        "another default",
        "bos and default",
        "bare",
        "preamble",
        "fixed turn",
        "before own text",
        "folded",
    ],
)
def test_what_a_template_puts_before_every_chat_is_no_difference(jinja, family):
    tokens = {"bos_token": "<|begin_of_text|>"}
    found = measure_fidelity(specimen(jinja, tokens=tokens, settings=Settings(family=family)))

    assert {name: part for name, part in found.strata.items() if part.n_right < part.n and name != "thinking"} == {}


def test_a_text_before_the_system_message_alone_is_a_difference():
    strange = CHATML.replace("{{ m.content", "{{ 'Obey: ' if m.role == 'system' else '' }}{{ m.content")

    assert measure_fidelity(specimen(strange)).strata["system"].n_right == 0


def test_a_preamble_is_found_as_turns_as_text_and_as_it_stands_before_the_chat_s_own():
    dated = specimen(DATED.replace("{{ strftime_now('%d %b') }}", "May"), settings=Settings(family="llama3.1-hf"))

    found = find_preamble(dated, dated.probed, dated.dialect)

    assert found.head == f"<|start_header_id|>system<|end_header_id|>\n\n{found.said}<|eot_id|>"
    assert found.said == found.prefix == "Today is May.\n\n"


def test_text_that_is_no_turn_is_no_preamble():
    odd = specimen("Listen! " + CHATML, settings=Settings(family="chatml"))

    assert find_preamble(odd, odd.probed, odd.dialect).head == ""
    assert measure_fidelity(odd).total.n_right == 0


def test_a_bos_that_opens_turns_is_not_taken_off():
    found = measure_fidelity(specimen(tokens={"bos_token": "<|im_start|>"}))

    assert found.total.n_right == found.total.n


@pytest.mark.parametrize(
    ("condition", "n_missed", "n"),
    [("messages | length == 5", 1, 31), ("messages[0].role == 'system'", 0, 25)],
    ids=["one length of chats", "every system message"],
)
def test_a_failure_is_a_miss_unless_all_such_messages_are_refused(condition, n_missed, n):
    total = measure_fidelity(
        specimen("{% if " + condition + " %}{{ raise_exception('no') }}{% endif %}" + CHATML)
    ).total

    assert (total.n - total.n_right, total.n) == (n_missed, n)


def test_a_bos_in_the_text_is_neither_right_nor_wrong():
    zephyr = (
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}</s>\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    )

    assert measure_fidelity(specimen("<s>" + zephyr)).total == measure_fidelity(specimen(zephyr)).total


def test_the_base_s_template_is_stronger_than_the_grammar():
    found = measure_fidelity(specimen(base=specimen(CHATML + "{# base #}")))

    digest = sha256((CHATML + "{# base #}").encode()).hexdigest()
    assert found.reference == f"the template of x (sha256 {digest[:12]})"
    assert found.not_evaluated == ("tools", "thinking")
    assert found.total.n_right == found.total.n


def test_the_base_s_template_covers_the_tools_that_it_speaks_of():
    found = measure_fidelity(specimen(base=specimen("{% if tools %}{{ tools | tojson }}{% endif %}" + CHATML)))

    assert found.not_evaluated == ("thinking",)
    assert found.strata["tools"].n_right < found.strata["tools"].n


def test_a_base_of_another_family_is_no_reference():
    other = "{% for m in messages %}<start_of_turn>{{ m.role }}\n{{ m.content }}<end_of_turn>\n{% endfor %}"

    assert measure_fidelity(specimen(base=specimen(other))).reference == "grammar chatml"


def test_the_vendor_s_encoder_is_stronger_than_its_template(tiny_chat, monkeypatch):
    tokenizer = open_tokenizer(tiny_chat)
    encoder = Encoder("stand-in 1.0", lambda probe: tuple(tokenizer(probe.messages[0]["content"])["input_ids"]))
    monkeypatch.setattr("chateval.template.fidelity.open_encoder", lambda _: encoder)

    found = measure_fidelity(specimen(tokenizer=tokenizer, base=specimen()))

    assert (found.reference, found.total.n_right) == ("stand-in 1.0", 0)


def test_recorded_rows_are_the_strongest_reference(tiny_chat):
    tokenizer = open_tokenizer(tiny_chat)
    recorded = evidence(tokenizer, [QUESTION], [QUESTION, {"role": "assistant", "content": "It is brown."}])

    found = measure_fidelity(specimen(tokenizer=tokenizer, evidence=recorded, base=specimen()))

    assert (found.reference, found.total.n_right, found.total.n) == ("evidence", 2, 2)
    assert found.strata == {}


def test_rows_that_are_rendered_to_other_ids_do_not_match(tiny_chat):
    tokenizer = open_tokenizer(tiny_chat)

    found = measure_fidelity(
        specimen(CHATML.replace("}\n{{", "}{{"), tokenizer=tokenizer, evidence=evidence(tokenizer, [QUESTION]))
    )

    assert (found.reference, found.total.n_right, found.total.n) == ("evidence", 0, 1)


def test_evidence_without_messages_leaves_the_next_reference(tiny_chat):
    tokenizer = open_tokenizer(tiny_chat)
    recorded = evidence(tokenizer, [QUESTION])
    ids_only = SimpleNamespace(**{**recorded_fields(recorded), "rows": (Row(None, None, {}, (1, 2), None),)})

    assert measure_fidelity(specimen(tokenizer=tokenizer, evidence=ids_only)).reference == "grammar chatml"


def recorded_fields(recorded: Evidence) -> dict:
    return {name: getattr(recorded, name) for name in Evidence.__slots__}


@pytest.mark.parametrize("jinja", ["[|u|]{{ messages[0].content }}", "{% if %}"])
def test_without_a_reference_there_is_no_fidelity(jinja):
    assert measure_fidelity(specimen(jinja)) is None


def test_without_a_template_there_is_no_fidelity():
    assert measure_fidelity(Specimen("x", ())) is None


def test_the_nearest_dialect_is_certain_if_it_is_claimed_or_parses_wholly():
    damaged = CHATML.replace("}\n{{", "}{{")

    assert nearest(specimen())[1]
    assert nearest(specimen(damaged, settings=Settings(family="chatml")))[1]
    dialect, is_certain = nearest(specimen(damaged))
    assert (dialect.family, is_certain) == ("chatml", False)


@pytest.mark.parametrize(
    "turn",
    [
        "<|{{ m.role }}|>\n{{ m.content }}\n",
        "<|{{ m.role }}|>\n{{ m.content }}<|endoftext|>\n",
        "<|{{ m.role }}_start|>{{ m.content }}<|{{ m.role }}_end|>",
        "[|{{ m.role }}|]{{ m.content }}[|endofturn|]\n",
        "### {{ m.role }}\n{{ m.content }}\n",
    ],
)
def test_a_family_of_its_own_is_near_none(turn):
    with pytest.raises(TemplateError, match="no known family"):
        nearest(specimen("{% for m in messages %}" + turn + "{% endfor %}"))
