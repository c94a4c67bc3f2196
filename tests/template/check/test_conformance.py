from contextlib import suppress

import pytest
from corpus import rows

from chateval.errors import TemplateError
from chateval.template import reference
from chateval.template.check import NotEvaluated
from chateval.template.check.conformance import CHECKS
from chateval.template.grammar import write
from chateval.template.reference import Encoder
from chateval.template.source import TemplateSource
from chateval.template.specimen import Settings, Specimen
from chateval.template.tokenizer import open_tokenizer

BY_CODE = {check.code: check for check in CHECKS}
TURN = "<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
PROMPT = "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
CHATML = "{% for m in messages %}" + TURN + "{% endfor %}" + PROMPT
TRIMMED = CHATML.replace("m.content", "m.content | trim")
ZEPHYR = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
GEMMA = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "<bos>{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else m.role }}\n"
    "{{ m.content | trim }}<end_of_turn>\n{% endfor %}{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
HELD = Settings(is_held_to_base=True)
OWN = "{% for m in messages %}[|{{ m.role }}|] {{ m.content }} [|over|]{% endfor %}"


def specimen(jinja: str, **given) -> Specimen:
    return Specimen("x", (TemplateSource("x.jinja", "default", jinja),), **given)


def flaws(code: str, jinja: str, **given):
    return list(BY_CODE[code].run(specimen(jinja, **given)))


@pytest.mark.parametrize("code", ["CT301", "CT302", "CT305"])
@pytest.mark.parametrize("jinja", [CHATML, TRIMMED, ZEPHYR], ids=["chatml", "trimmed", "zephyr"])
def test_templates_of_known_families_are_clean(code, jinja):
    assert flaws(code, jinja) == []


def test_an_unknown_family_is_noted_and_held_against_nothing():
    assert len(flaws("CT301", OWN)) == 1
    assert BY_CODE["CT301"].is_note
    for code in ("CT302", "CT305"):
        with pytest.raises((NotEvaluated, TemplateError), match="family"):
            flaws(code, OWN)


def test_a_claimed_family_is_not_noted_as_unknown():
    assert flaws("CT301", OWN, settings=Settings(family="chatml")) == []


@pytest.mark.parametrize(
    ("jinja", "said"),
    [
        (CHATML.replace("}\n{{", "}{{"), "GR010"),
        (CHATML.replace("\n{{ m.content", "\n {{ m.content"), "whitespace before the content of user turns"),
        (CHATML.replace("}<|im_end|>", "}\n<|im_end|>"), "whitespace after the content of user turns"),
        (CHATML.replace("m.role }}", "'human' if m.role == 'user' else m.role }}"), "human is no role"),
        (CHATML.replace("assistant\n{% endif", "assistant\n\n{% endif"), "generation prompt"),
        (CHATML.replace("<|im_end|>", "{% if m.role != 'user' %}<|im_end|>{% endif %}"), "GR020"),
    ],
)
def test_a_damaged_layout_is_found_without_being_told_the_family(jinja, said):
    assert said in "; ".join(flaw.message for flaw in flaws("CT302", jinja))


def test_the_place_of_a_fault_and_both_spellings_are_shown():
    flaw = flaws("CT302", CHATML.replace("\n{{ m.content", "\n {{ m.content"))[0]

    assert flaw.text[flaw.offset : flaw.offset + flaw.length] == flaw.found
    assert flaw.found == f" {flaw.expected}"


@pytest.mark.parametrize(("settings", "severity"), [(Settings(family="chatml"), None), (Settings(), "warning")])
def test_what_is_only_near_a_family_is_a_warning_unless_the_family_is_claimed(settings, severity):
    found = flaws("CT302", CHATML.replace("}\n{{", "}{{"), settings=settings)

    assert {flaw.severity for flaw in found} == {severity}


def test_a_default_system_text_and_a_dropped_one_are_the_business_of_other_checks():
    default = "{% if messages[0].role != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}"
    dropped = CHATML.replace("in messages", "in messages if m.role != 'system'")

    assert flaws("CT302", default + CHATML) == []
    assert flaws("CT302", dropped) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "{{ 'Q: ' if m.role == 'user' else '' }}{{ m.content }}",
            "text before the content of user turns: Q:␣ (18 of 29",
        ),
        (
            "{{ m.content }}{{ ' Be nice.' if m.role == 'system' else '' }}",
            "text after the content of system turns: ␣Be nice. (5 of",
        ),
        (
            "{{ 'Obey: ' if m.role == 'system' else '' }}{{ m.content }}",
            "text before the content of system turns: Obey:",
        ),
        (
            "{{ m.content }}{{ m.content if m.role == 'assistant' else '' }}",
            "the content of assistant turns is written twice",
        ),
    ],
)
def test_text_that_is_added_to_a_content_is_a_warning_that_names_it(content, said):
    [flaw] = flaws("CT302", CHATML.replace("{{ m.content }}", content))

    assert said in flaw.message
    assert flaw.severity == "warning"


