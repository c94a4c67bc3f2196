"""The page in a real browser: it asks no network, runs no script of a model, and stays quick."""

import time
from dataclasses import replace

import pytest
from page_runs import NAMES, answered, page_report, page_run, sample

from chateval.records import Sample
from chateval.report.page import to_page

SECONDS = 0.2
"""Within which a filter answers on an idle machine."""
LOAD = 4
"""How much slower a loaded machine may be."""
EVIL = "</script><script>window.pwned=1</script><img src=x onerror='window.pwned=1'>[x](javascript:window.pwned=1)"


def status(page):
    return page.inner_text("#status")


def test_filters_and_search_narrow_the_list_and_are_kept_in_the_address(visit):
    page = visit(page_run(30), fragment="#samples")
    assert status(page) == "30 of 30 samples"

    page.select_option("#f-flip", "lost")
    assert status(page) == "2 of 30 samples"
    page.select_option("#f-flip", "")
    page.select_option("#f-tag", "hard")
    page.select_option("#f-finish", "length")
    assert status(page) == "5 of 30 samples"
    page.fill("#f-q", "PLUS 29")
    assert status(page) == "1 of 30 samples"
    assert "tag=hard&finish=length" in page.url

    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert status(page) == "1 of 30 samples"
    page.click("#f-clear")
    assert status(page) == "30 of 30 samples"


def test_causes_candidates_and_order_are_those_of_the_flips(visit):
    page = visit(page_run(30), fragment="#samples?candidate=lora&cause=truncated&sort=worst")

    assert "of 30 samples" in status(page)
    assert page.locator(".item").first.inner_text().startswith("What is 24 plus 24?")
    assert page.locator(".item .lost").first.inner_text() == "▼ sft 0"


def test_keys_walk_through_the_samples(visit):
    page = visit(page_run(5))

    page.keyboard.press("s")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.inner_text("#sample h2") == f"sums/{1:016x}"
    page.keyboard.press("k")
    page.wait_for_function("document.querySelector('#sample h2').textContent.endsWith('0000')")
    page.keyboard.press("2")
    assert page.evaluate("document.activeElement.id") == "answer-2"
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("Escape")
    assert not page.is_visible("#help")
    page.keyboard.press("Escape")
    assert not page.is_visible("#sample")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "f-q"


def test_a_link_opens_its_sample_with_differences_and_special_tokens_marked(visit):
    page = visit(page_run(5), fragment=f"#samples?sample=sums%2F{1:016x}")
    page.wait_for_selector("#answer-2 ins")

    assert page.locator("#answer-2 del").all_inner_texts() == ["3", "think"]
    assert page.locator("#answer-2 ins").all_inner_texts() == ["2", "am sure"]
    assert "why 1" in page.inner_text("#answer-1")
    page.keyboard.press("x")
    assert page.locator("#sample mark.special").all_inner_texts()[:2] == ["<|im_start|>", "<|im_end|>"]
    page.keyboard.press("i")
    assert page.inner_text("#sample section:last-of-type .ids") == "0 1 2 3 4 5 6"


def test_prompts_that_differ_are_said_to(visit):
    one = sample(0)
    answers = [answered(one, who, "x", prompt=f"<s>{one.id}{' ' if who == 'sft' else ''}[/INST]") for who in NAMES]
    page = visit(replace(page_run(1), answers=answers), fragment=f"#samples?sample=sums/{one.id}")
    page.wait_for_selector("#answer-1")

    assert "prompts differ:" in page.inner_text("#sample")
    page.get_by_role("button", name="sft", exact=True).click()
    page.keyboard.press("x")
    assert page.locator("#sample ins").count() == 1


@pytest.mark.parametrize(
    "text",
    [EVIL, "\u202egnp.exe", "a\x00b", "a\ud800b", "x " * 500_000],
    ids=["script", "direction", "nul", "surrogate", "long"],
)
def test_text_of_a_model_stays_text(visit, text):
    one = sample(0, question=text, tags=(text[:300],))
    run = page_run(samples=[one, sample(1)], reply=lambda number, who: text + who)
    run = replace(run, scores=tuple(replace(score, answer=text, reason=text) for score in run.scores))
    page = visit(run, fragment=f"#samples?sample=sums/{one.id}")
    page.wait_for_selector("#answer-3")
    shown = page.inner_text("#answer-2")

    assert page.evaluate("window.pwned") is None
    assert page.locator("main img, main script, #sample a").count() == 0
    assert not set(shown) & set("\u202e\x00\ud800")
    if text == EVIL:
        assert EVIL in shown
    page.keyboard.press("x")
    assert page.evaluate("window.pwned") is None


