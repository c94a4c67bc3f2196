"""The file as a whole: one document, in parts, the same for equal runs."""

from dataclasses import replace

from page_runs import page_report, page_run

from chateval.report.page import to_html, to_page, write_page


def test_equal_runs_give_equal_bytes():
    one, two = page_run(30), page_run(30, name="elsewhere")

    assert list(to_page(page_report(one), [one])) == list(to_page(page_report(two), [two]))


def test_the_page_is_what_its_parts_are(tmp_path):
    run = page_run(60)
    report = page_report(run)

    write_page(tmp_path / "deep" / "page.html", report, [run])

    assert (tmp_path / "deep" / "page.html").read_text("utf-8") == "".join(to_page(report, [run]))
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["page.html"]


def test_the_runs_of_a_comparison_are_named():
    one, two = page_run(2, name="main"), page_run(2, name="branch")
    named = tuple(replace(one.checkpoints[0], name=name) for name in ("base", "branch/base"))

    found = "".join(to_page(replace(page_report(one), checkpoints=named, flips=()), [one, two]))

    assert "run main of chateval 0.1.0 (torch 2.13.0); run branch of" in found


def test_what_is_left_out_of_a_large_run_is_said():
    run = page_run(12)
    found = "".join(to_page(page_report(run), [run], max_raw=2_000))

    assert "of 4 samples that did not flip, prompts, ids" in found
    assert "left out of this page" not in "".join(to_page(page_report(run), [run])).split("<script>")[0]


def test_a_report_alone_has_no_samples():
    found = to_html(page_report(page_run(2)))

    assert '<a href="#samples" id="to-samples" hidden>' in found