def test_a_default_text_before_the_chat_s_own_system_text_is_not_added_to_it():
    begun = (
        "<|im_start|>system\nBe kind.\n{% if messages[0].role == 'system' %}{{ messages[0].content }}"
        "{% set messages = messages[1:] %}{% endif %}<|im_end|>\n"
    )

    assert flaws("CT302", begun + CHATML) == []


def test_a_blank_line_at_the_end_of_instructions_is_a_warning():
    harmony = (
        "{% for m in messages %}{% if m.role == 'system' %}<|start|>developer<|message|># Instructions\n\n"
        "{{ m.content }}\n\n<|end|>{% elif m.role == 'user' %}<|start|>user<|message|>{{ m.content }}<|end|>"
        "{% else %}<|start|>assistant<|channel|>final<|message|>{{ m.content }}<|end|>{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
    )

    [flaw] = flaws("CT302", harmony, settings=Settings("harmony"))

    assert (flaw.severity, "whitespace after the content of developer turns" in flaw.message) == ("warning", True)


def test_a_bos_written_twice_is_an_error_even_where_the_family_is_not_certain():
    llama = (
        "<|begin_of_text|><|begin_of_text|>{% for m in messages %}<|start_header_id|>{{ m.role }}<|end_header_id|>\n\n"
        "{{ m.content }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
    )
    unclear = specimen(llama)

    [flaw] = BY_CODE["CT302"].run(unclear)

    assert unclear.dialect is None
    assert ("GR002" in flaw.message, flaw.severity) == (True, None)


def test_a_generation_prompt_that_opens_reasoning_is_let_pass():
    assert (
        flaws(
            "CT302", CHATML.replace("assistant\n{% endif", "assistant\n<think>\n{% endif"), settings=Settings("chatml")
        )
        == []
    )


def test_a_marker_of_another_family_is_an_error():
    jinja = CHATML.replace("<|im_end|>\n{% endfor %}", "<|im_end|>\n{% endfor %}<|eot_id|>")

    assert flaws("CT305", jinja, settings=Settings("chatml"))
    assert BY_CODE["CT305"].severity == "error"


def test_a_family_without_an_encoder_is_not_held_against_one(tiny_chat):
    with pytest.raises(TemplateError, match="no reference encoder"):
        flaws("CT303", CHATML, tokenizer=open_tokenizer(tiny_chat), folder=tiny_chat)


@pytest.mark.parametrize(("family", "said"), [("mistral-v3-tekken", "mistral-common"), ("harmony", "openai-harmony")])
def test_an_encoder_that_cannot_be_opened_says_what_is_missing(family, said, tiny_chat):
    with pytest.raises(TemplateError, match=said):
        flaws("CT303", CHATML, tokenizer=open_tokenizer(tiny_chat), folder=tiny_chat, settings=Settings(family))


def _stand_in(tokenizer, monkeypatch, *, closer: str = "<|im_end|>\n", refused: str = ""):
    """Let an encoder that writes ChatML with this closer stand in for the vendor's."""

    def encode(probe):
        if probe.name == refused:
            raise TemplateError("refused")
        text = "".join(f"<|im_start|>{one['role']}\n{one['content']}{closer}" for one in probe.messages)
        text += "<|im_start|>assistant\n" if probe.add_generation_prompt else ""
        return tuple(tokenizer(text, add_special_tokens=False)["input_ids"])

    monkeypatch.setattr("chateval.template.check.conformance.open_encoder", lambda _: Encoder("stand-in 1.0", encode))
    return tokenizer


def test_ids_of_the_encoder_are_the_same(tiny_chat, monkeypatch):
    tokenizer = _stand_in(open_tokenizer(tiny_chat), monkeypatch, refused="short")

    assert flaws("CT303", CHATML, tokenizer=tokenizer) == []


def test_other_ids_than_the_encoder_are_an_error_with_both_rows_of_ids(tiny_chat, monkeypatch):
    tokenizer = _stand_in(open_tokenizer(tiny_chat), monkeypatch, closer="<|im_end|>")

    [flaw] = flaws("CT303", CHATML, tokenizer=tokenizer)

    assert "stand-in 1.0" in flaw.message
    assert flaw.expected_ids != flaw.found_ids
    assert flaw.severity is None


def test_trimmed_contents_alone_are_a_warning_beside_the_encoder(tiny_chat, monkeypatch):
    tokenizer = _stand_in(open_tokenizer(tiny_chat), monkeypatch)

    [flaw] = flaws("CT303", TRIMMED, tokenizer=tokenizer)

    assert flaw.severity == "warning"


def test_a_default_system_text_alone_is_a_warning_beside_the_encoder(tiny_chat, monkeypatch):
    default = "{% if messages[0].role != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}"
    tokenizer = _stand_in(open_tokenizer(tiny_chat), monkeypatch)

    [flaw] = flaws("CT303", default + CHATML, tokenizer=tokenizer)

    assert flaw.severity == "warning"


