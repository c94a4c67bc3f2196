"""Verdicts as JUnit XML: a suite for each checkpoint, a test case for each rule."""

import re
from typing import TYPE_CHECKING

from chateval.records import Report, Verdict
from chateval.report.why import why_failed
from chateval.report.words import visible

if TYPE_CHECKING:
    from junitparser import Error, Failure, Skipped

_NO_XML = re.compile("[\ufffe\uffff]")
"""What `visible` lets through and XML 1.0 does not."""


def to_junit(report: Report, *, name: str = "chateval") -> str:
    """Return the verdicts as JUnit XML: a fail is a failure, an inconclusive an error, a warning is skipped.

    It holds no time, so that equal reports make equal files.

    Args:
        report: With verdicts.
        name: Of the whole file, for a system that collects several.

    Source:
        https://github.com/windyroad/JUnit-Schema
    """
    from junitparser import JUnitXml, TestCase, TestSuite

    whole = JUnitXml(_clean(name))
    for checkpoint in dict.fromkeys(verdict.checkpoint for verdict in report.verdicts):
        suite = TestSuite(_clean(checkpoint))
        suite.add_property("baseline", _clean(report.baseline))
        for verdict in report.verdicts:
            if verdict.checkpoint == checkpoint:
                case = TestCase(_clean(verdict.rule), classname=_clean(f"{name}.{checkpoint}"), time=0)
                if verdict.outcome != "pass":
                    case.result = [_result(report, verdict)]
                else:
                    case.system_out = _clean(verdict.reason)
                suite.add_testcase(case)
        whole.add_testsuite(suite)
    whole.update_statistics()  # type: ignore[no-untyped-call]
    text: bytes = whole.tostring()  # type: ignore[no-untyped-call]
    return text.decode("utf-8") + "\n"


def _result(report: Report, verdict: Verdict) -> "Error | Failure | Skipped":
    from junitparser import Error, Failure, Skipped

    kind = Skipped if verdict.is_warning else Failure if verdict.outcome == "fail" else Error
    result = kind(_clean(verdict.reason), verdict.outcome)
    result.text = _clean("\n".join([verdict.reason, *why_failed(report, verdict)]))
    return result


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", visible(text))
