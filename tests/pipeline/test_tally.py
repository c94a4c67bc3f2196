"""What a tally keeps of the cases that it takes in."""

from chateval.pipeline.mark import Marked
from chateval.pipeline.tally import Tally
from chateval.records import Case, Decoding, Mark, Prompt, Response, Sample, TemplateFacts

SAMPLE = Sample("a", inputs={}, target="1")
FACTS = TemplateFacts("completion", "", "", None, "", None, (), {})


def test_a_repeat_without_a_value_takes_the_sample_from_the_tasks_scorers_and_not_from_the_audit():
    tally = Tally(has_candidates=False)
    for repeat, value in enumerate((1.0, None, 0.0)):
        prompt = Prompt("a", (), "", (), Decoding(), repeat=repeat)
        case = Case(SAMPLE, prompt, Response("a", "1", "eos"), FACTS)
        marks = {name: Mark(value, reason="why") for name in ("number", "clean_stop", "single_bos")}
        tally.take(Marked("sft", "facts", case, marks, frozenset({"number", "clean_stop"})))
    tally.close()

    own, audits = (
        {name: dict(column) for (_, _, name), column in columns.items()} for columns in (tally.means, tally.audits)
    )
    assert own == {"number": {"a": None}, "clean_stop": {"a": None}}
    assert audits == {"clean_stop": {"a": (0.5, 1.0)}, "single_bos": {"a": (0.5, 1.0)}}
