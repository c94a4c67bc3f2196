"""What is otherwise with one checkpoint and its run than with another, in words."""

import pytest
from made_runs import checkpoint, task

from chateval.compare.changes import Side, find_changes
from chateval.compare.comparable import Pairing
from chateval.records import Decoding

MANIFEST = {
    "format": 1,
    "python": "3.11.7",
    "platform": "Linux",
    "libraries": {"torch": "2.6.0", "transformers": "5.0.0"},
    "system": "error",
    "overflow": "error",
    "limit": 24,
    "n_demos": None,
    "baseline": "base",
    "checkpoints": [],
    "tasks": [{"name": "facts", "data": None}],
}
ENTRY = {
    "checkpoint": {"name": "sft"},
    "template": {"special_tokens": {"<a>": 1, "<b>": 2}},
    "engine": {"engine": "transformers", "way": "packed-2", "dtype": "float32", "torch": "2.6.0"},
}


def side(name="sft", *, tasks=(), manifest=None, entry=None, harness="chateval 0.1.0", **said):
    found = {**MANIFEST, **(manifest or {}), "checkpoints": [ENTRY | (entry or {})]}
    summary = checkpoint("sft", **({"weights_digest": "w1"} | said))
    return Side(name, summary, tasks or (task(),), found, harness)


def changed(before, after, **said):
    return [(found.kind, found.words) for found in find_changes(before, after, **said)]


def test_nothing_that_is_equal_is_listed():
    assert changed(side("a"), side("b")) == []


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ({"weights_digest": "w2"}, ("weights", "weight files w1 -> w2")),
        ({"adapter_digest": "a" * 64}, ("adapter", "adapter files none -> aaaaaaaaaaaa")),
        ({"step": 400}, ("weights", "training step none -> 400")),
        ({"tokenizer_digest": "k2"}, ("tokenizer", "tokenizer files k1 -> k2")),
        ({"dtype": "bfloat16"}, ("software", "dtype float32 -> bfloat16")),
        ({"manifest": {"python": "3.12.1"}}, ("software", "python 3.11.7 -> 3.12.1")),
        (
            {"manifest": {"libraries": {"torch": "2.7.0", "transformers": "5.0.0"}}},
            ("software", "torch 2.6.0 -> 2.7.0"),
        ),
        ({"manifest": {"limit": None}}, ("data", "limit 24 -> none")),
        ({"manifest": {"system": "fold"}}, ("prompt", "system error -> fold")),
        (
            {"manifest": {"tasks": [{"name": "facts", "data": "mine.jsonl"}]}},
            ("data", "facts: data its own -> mine.jsonl"),
        ),
        ({"entry": {"engine": {"engine": "vllm", "way": "packed-2"}}}, ("software", "engine transformers -> vllm")),
        ({"tasks": (task(version=2),)}, ("scoring", "facts: version 1 -> 2")),
        ({"tasks": (task(n_demos=3, prompt_digest="p2"),)}, ("prompt", "facts: demos 0 -> 3")),
        ({"tasks": (task(prompt_digest="p2"),)}, ("prompt", "facts: what is asked p1 -> p2")),
        ({"tasks": (task(scorer_digests=("s2",)),)}, ("scoring", "facts: options of exact s1 -> s2")),
        (
            {"tasks": (task(prompt_digest="p2", decoding=Decoding(max_new_tokens=256)),)},
            ("decoding", "facts: max_new_tokens 128 -> 256"),
        ),
    ],
)
def test_each_change_is_a_line_of_its_kind(said, change):
    assert changed(side("a"), side("b", **said)) == [change]


def test_what_can_move_most_comes_first():
    after = side("b", dtype="bfloat16", weights_digest="w2", tasks=(task(version=2),), manifest={"limit": 9})

    assert [kind for kind, _ in changed(side("a"), after)] == ["weights", "data", "scoring", "software"]