@pytest.mark.parametrize(
    ("jinja", "severity"),
    [
        (CHATML, "none"),
        (CHATML.replace("{% for", "{# the same #}{% for"), "none"),
        (TRIMMED, "warning"),
        (CHATML.replace("m.content }}", "m.content | upper }}"), None),
        (
            CHATML.replace("{% for", "{% if messages | length > 3 %}{{ raise_exception('long') }}{% endif %}{% for"),
            None,
        ),
    ],
)
def test_the_base_s_template_is_compared_by_what_it_renders(jinja, severity):
    found = flaws("CT304", jinja, base=specimen(CHATML), settings=HELD)

    assert [flaw.severity for flaw in found] == ([] if severity == "none" else [severity])


def test_what_the_base_refuses_may_be_rendered():
    strict = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"

    assert flaws("CT304", CHATML, base=specimen(strict + CHATML), settings=HELD) == []


def test_a_date_in_both_templates_is_no_difference():
    dated = "<|im_start|>system\nIt is {{ strftime_now('%H:%M:%S.%f') }}.<|im_end|>\n" + CHATML

    assert flaws("CT304", dated, base=specimen(dated + "{# b #}"), settings=HELD) == []


def test_a_base_without_a_template_is_no_reference():
    with pytest.raises(NotEvaluated, match="base"):
        flaws("CT304", CHATML, base=Specimen("base", ()), settings=HELD)


@pytest.mark.parametrize("base", [ZEPHYR, OWN], ids=["zephyr", "own"])
def test_a_base_of_another_family_is_a_reference_too_if_it_is_named(base):
    [flaw] = flaws("CT304", CHATML, base=specimen(base), settings=HELD)

    assert flaw.severity is None
    assert "the base's template writes other text" in flaw.message


def test_a_base_that_nobody_named_as_the_reference_is_none():
    with pytest.raises(NotEvaluated, match="--base"):
        flaws("CT304", TRIMMED, base=specimen(CHATML))


@pytest.mark.parametrize("jinja", ["{% if %}", "{{ raise_exception('never') }}"])
def test_a_template_that_renders_nothing_is_not_evaluated(jinja):
    for code in ("CT302", "CT305"):
        with pytest.raises(NotEvaluated, match="renders none"):
            flaws(code, jinja, settings=Settings("chatml"))


def test_a_layout_that_trims_is_known_to():
    assert flaws("CT302", GEMMA, settings=Settings("gemma2")) == []


def test_encoders_stand_under_the_names_that_families_use():
    used = {dialect.encoder for family in specimen(CHATML).families.values() for dialect in family.dialects}

    assert used - {None} == set(reference._OPENERS)


@pytest.mark.oracle
@pytest.mark.parametrize("is_told", [False, True], ids=["found out", "claimed"])
@pytest.mark.parametrize("defect", ["whitespace", "role-name", "double-bos", "eot-literal", "eot-missing-user"])
def test_injected_defects_of_the_layout_are_found(defect, is_told):
    for row in [row for row in rows("mutants") if defect in row["defect"]]:
        found = _of(row, Settings(family=row["family"] if is_told else None))
        assert found["CT302"] or found["CT305"], row["id"]


@pytest.mark.oracle
def test_controls_and_defects_of_other_kinds_are_clean():
    others = {"unsafe-jinja", "backdoor", "mask-no-eot", "default-system", "system-dropped", "content-stripped"}
    for row in [row for row in rows("mutants") if set(row["defect"]) <= others]:
        assert _of(row, Settings()) == {"CT302": [], "CT305": []}, row["id"]


@pytest.mark.oracle
@pytest.mark.parametrize(
    "family", ["mistral-v1-spm", "mistral-v2-spm", "mistral-v3-tekken", "mistral-v7-spm", "llama3"]
)
def test_vendors_templates_are_clean(family):
    for name in ("render_mistral_common", "render_llama_models"):
        for template in {row["template"] for row in rows(name) if row["family"] == family and row["template"]}:
            tokens = (
                {"bos_token": "<s>", "eos_token": "</s>"} if "mistral" in name else {"bos_token": "<|begin_of_text|>"}
            )
            found = specimen(template, tokens=tokens)
            assert [list(BY_CODE[code].run(found)) for code in ("CT301", "CT302", "CT305")] == [[], [], []]


def _of(row, settings):
    tokens = {"bos_token": row["bos_token"], "eos_token": row["eos_token"]}
    found = {}
    for code in ("CT302", "CT305"):
        found[code] = []
        with suppress(NotEvaluated):
            found[code] = flaws(code, row["template"], tokens=tokens, settings=settings)
    return found


def test_the_grammar_s_own_writing_is_clean():
    dialect = specimen(CHATML).dialect

    assert write([{"role": "user", "content": "a"}], dialect) == "<|im_start|>user\na<|im_end|>\n"


def test_renderings_of_unusual_length_are_not_read():
    long = CHATML + "{{ 'x' * 300000 }}"

    with pytest.raises(NotEvaluated, match="usual length"):
        flaws("CT302", long, settings=Settings("chatml"))
