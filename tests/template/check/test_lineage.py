"""CT801 to CT807: the template against the record of the training and against the base."""

from dataclasses import replace

import pytest

from chateval.template.check import NotEvaluated
from chateval.template.check.lineage import CHECKS
from chateval.template.evidence import Evidence, Row, read_evidence
from chateval.template.record import record
from chateval.template.source import TemplateSource
from chateval.template.specimen import Settings, Specimen
from chateval.template.tokenizer import open_tokenizer

RUN = {check.code: check.run for check in CHECKS}
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ONE_LINE = CHATML.replace("\n", "{{ '\\n' }}")
CHATS = [
    [{"role": "user", "content": f"question {number}"}, {"role": "assistant", "content": f"answer {number}"}]
    for number in range(3)
]
LONG = [*CHATS[0], {"role": "user", "content": "and then?"}, {"role": "assistant", "content": "nothing"}]


@pytest.fixture(scope="module")
def tokenizer(tiny_chat):
    return open_tokenizer(tiny_chat)


@pytest.fixture(scope="module")
def make(tokenizer, tmp_path_factory):
    """Return a function that makes a specimen with the record of a training."""

    def specimen(template=CHATML, *, trained_with=CHATML, rows=CHATS, settings=None, **options) -> Specimen:
        rows = [row if isinstance(row, dict) else {"messages": row} for row in rows]
        told = options.pop("told", {})
        path = record(
            tokenizer,
            rows,
            tmp_path_factory.mktemp("evidence"),
            template_kwargs={"chat_template": trained_with, **options.pop("trained_kwargs", {})},
            settings=told,
        )
        return Specimen(
            "tiny",
            (TemplateSource("chat_template.jinja", "default", template),),
            tokens=dict(tokenizer.special_tokens_map),
            tokenizer=tokenizer,
            evidence=read_evidence(path),
            settings=settings or Settings(),
            **options,
        )

    return specimen


def masked(tokenizer, chat, *trained, untrained=()):
    """Return a row whose trained tokens are those of some pieces of its text, less the ids named."""
    text = tokenizer.apply_chat_template(chat, tokenize=False, chat_template=CHATML)
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    labels = [-100] * len(found["input_ids"])
    place = 0
    for piece in trained:
        place = text.index(piece, place)
        for index, (start, _) in enumerate(found["offset_mapping"]):
            if place <= start < place + len(piece) and found["input_ids"][index] not in untrained:
                labels[index] = found["input_ids"][index]
        place += len(piece)
    return {"messages": chat, "input_ids": found["input_ids"], "labels": labels}


def test_a_training_without_a_record_is_noted():
    assert [flaw.message for flaw in RUN["CT801"](Specimen("x", ()))]


def test_a_training_with_a_record_is_not_noted(make):
    assert list(RUN["CT801"](make())) == []


def test_the_same_template_is_no_flaw(make):
    assert list(RUN["CT802"](make())) == []
    assert list(RUN["CT803"](make())) == []


def test_another_text_with_the_same_ids_is_a_warning(make):
    [flaw] = RUN["CT802"](make(ONE_LINE))

    assert flaw.severity == "warning"
    assert "all 3 recorded rows keep their ids" in flaw.message
    assert list(RUN["CT803"](make(ONE_LINE))) == []


@pytest.mark.parametrize(
    ("old", "new", "kind", "found"),
    [
        ("<|im_end|>\n{% endfor", "<|im_end|>{% endfor", "whitespace", "<|im_end|><|im_start|>"),
        ("<|im_end|>\n", "<|endoftext|>\n", "closer", "<|endoftext|>"),
        ("{% for", "{{ bos_token }}{% for", "bos", "<|endoftext|>"),
        ("{% for", "<|im_start|>system\nBe brief.<|im_end|>\n{% for", "system default", "sy"),
    ],
)
def test_a_template_that_writes_other_ids_is_an_error_with_the_place(old, new, kind, found, make):
    specimen = make(CHATML.replace(old, new, 1))

    [flaw] = RUN["CT802"](specimen)
    first, *_ = flaws = list(RUN["CT803"](specimen))

    assert flaw.severity is None
    assert "0 of 3 recorded chats keep their ids" in flaw.message
    assert len(flaws) == 3
    assert first.message.startswith("row 0 of 3: token")
    assert f"({kind})" in first.message
    assert found in first.found or found in first.message
    assert first.offset is not None
    assert first.expected_ids != first.found_ids


def test_a_chat_that_the_template_refuses_now_is_an_error(make):
    specimen = make("{{ raise_exception('no chats today') }}")

    [flaw, *_] = RUN["CT803"](specimen)

    assert flaw.message == "row 0 of 3 cannot be rendered any more: no chats today"


def test_ids_without_a_chat_prove_nothing(make):
    specimen = make(rows=[*CHATS, {"input_ids": [1, 2, 3]}])

    with pytest.raises(NotEvaluated, match="1 of 4 rows were recorded without messages"):
        list(RUN["CT803"](specimen))


def test_a_row_that_lost_its_end_without_a_limit_differs(make, tokenizer):
    ids = tokenizer.apply_chat_template(CHATS[0], chat_template=CHATML)["input_ids"]
    row = {"messages": CHATS[0], "input_ids": ids[:-2]}

    assert len(list(RUN["CT803"](make(rows=[row])))) == 1
    assert len(list(RUN["CT803"](make(rows=[row], told={"max_length": len(ids)})))) == 1
    assert list(RUN["CT803"](make(rows=[row], told={"max_length": len(ids) - 2}))) == []


