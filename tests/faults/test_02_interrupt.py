"""Fault 2: Ctrl-C once and twice, and SIGTERM, at every stage of a run."""

import signal
import time

import pytest
from fault_checks import check_folder, check_mended, check_store
from fault_points import PAUSE

from chateval.engine import Enough
from chateval.errors import INTERRUPTED

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


def wait_for(running, kind, n=1):
    """Wait until a command has logged so many lines of a kind."""
    deadline = time.monotonic() + 30
    while sum(line[0] == kind for line in running.log()) < n:
        assert time.monotonic() < deadline, running.log()
        time.sleep(0.005)


@BOTH
def test_once_ends_what_is_under_way_and_keeps_it(scene, number):
    whole, _ = scene.undisturbed()
    running = scene.start(seconds=0.2)
    wait_for(running, "asked")
    running.signal(number)
    ended = scene.note(running.wait())

    assert ended.code == INTERRUPTED
    assert len(ended.of("asked")) == len(ended.of("kept")) == 2
    assert "interrupted: ending what is under way; Ctrl-C again stops at once" in ended.err
    assert ended.said == "chateval: interrupted: 2 of 6 answers of base kept; the same command goes on from there"
    check_folder(scene, whole)
    check_store(scene)
    check_mended(scene, whole, 0)


@BOTH
def test_twice_stops_at_once_and_the_store_is_sound(scene, number):
    whole, _ = scene.undisturbed()
    running = scene.start(seconds=10)
    wait_for(running, "asked")
    start = time.monotonic()
    running.signal(number)
    time.sleep(0.1)
    running.signal(number)
    ended = scene.note(running.wait())

    assert time.monotonic() - start < 5
    assert ended.code == INTERRUPTED
    assert ended.said == "chateval: interrupted: 0 of 6 answers of base kept; the same command goes on from there"
    check_folder(scene, whole)
    check_store(scene)
    check_mended(scene, whole, 2)


@BOTH
@pytest.mark.parametrize("stride", [29, pytest.param(5, marks=pytest.mark.slow)])
def test_an_interruption_at_any_point_of_a_run_ends_it_with_the_hint(scene, number, stride):
    whole, n_points = scene.undisturbed()
    for at in range(4, n_points, stride):
        ended = scene.run(points={"at": at, "act": number.name})
        assert ended.code in (INTERRUPTED, 0), (at, ended.err)
        assert "Traceback" not in ended.err, (at, ended.err)
        if ended.code:
            assert ended.said.startswith("chateval: interrupted"), (at, ended.err)
        check_folder(scene, whole)
        check_store(scene)
    check_mended(scene, whole, n_points * 2)


def test_an_interruption_while_it_writes_the_report_leaves_no_run_that_is_read(scene):
    whole, n_points = scene.undisturbed()
    running = scene.start(points={"at": n_points - 8, "act": PAUSE})
    wait_for(running, "paused")
    running.signal(signal.SIGINT)
    ended = scene.note(running.wait())

    assert ended.code == INTERRUPTED
    assert not (scene.out / "SHA256SUMS").exists()
    check_folder(scene, whole)
    check_mended(scene, whole, 0)


def test_a_model_that_is_told_that_it_is_enough_ends_the_answers_that_it_has_begun(tiny_chat):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from chateval.engine.batch import plan_batches
    from chateval.engine.session import Session
    from chateval.records import Decoding, Prompt, TemplateFacts

    model = AutoModelForCausalLM.from_pretrained(tiny_chat)
    tokenizer = AutoTokenizer.from_pretrained(tiny_chat)
    facts = TemplateFacts("completion", "", "", None, "", None, (2,), {})
    prompts = [Prompt(str(n), (), "", (5, 6, 7 + n % 300), Decoding(max_new_tokens=3 + n % 5)) for n in range(400)]
    coming = Session(model, tokenizer, facts, name="m").respond(plan_batches(prompts, n_tokens=512), n_tokens=512)
    answers = list(next(coming))
    try:
        answers += coming.throw(Enough())
        for some in coming:
            answers += some
    except StopIteration:
        pass

    assert 1 < len(answers) < 400
    assert all(response.finish in ("eos", "length") for _, response in answers)
    assert len({prompt.sample_id for prompt, _ in answers}) == len(answers)
