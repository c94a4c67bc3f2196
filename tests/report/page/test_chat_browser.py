"""Dialogues, thinking, judges and images in a real browser: shown apart, found by filters, and text all the same."""

from dataclasses import replace

import pytest
from chat_runs import chat_report, chat_run, picture, png
from page_runs import page_run, sample

EVIL = "</script><script>window.pwned=1</script><img src=x onerror='window.pwned=1'>\u202e**bold**"


def opened(visit, run, one=0, report=None):
    page = visit(run, report=report or chat_report(run), fragment=f"#samples?sample=sums/{one:016x}")
    page.wait_for_selector("#answer-3")
    return page


def test_a_dialogue_is_a_conversation_with_its_calls_results_ending_and_world(visit):
    page = opened(visit, chat_run(result="error: no such city"))
    shown = page.inner_text("#answer-1")

    assert page.locator("#answer-1 .round").count() == 2
    parts = [
        "round 1",
        "calls weather",
        "Oslo",
        "round 2",
        "result of weather",
        "error: no such city",
        "2 messages of the",
    ]
    parts += ["The answer is 0", "ended: rounds, 1 calls failed"]
    places = [shown.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)
    assert page.locator("#answer-1 .result .badge").inner_text() == "error"
    page.get_by_text("the world after the last call").first.click()
    assert '"n": 1' in page.inner_text("#answer-1")


def test_judgements_stand_under_the_answer_folded(visit):
    page = opened(visit, chat_run())
    title = page.locator("#answer-2 .judgements summary")

    assert title.inner_text() == "judge small on clean_stop, shown first against target"
    title.click()
    assert "I give sft 7." in page.inner_text("#answer-2")


def test_samples_are_found_by_verdict_and_by_ending(visit):
    page = visit(chat_run(12), report=chat_report(chat_run(12)), fragment="#samples")

    page.select_option("#f-ending", "rounds")
    assert page.inner_text("#status") == "12 of 12 samples"
    page.select_option("#f-candidate", "sft")
    assert page.inner_text("#status") == "0 of 12 samples"
    page.click("#f-clear")
    page.select_option("#f-scorer", "exact")
    page.select_option("#f-candidate", "sft")
    page.select_option("#f-verdict", "wrong tool")
    n_found = int(page.inner_text("#status").split()[0])
    assert 0 < n_found < 12
    page.click("#to-overview")
    page.locator("#why a[href*='candidate=sft'][href*='wrong']").first.click()
    assert page.inner_text("#status").startswith(f"{n_found} of 12")


def test_a_run_without_dialogues_and_verdicts_has_no_filters_for_them(visit):
    page = visit(page_run(3), fragment="#samples")

    assert not page.is_visible("#f-ending")
    assert not page.is_visible("#f-verdict")


def test_thinking_is_folded_apart_from_the_answer(visit):
    text = "<think>Two and two.</think>\n\nThe answer is 4"
    page = opened(visit, page_run(2, reply=lambda number, who: text))

    assert page.locator("#answer-1 details summary").first.inner_text() == "thinking, 12 characters"
    assert page.locator("#answer-1 > pre").inner_text() == "The answer is 4"


@pytest.mark.parametrize("text", [EVIL, "a\ud800\x00b", "x " * 5_000_000], ids=["markup", "surrogate", "long"])
def test_what_tools_models_and_judges_say_stays_text_and_bounded(visit, tmp_path, text):
    page = opened(visit, chat_run(2, result=text, words=text))
    for summary in page.locator("#answer-2 summary").all():
        summary.click()

    assert page.evaluate("window.pwned") is None
    assert page.locator("main img, main script, #sample a").count() == 0
    assert not set(page.inner_text("#answer-2")) & set("\u202e\x00\ud800")
    if text == EVIL:
        assert page.inner_text("#answer-2").count("window.pwned=1") >= 6
    if len(text) > 1000:
        assert len(page.inner_text("#answer-2")) < 200_000
        assert "more characters, in responses.jsonl" in page.inner_text("#answer-2")


def test_small_images_are_shown_and_others_are_named(visit):
    small, large = picture(png()), picture(png() + b"\0" * 400_000)
    fake = picture(b"<svg onload='window.pwned=1'>", "image/png")
    drawn = picture(b"<svg/>", "image/svg+xml")
    kept = [small, large, fake, drawn]
    content = [{"type": "text", "text": "What is it?"}]
    content += [{"type": "image", "sha256": one.sha256} for one in kept] + [{"type": "image", "sha256": "no such one"}]
    one = replace(sample(0), messages=({"role": "user", "content": content},), images=tuple(kept))
    page = visit(page_run(samples=[one]), fragment=f"#samples?sample=sums/{one.id}")
    page.wait_for_selector("#sample figure img")

    image = page.locator("#sample figure img")
    assert image.count() == 1
    page.wait_for_function("document.querySelector('#sample figure img').naturalWidth === 2")
    words = page.inner_text("#sample")
    for part in ("bytes, more than a page shows", "the file is no image/png", "no type of image", "not in this page"):
        assert part in words
    assert page.evaluate("window.pwned") is None
