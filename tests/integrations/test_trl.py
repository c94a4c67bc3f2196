"""The recorder in a real SFTTrainer: what it writes, where, and what the checks say about it."""

import json
from pathlib import Path

import pytest

from chateval.template.check.lineage import CHECKS
from chateval.template.evidence import read_evidence
from chateval.template.record import FILE_NAME
from chateval.template.source import TemplateSource
from chateval.template.specimen import Specimen
from chateval.template.tokenizer import open_tokenizer

CHATS = [
    [
        {"role": "user", "content": f"question {number}"},
        {"role": "assistant", "content": f"answer {number}"},
    ]
    for number in range(6)
]
RUN = {check.code: check.run for check in CHECKS}


def pairs() -> list[dict]:
    return [{"prompt": chat[:1], "completion": chat[1:]} for chat in CHATS]


def trained(folder: Path, out: Path, rows: list[dict], recorder=None, **options):
    """Train two steps and return the trainer; without a recorder the trainer's own rows are recorded."""
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    from chateval.integrations.trl import record_training

    config = SFTConfig(
        output_dir=str(out),
        max_steps=2,
        per_device_train_batch_size=2,
        save_steps=1,
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        dataloader_pin_memory=False,
        report_to="none",
        disable_tqdm=True,
        **options,
    )
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(folder),
        args=config,
        train_dataset=Dataset.from_list(rows),
        processing_class=open_tokenizer(folder),
    )
    if recorder is None:
        record_training(trainer)
    else:
        trainer.add_callback(recorder)
    trainer.train()
    return trainer


def specimen(folder: Path, evidence: Path, template: str | None = None) -> Specimen:
    tokenizer = open_tokenizer(folder)
    return Specimen(
        "tiny",
        (TemplateSource("chat_template.jinja", "default", template or tokenizer.chat_template),),
        tokens=dict(tokenizer.special_tokens_map),
        tokenizer=tokenizer,
        evidence=read_evidence(evidence),
    )


@pytest.fixture(autouse=True)
def _calm():
    """Keep warnings that training libraries give each other out of the test."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_a_training_on_completions_is_proven_by_its_own_record(tiny_chat, tmp_path):
    trained(tiny_chat, tmp_path, pairs(), completion_only_loss=True, max_length=None)

    found = specimen(tiny_chat, tmp_path)

    assert [row.messages for row in found.evidence.rows] == [tuple(chat) for chat in CHATS]
    assert {code: list(RUN[code](found)) for code in ("CT802", "CT803", "CT805", "CT806", "CT807")} == {
        "CT802": [],
        "CT803": [],
        "CT805": [],
        "CT806": [],
        "CT807": [],
    }
    assert found.evidence.settings["completion_only_loss"] is True
    assert (tmp_path / "checkpoint-1" / FILE_NAME).read_bytes() == (tmp_path / FILE_NAME).read_bytes()


def test_a_training_on_whole_chats_trained_the_prompts_too(tiny_chat, tmp_path):
    trained(tiny_chat, tmp_path, [{"messages": chat} for chat in CHATS])

    flaws = list(RUN["CT806"](specimen(tiny_chat, tmp_path)))

    assert len(flaws) == 6
    assert flaws[0].severity is None
    assert flaws[0].text[: flaws[0].offset + 12].startswith("<|im_start|>")


def test_a_recorder_without_the_dataset_knows_ids_alone(tiny_chat, tmp_path):
    from chateval.integrations.trl import TemplateRecorder
    from chateval.template.check import NotEvaluated

    trained(tiny_chat, tmp_path, pairs(), recorder=TemplateRecorder())

    found = specimen(tiny_chat, tmp_path)

    assert {row.messages for row in found.evidence.rows} == {None}
    with pytest.raises(NotEvaluated, match="without messages"):
        list(RUN["CT803"](found))


def test_a_recorder_takes_the_chats_from_the_dataset_of_the_user(tiny_chat, tmp_path):
    from chateval.integrations.trl import TemplateRecorder

    trained(tiny_chat, tmp_path, pairs(), recorder=TemplateRecorder(pairs(), n=3))

    found = specimen(tiny_chat, tmp_path)

    assert [row.messages for row in found.evidence.rows] == [tuple(CHATS[number]) for number in (0, 2, 4)]
    assert list(RUN["CT803"](found)) == []


def test_chats_in_another_order_than_the_rows_are_left_out(tiny_chat, tmp_path):
    from chateval.integrations.trl import TemplateRecorder

    trained(tiny_chat, tmp_path, pairs(), recorder=TemplateRecorder(pairs()[::-1]))

    assert {row.messages for row in read_evidence(tmp_path).rows} == {None}


def test_packed_rows_are_recorded_chat_by_chat(tiny_chat, tmp_path):
    trained(tiny_chat, tmp_path, [{"messages": chat} for chat in CHATS], packing=True, max_length=64)

    rows = read_evidence(tmp_path).rows

    assert len(rows) == 6
    assert {row.ids[0] for row in rows} == {open_tokenizer(tiny_chat).convert_tokens_to_ids("<|im_start|>")}


def test_rows_that_max_length_cut_are_their_own_proof(tiny_chat, tmp_path):
    n_whole = len(open_tokenizer(tiny_chat).apply_chat_template(CHATS[0])["input_ids"])
    trained(tiny_chat, tmp_path, [{"messages": chat} for chat in CHATS], max_length=n_whole - 3)

    found = specimen(tiny_chat, tmp_path)

    assert {len(row.ids) for row in found.evidence.rows} == {n_whole - 3}
    assert list(RUN["CT803"](found)) == []
    assert list(RUN["CT805"](found)) == []


def test_the_record_holds_nothing_but_strict_json(tiny_chat, tmp_path):
    trained(tiny_chat, tmp_path, pairs())

    entry = json.loads((tmp_path / FILE_NAME).read_text("utf-8"), parse_constant=pytest.fail)

    assert entry["format"] == 1
    assert entry["versions"]["trl"]