def test_checkpoints_of_one_run_share_its_settings():
    before, after = side("a"), side("b", weights_digest="w2", entry={"engine": ENTRY["engine"] | {"peft": "0.18"}})
    shared = {**MANIFEST, "libraries": {**MANIFEST["libraries"], "peft": "0.18"}}
    shared["checkpoints"] = [ENTRY]

    found = changed(Side("a", before.summary, before.tasks, shared), Side("b", after.summary, after.tasks, shared))

    assert found == [("weights", "weight files w1 -> w2")]


def test_special_tokens_that_moved_are_named():
    after = side("b", tokenizer_digest="k2", entry={"template": {"special_tokens": {"<b>": 3, "<c>": 4}}})

    assert ("tokenizer", "special tokens: -<a>, +<c>, <b> 2 -> 3") in changed(side("a"), after)


def test_samples_that_do_not_pair_are_counted():
    found = changed(side("a"), side("b"), paired={"facts": Pairing(24, 12, 10, 3)})

    assert found == [
        ("prompt", "facts: other messages in 3 of 10 pairs"),
        ("data", "facts: samples, 10 pair of 24 before and 12 after"),
    ]


def test_another_harness_says_what_it_did_not_write_down():
    after = Side(
        "b", checkpoint("b", weights_digest="", tokenizer_digest="k1"), (task(prompt_digest=""),), {}, "lm-eval 0.4.9"
    )

    assert changed(side("a"), after) == [
        ("weights", "weight files w1 -> unknown"),
        ("data", "facts: what is asked was not written down; samples pair by their content"),
        ("software", "harness chateval 0.1.0 -> lm-eval 0.4.9"),
    ]


def log(name, *, system=None, version="0.4.9", **said):
    found = {
        "checkpoints": [{"checkpoint": {"name": "sft", "path": "org/sft"}}],
        "models": {"org/sft": {"system_instruction": system}},
        "tasks": [
            {
                "name": "facts",
                "written": ["n_demos", "decoding", "version"],
                "system_instruction": system,
            }
        ],
    }
    summary = checkpoint("sft", weights_digest="")
    return Side(name, summary, (task(prompt_digest="", **said),), found, f"lm-eval {version}")


def test_settings_that_both_logs_wrote_down_are_listed():
    after = log("b", system="Be brief.", n_demos=5, version="0.4.10", decoding=Decoding(temperature=0.7))

    assert changed(log("a"), after) == [
        ("weights", "weight files unknown: lm-eval did not write them down"),
        ("prompt", "system instruction none -> Be brief."),
        ("prompt", "facts: demos 0 -> 5"),
        ("decoding", "facts: temperature 0.0 -> 0.7"),
        ("data", "facts: what is asked was not written down; samples pair by their content"),
    ]


def test_a_system_instruction_of_one_task_is_named_with_it():
    before, after = log("a"), log("b")
    after.manifest["tasks"][0]["system_instruction"] = "Be brief."

    assert ("prompt", "facts: system instruction none -> Be brief.") in changed(before, after)


def test_a_long_system_instruction_is_cut_and_told_apart():
    found = [words for _, words in changed(log("a", system="a" * 90), log("b", system="a" * 91))]

    assert any(words.startswith(f"system instruction {'a' * 60}... (90 characters, ") for words in found)


def test_ids_that_stand_for_other_questions_are_named():
    found = changed(side("a"), side("b"), paired={"facts": Pairing(9, 9, 9, 0, is_misnamed=True)})

    assert found == [
        (
            "data",
            "facts: ids stand for other questions in the two runs, as row numbers do; samples pair by their content",
        )
    ]


def test_weights_that_nobody_wrote_down_are_not_taken_to_be_equal():
    unknown = checkpoint("a", weights_digest="")
    sides = [Side(name, unknown, (task(),), {"run": name}, "lm-eval") for name in ("a", "b")]

    assert ("weights", "weight files unknown: lm-eval did not write them down") in changed(*sides)


@pytest.mark.parametrize(("digest", "kind"), [(None, "weights"), ("e" * 64, "adapter")])
def test_another_number_of_parameters_is_the_adapters_only_where_there_is_one(digest, kind):
    before, after = side(n_parameters=100), side(n_parameters=120, adapter_digest=digest)

    assert (kind, "parameters 100 -> 120") in changed(before, after)
