"""A baseline file: what goes in comes out, equal runs make equal files, broken ones are refused with their place."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import hand_made
import pytest

from chateval.compare.targets import target_digest
from chateval.errors import DataError, GateError
from chateval.records import Noise
from chateval.store import is_baseline, read_baseline, write_baseline

DAY = date(2026, 1, 31)


def written(path, run, checkpoint="sft", **options):
    write_baseline(path, run, checkpoint, accepted=DAY, **options)
    return read_baseline(path)


def values(run, checkpoint):
    return {
        (score.scorer, score.sample_id): (score.value, score.weight)
        for score in run.scores
        if score.checkpoint == checkpoint
    }


def test_what_is_written_is_read_again(tmp_path):
    run = hand_made.run({"base": [0, 0, 1], "sft": [1, 1 / 3, None]}, clusters={0: "a", 2: "a"})

    found = written(tmp_path / "sft.json", run, note="first")

    assert values(found, "sft") == values(run, "sft")
    assert [one.name for one in found.checkpoints] == ["sft"]
    assert found.checkpoints[0] == run.checkpoints[1]
    assert found.tasks == run.tasks
    assert found.audits == run.audits[1:]
    assert (found.name, found.baseline) == ("sft", "sft")
    assert found.manifest["baseline"] == {"accepted": "2026-01-31", "note": "first", "run": "run"}
    assert {one.cluster for one in found.samples["facts"].values()} == {"a", None}
    assert is_baseline(tmp_path / "sft.json")


def test_the_file_holds_no_texts_and_no_folder_of_the_machine(tmp_path):
    run = hand_made.run({"sft": [1, 0]})
    entry = {"checkpoint": {"name": "sft", "path": "/home/me/models/sft"}, "template_report": {"x": 1}}
    run = replace(run, manifest={"libraries": {"torch": "2"}, "checkpoints": [entry], "gate": []})

    found = written(tmp_path / "b.json", run)
    text = (tmp_path / "b.json").read_text()

    assert "What is" not in text
    assert "/home/me" not in text
    assert found.manifest["checkpoints"] == [{"checkpoint": {"name": "sft", "path": "sft"}}]
    assert found.manifest["libraries"] == {"torch": "2"}


def test_repeats_are_averaged_and_weights_kept(tmp_path):
    run = hand_made.run({"sft": [1, 0]})
    first = run.scores[0]
    run = replace(run, scores=(first, replace(first, value=0.0, repeat=1), replace(run.scores[1], weight=2.5)))

    found = written(tmp_path / "b.json", run)

    assert list(values(found, "sft").values()) == [(0.5, 1.0), (0.0, 2.5)]


def test_equal_runs_make_equal_files_with_a_line_for_each_sample(tmp_path):
    run = hand_made.run({"sft": hand_made.share(7, 10)})
    write_baseline(tmp_path / "a.json", run, "sft", accepted=DAY)
    write_baseline(tmp_path / "b.json", replace(run, scores=tuple(reversed(run.scores))), "sft", accepted=DAY)

    text = (tmp_path / "a.json").read_text()

    assert (tmp_path / "b.json").read_text() == text
    assert '    "0000000000000003": [1, "' in text


def test_a_thousand_samples_with_five_scorers_stay_below_150_kilobytes(tmp_path):
    task = replace(hand_made.TASK, scorers=("s0",), scorer_digests=("x" * 64,))
    run = hand_made.run({"sft": [i / 997 for i in range(997)] + [1, 1, 1]}, task=task)
    names = tuple(f"scorer_{i}" for i in range(5))
    run = replace(
        run,
        tasks=(replace(task, scorers=names, families=("accuracy",) * 5, scorer_digests=("x" * 64,) * 5),),
        scores=tuple(replace(score, scorer=name) for name in names for score in run.scores),
    )

    written(tmp_path / "b.json", run)

    assert (tmp_path / "b.json").stat().st_size < 150_000


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"chateval_baseline": 2', '"chateval_baseline": 3', "format 3"),
        ("2026-01-31", "yesterday", "is not a day"),
        ('"0000000000000000": [1,', '"0000000000000000": [1, 1,', "say 1 values"),
        ('"0000000000000000": [1,', '"0000000000000000": [7,', "7 is not in [0, 1]"),
        ('"0000000000000000": [1,', '"0000000000000000": [NaN,', "NaN is not a JSON number"),
        ('"0000000000000000": [1,', '"0000000000000000": ["1",', "say 1 values"),
        ('"0000000000000000": [1,', '"0000000000000000": [0,', "edited by hand: remove it and accept the run again"),
        ('"0000000000000001": [0,', '"0000000000000002": [0,', "edited by hand"),
        ('"prompt_digest": "p"', '"prompt_digest": ""', "facts: no digest of what is asked"),
        ('"scorer_digests": [\n    "s"\n   ]', '"scorer_digests": []', "or of a scorer"),
        ('"scorers": ["exact"]', '"scorers": ["number"]', "values.facts.scorers: ('number',), but the task has"),
        ('"n_demos": 0', '"n_demos": 9', "edited by hand"),
        (',\n "checksum"', ',\n "noise": [],\n "checksum"', "stands twice"),
        ('"note": ""', '"note": "", "more": 1', "more"),
    ],
)
def test_a_broken_file_is_refused_with_its_name(tmp_path, old, new, words):
    path = tmp_path / "b.json"
    write_baseline(path, hand_made.run({"sft": [1, 0]}), "sft", accepted=DAY)
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))

    with pytest.raises(DataError, match=r"b\.json") as caught:
        read_baseline(path)

    assert words in str(caught.value)


def without(path, *keys):
    """Write a file again as JSON, without some keys and in one line."""
    found = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in found.items() if key not in keys}))


def test_blanks_and_line_ends_do_not_count_but_a_missing_checksum_does(tmp_path):
    path = tmp_path / "b.json"
    first = written(path, hand_made.run({"sft": [1, 1 / 3]}))

    without(path)
    assert read_baseline(path) == first

    without(path, "checksum")
    with pytest.raises(DataError, match="edited by hand"):
        read_baseline(path)


def test_a_file_of_the_first_format_is_read_and_says_nothing_of_targets(tmp_path):
    path = tmp_path / "b.json"
    first = written(path, hand_made.run({"sft": [1, 0]}))
    assert all(len(found) == 8 for found in first.target_digests["facts"].values())

    found = json.loads(path.read_text())
    samples = {name: row[:-1] for name, row in found["values"]["facts"]["samples"].items()}
    found |= {"chateval_baseline": 1, "values": {"facts": {**found["values"]["facts"], "samples": samples}}}
    path.write_text(json.dumps({key: value for key, value in found.items() if key not in ("checksum", "noise")}))

    old = read_baseline(path)
    assert old.scores == first.scores
    assert set(old.target_digests["facts"].values()) == {""}


def test_targets_and_noise_are_kept_when_a_baseline_is_accepted_again(tmp_path):
    noise = (Noise("facts", "exact", 2, 2, 1.0, 0.5),)
    run = replace(hand_made.run({"base": [1, 0], "sft": [1, 1]}), noise=noise)

    first = written(tmp_path / "a.json", run, "base")
    again = written(tmp_path / "b.json", first, "base")

    assert (again.noise, again.target_digests) == (noise, first.target_digests)
    assert again.target_digests["facts"] == {
        name: target_digest(sample) for name, sample in run.samples["facts"].items()
    }
    assert written(tmp_path / "c.json", run, "sft").noise == ()


def test_other_harnesses_need_not_say_what_they_asked(tmp_path):
    task = replace(hand_made.TASK, prompt_digest="", scorer_digests=())
    run = replace(hand_made.run({"sft": [1, 0]}, task=task), harness="lm-eval 0.4.9")

    assert written(tmp_path / "b.json", run).tasks == (task,)


def test_a_checkpoint_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(GateError, match="no checkpoint 'dpo' in it; there are: sft"):
        write_baseline(tmp_path / "b.json", hand_made.run({"sft": [1]}), "dpo", accepted=DAY)


@pytest.mark.parametrize("content", ["", "{}", json.dumps({"baseline": "x"}), "chateval_baseline"])
def test_other_files_are_no_baselines(tmp_path, content):
    path = Path(tmp_path / "x.json")
    path.write_text(content)

    assert not is_baseline(path)
    assert not is_baseline(tmp_path)
