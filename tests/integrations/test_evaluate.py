"""Modules of `evaluate` as scorers, and chateval's scorers as modules of `evaluate`; no hub."""

from pathlib import Path

import pytest

from chateval.errors import TaskError
from chateval.integrations.evaluate import METRICS, CorpusMetric, judge, metric_dir
from chateval.records import Case, Decoding, Prompt, Response, Sample, TemplateFacts
from chateval.score import SCORERS, bind

MODULE = """
import datasets
import evaluate


class Overlap(evaluate.Metric):
    def _info(self):
        features = datasets.Features({"predictions": datasets.Value("string"), "references": datasets.Value("string")})
        return evaluate.MetricInfo(description="", citation="", inputs_description="", features=features)

    def _compute(self, predictions, references, percent=True):
        shares = [len(set(p) & set(r)) / len(set(r)) for p, r in zip(predictions, references)]
        return {"overlap": (100 if percent else 1) * sum(shares) / len(shares), "n": len(predictions), "each": shares}
"""


@pytest.fixture(autouse=True, scope="module")
def modules_dir(tmp_path_factory):
    """Keep copies of scripts out of the home folder."""
    import evaluate

    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmp_path_factory.mktemp("modules"))
        patch.setattr(evaluate.config, "HF_MODULES_CACHE", folder)
        patch.setenv("HF_MODULES_CACHE", folder)  # for the process that scores
        yield


@pytest.fixture
def module(tmp_path) -> Path:
    folder = tmp_path / "overlap"
    folder.mkdir()
    (folder / "overlap.py").write_text(MODULE)
    return folder


def case(text: str, target: str, **inputs: str) -> Case:
    return Case(
        Sample("s", inputs, target=target),
        Prompt("s", (), "", (), Decoding()),
        Response("s", text, "eos"),
        TemplateFacts("", "", "", None, "", None, (), {}),
    )


def test_a_local_module_scores_one_answer(module):
    scorer = bind("evaluate", {"path": str(module), "key": "overlap", "scale": 100}, trust_code=True)

    assert [scorer(case(text, "abcd")).value for text in ("abcd", "ab", "", "xyz")] == [1.0, 0.5, 0.0, 0.0]


def test_options_reach_the_module_and_references_may_be_a_field(module):
    options = {"path": str(module), "key": "overlap", "references": "letters", "kwargs": {"percent": False}}

    assert bind("evaluate", options, trust_code=True)(case("ab", "", letters="ab")).value == 1.0


def test_a_figure_outside_0_to_1_is_unscored(module):
    mark = bind("evaluate", {"path": str(module), "key": "overlap"}, trust_code=True)(case("ab", "ab"))

    assert mark.value is None
    assert "100, not in [0, 1]; see `scale`" in mark.reason


def test_a_corpus_figure_is_computed_over_all_answers(module):
    assert CorpusMetric(str(module), "overlap").compute(["ab", "x"], ["ab", "y"]) == 50.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "say which key counts; overlap, n"),
        ({"key": "recall"}, "no recall; overlap, n"),
        ({"key": "overlap", "references": "gold"}, "no field 'gold'; the row has: letters"),
        ({"key": "overlap", "scale": 0.0}, "scale: 0.0 is not above 0"),
    ],
)
def test_a_task_at_fault_is_told_so(module, options, message):
    scorer = bind("evaluate", {"path": str(module), **options}, trust_code=True)

    with pytest.raises(ValueError, match=message):
        scorer(case("ab", "ab", letters="ab"))


def test_a_missing_folder_is_named():
    with pytest.raises(ValueError, match="'./nowhere': no such folder"):
        bind("evaluate", {"path": "./nowhere"}, trust_code=True)(case("a", "a"))


def test_a_module_needs_trust():
    with pytest.raises(TaskError, match="say --trust-code"):
        bind("evaluate", {"path": "./anything"})


def test_json_valid_is_loaded_by_evaluate():
    import evaluate

    module = evaluate.load(str(metric_dir("json_valid")), keep_in_memory=True)
    found = module.compute(predictions=['{"a": 1}', "no"])

    assert (found["score"], found["scores"], found["n_unscored"]) == (0.5, [1.0, 0.0], 0)


def test_options_and_rows_reach_the_scorer():
    import evaluate

    schema = {"type": "object", "required": ["a"]}
    with_schema = evaluate.load(str(metric_dir("json_schema")), keep_in_memory=True)
    letter = evaluate.load(str(metric_dir("letter")), keep_in_memory=True)

    assert with_schema.compute(predictions=['{"a": 1}', "{}"], schema=schema)["scores"] == [1.0, 0.0]
    row = {"choices": ["a river", "a hill"]}
    assert letter.compute(predictions=["(B)", "A"], references=["B", "B"], rows=[row, row])["scores"] == [1.0, 0.0]


def test_every_folder_holds_a_module_of_its_scorer():
    for name in (name for name in METRICS if name in SCORERS):
        text = (metric_dir(name) / f"{name}.py").read_text()
        assert f'describe("{name}")' in text and f'judge("{name}"' in text


def test_a_scorer_that_needs_more_than_text_has_no_module():
    with pytest.raises(TaskError, match="no module 'single_bos'.*json_valid"):
        metric_dir("single_bos")


def test_the_mean_is_that_of_the_scores_by_weight():
    found = judge("json_fields", ['{"a": 1}', "{}"], ['{"a": 1}', '{"a": 1, "b": 2, "c": 3}'])

    assert found["scores"] == [1.0, 0.0]
    assert found["score"] == pytest.approx(2 / 5)


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="2 predictions, 1 references, 2 rows"):
        judge("exact", ["a", "b"], ["a"])
