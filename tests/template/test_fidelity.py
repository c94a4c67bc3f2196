from types import SimpleNamespace

import pytest

from chateval.errors import TemplateError
from chateval.template.evidence import Evidence, Row
from chateval.template.fidelity import measure_fidelity, nearest
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
    assert found.strata["whitespace"].n_right < found.strata["whitespace"].n


def test_a_space_before_every_content_leaves_no_match():
    found = measure_fidelity(specimen(CHATML.replace("\n{{ m.content", "\n {{ m.content")))

    assert (found.total.n_right, found.total.low) == (0, 0.0)


@pytest.mark.parametrize(("text", "n_right"), [("You are a helpful assistant.", "all"), ("Be kind.", "some")])
def test_a_default_system_text_counts_as_a_match_only_if_the_family_knows_it(text, n_right):
    default = "{% if messages[0].role != 'system' %}<|im_start|>system\n" + text + "<|im_end|>\n{% endif %}"

    total = measure_fidelity(specimen(default + CHATML, settings=Settings(family="qwen2"))).total

    assert (total.n_right == total.n) == (n_right == "all")


def test_a_bos_in_the_text_is_neither_right_nor_wrong():
    zephyr = (
        "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}</s>\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    )

    assert measure_fidelity(specimen("<s>" + zephyr)).total == measure_fidelity(specimen(zephyr)).total


def test_the_base_s_template_is_stronger_than_the_grammar_and_covers_tools():
    found = measure_fidelity(specimen(base=specimen(CHATML + "{# base #}")))

    assert found.reference.startswith("vendor template sha256:")
    assert len(found.reference.rpartition(":")[2]) == 12
    assert found.not_evaluated == ()
    assert found.total.n_right == found.total.n


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