def test_a_sample_of_which_only_scores_are_known_can_be_opened(visit):
    bare = {f"{number:016x}": Sample(f"{number:016x}", {}) for number in range(3)}
    run = replace(page_run(3), answers=(), samples={"sums": bare}, manifest={})
    page = visit(run, report=page_report(page_run(3)), fragment=f"#samples?sample=sums/{1:016x}")
    page.wait_for_selector("#answer-3")

    assert "no answer" in page.inner_text("#answer-1")
    assert "why 1" in page.inner_text("#answer-1")


def test_what_is_left_out_of_a_large_run_is_said_where_it_is_missed(browser, tmp_path):
    run = page_run(12)
    path = tmp_path / "page.html"
    path.write_text("".join(to_page(page_report(run), [run], max_raw=2_000)), "utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{path.as_uri()}#samples?flip=none")
    page.wait_for_selector("body[data-ready]")
    page.keyboard.press("j")
    page.wait_for_selector("#answer-3")

    assert "The prompt is left out of this page" in page.inner_text("#sample")
    assert "The answer is" in page.inner_text("#answer-1")
    context.close()


def test_ten_thousand_samples_of_three_checkpoints_are_filtered_at_once(visit, tmp_path):
    start = time.monotonic()
    page = visit(page_run(10_000), fragment="#samples")
    opened = time.monotonic() - start

    took = []
    for name, wanted in (
        ("q", "9999"),
        ("q", ""),
        ("flip", "won"),
        ("sort", "worst"),
        ("tag", "hard"),
        ("finish", "eos"),
    ):
        field = page.locator(f"#f-{name}")
        field.fill(wanted) if name == "q" else field.select_option(wanted)
        took.append(int(page.get_attribute("#samples", "data-milliseconds")) / 1000)
    print(f"opened in {opened:.1f} s; filters took {took} s; {(tmp_path / 'report.html').stat().st_size:,} bytes")

    assert max(took) < SECONDS * LOAD
    assert page.locator(".item").count() < 60
    assert (tmp_path / "report.html").stat().st_size < 40_000_000


@pytest.mark.parametrize("fragment", ["", "#samples", f"#samples?sample=sums/{1:016x}"])
def test_on_a_phone_nothing_is_wider_than_the_screen(visit, fragment):
    page = visit(page_run(20), fragment=fragment, viewport={"width": 390, "height": 844})
    page.wait_for_timeout(100)

    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_theme_follows_the_system_and_the_switch(visit):
    page = visit(page_run(2), color_scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)

    page.click("#theme")

    assert page.inner_text("#theme") == "theme: light"
    assert page.evaluate(ground) == "rgb(255, 255, 255)" != dark


def test_printed_the_page_is_the_report_without_its_controls(visit):
    page = visit(page_run(2))
    page.emulate_media(media="print")

    assert not page.is_visible(".bar")
    assert page.is_visible("#scores")


def test_without_a_script_the_overview_stands_alone(browser, visit, tmp_path):
    visit(page_run(12))
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tmp_path / "report.html").as_uri())

    assert "base" in page.inner_text("h1")
    assert page.is_visible("#flips")
    assert page.is_visible(".notice")
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_every_checkpoint_stands_in_the_list_at_any_width(visit, width):
    found = page_run(4)
    names = {name: f"{name}-after-a-long-training" for name in NAMES}
    run = replace(
        found,
        baseline=names["base"],
        checkpoints=tuple(replace(one, name=names[one.name]) for one in found.checkpoints),
        scores=tuple(replace(one, checkpoint=names[one.checkpoint]) for one in found.scores),
        answers=[replace(one, checkpoint=names[one.checkpoint]) for one in found.answers],
    )
    report = replace(page_report(found), baseline=run.baseline, checkpoints=run.checkpoints, comparisons=(), flips=())
    page = visit(run, report=report, fragment="#samples", viewport={"width": width, "height": 900})

    item = page.locator(".item").first.bounding_box()
    for name in page.locator(".item").first.locator(".values span").all():
        box = name.bounding_box()
        assert box["x"] + box["width"] <= item["x"] + item["width"]
        assert box["y"] + box["height"] <= item["y"] + item["height"]
    second = page.locator(".item").nth(1).bounding_box()
    assert second["y"] == pytest.approx(item["y"] + item["height"], abs=1)


def test_on_a_phone_every_score_is_in_sight_with_its_checkpoint(visit):
    page = visit(page_run(6), viewport={"width": 390, "height": 844})

    for cell in page.locator("#scores .cell:not(i)").all():
        box = cell.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    assert page.locator("#scores .who:visible").count() == len(NAMES) * 2