def test_the_switches_of_the_training_are_those_of_the_proof(make):
    template = "{% if loud %}LOUD {% endif %}" + CHATML
    specimen = make(template, trained_with=template, trained_kwargs={"loud": True})

    assert list(RUN["CT803"](specimen)) == []
    assert list(RUN["CT803"](replace(specimen, settings=Settings(kwargs={"loud": True})))) == []


def test_other_switches_in_the_evaluation_are_a_warning(make):
    template = "{% if loud %}LOUD {% endif %}" + CHATML
    specimen = make(template, trained_with=template, settings=Settings(kwargs={"loud": True}))

    [flaw] = RUN["CT803"](specimen)

    assert flaw.severity == "warning"
    assert "loud=True" in flaw.message


def test_a_date_is_rendered_under_the_clock_of_the_training(make):
    template = "{{ strftime_now('%d %b %Y') }}\n" + CHATML
    specimen = make(template, trained_with=template)
    evidence: Evidence = specimen.evidence

    earlier = replace(evidence, now="2001-01-01T00:00:00")

    assert list(RUN["CT803"](specimen)) == []
    assert "(date)" in next(RUN["CT803"](replace(specimen, evidence=earlier))).message


MASKS = [
    pytest.param(("answer 0<|im_end|>\n", "nothing<|im_end|>\n"), set(), id="answers and their ends"),
    pytest.param(("answer 0<|im_end|>", "nothing<|im_end|>"), set(), id="without the newline"),
    pytest.param(("nothing<|im_end|>\n",), set(), id="the last answer alone"),
    pytest.param(("answer 0", "nothing"), {"CT805"}, id="without the ends"),
    pytest.param(("answer 0<|im_end|>", "nothing"), {"CT805"}, id="without the last end"),
    pytest.param(("assistant\nanswer 0<|im_end|>",), {"CT806"}, id="with the header"),
    pytest.param(("question 0", "answer 0<|im_end|>"), {"CT806"}, id="with the question"),
    pytest.param(("<|im_start|>user\nand then?", "nothing<|im_end|>"), {"CT806"}, id="with a later question"),
    pytest.param((), {"CT807"}, id="nothing"),
]


@pytest.mark.parametrize("family", ["chatml", None], ids=["by the grammar", "by rendering"])
@pytest.mark.parametrize(("trained", "codes"), MASKS)
def test_a_mask_is_held_against_the_turns(trained, codes, family, make, tokenizer):
    specimen = make(rows=[masked(tokenizer, LONG, *trained)], settings=Settings(family=family))
    if family is None:
        specimen.__dict__["dialect"] = None

    found = {code for code in ("CT805", "CT806", "CT807") if list(RUN[code](specimen))}

    assert found == codes


def test_a_pad_that_is_the_end_of_turn_takes_it_out_of_the_loss(make, tokenizer):
    row = masked(tokenizer, LONG, "answer 0<|im_end|>\n", "nothing<|im_end|>\n", untrained=[tokenizer.pad_token_id])

    [flaw] = RUN["CT805"](make(rows=[row]))

    assert flaw.text[flaw.offset :].startswith("<|im_end|>")
    assert tokenizer.pad_token_id in flaw.found_ids


@pytest.mark.parametrize(
    ("told", "settings", "severity"),
    [
        ({}, Settings(), None),
        ({"assistant_only_loss": True}, Settings(), "error"),
        ({"completion_only_loss": True}, Settings(), "error"),
        ({}, Settings(assistant_only_loss=True), "error"),
    ],
)
def test_a_trained_question_is_an_error_where_answers_alone_were_meant(told, settings, severity, make, tokenizer):
    row = masked(tokenizer, LONG, "question 0", "nothing<|im_end|>")

    [flaw] = RUN["CT806"](make(rows=[row], told=told, settings=settings))

    assert flaw.severity == severity


@pytest.mark.parametrize("code", ["CT805", "CT806", "CT807"])
def test_masks_that_were_not_recorded_are_not_evaluated(code, make):
    with pytest.raises(NotEvaluated, match="labels of the training were not recorded"):
        list(RUN[code](make()))


def test_rows_of_another_layout_are_not_evaluated(make, tokenizer):
    ids = tokenizer("no markers at all")["input_ids"]
    specimen = make(rows=[{"input_ids": ids, "labels": ids}], settings=Settings(family="chatml"))

    with pytest.raises(NotEvaluated, match="in no recorded row"):
        list(RUN["CT806"](specimen))


def test_a_template_like_the_base_is_no_flaw(make):
    assert list(RUN["CT804"](make(ONE_LINE, base=make()))) == []


def test_a_template_unlike_the_base_is_one_flaw_for_each_kind(make):
    specimen = make(CHATML.replace("<|im_start|>assistant\n{% endif", "<|im_start|>assistant{% endif"), base=make())

    [flaw] = RUN["CT804"](specimen)

    assert flaw.message.startswith("whitespace: not as in tiny on ")
    assert flaw.text[flaw.offset - 9 : flaw.offset] == "assistant"
    assert "assistant⏎" in flaw.expected


def test_a_base_without_a_template_is_not_evaluated(make):
    with pytest.raises(NotEvaluated, match="no chat template"):
        list(RUN["CT804"](make(base=Specimen("base", ()))))


def test_hostile_rows_do_not_stop_the_checks(make):
    specimen = make(CHATML + "{{ messages[0].content.x.y }}")
    odd = Row(({"role": "assistant", "content": "\ud800\x00"},), None, {"tools": 1}, (10**9, 0), ((0, 2),))
    specimen = replace(specimen, evidence=replace(specimen.evidence, rows=(odd,)))

    for code in ("CT802", "CT803", "CT807"):
        list(RUN[code](specimen))
    with pytest.raises(NotEvaluated):
        list(RUN["CT805"](specimen))
