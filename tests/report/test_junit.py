"""JUnit XML: it says what the verdicts say, other readers read it, and hostile text stays text."""

from xml.etree import ElementTree

import hand_made
import pytest
from hostile_report import HOSTILE
from junitparser import Error, Failure, JUnitXml, Skipped
from lxml import etree

from chateval.pipeline.against import gate_runs
from chateval.records import Rule, Verdict
from chateval.report.junit import to_junit

XSD = """
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:element name="testsuites"><xs:complexType>
    <xs:sequence><xs:element ref="testsuite" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
    <xs:attributeGroup ref="counts"/>
  </xs:complexType></xs:element>
  <xs:attributeGroup name="counts">
    <xs:attribute name="name" type="xs:string" use="required"/>
    <xs:attribute name="tests" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="failures" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="errors" type="xs:nonNegativeInteger" use="required"/>
    <xs:attribute name="skipped" type="xs:nonNegativeInteger"/>
    <xs:attribute name="time" type="xs:decimal"/>
  </xs:attributeGroup>
  <xs:element name="testsuite"><xs:complexType>
    <xs:sequence>
      <xs:element name="properties" minOccurs="0"><xs:complexType><xs:sequence>
        <xs:element name="property" maxOccurs="unbounded"><xs:complexType>
          <xs:attribute name="name" use="required"/><xs:attribute name="value" use="required"/>
        </xs:complexType></xs:element>
      </xs:sequence></xs:complexType></xs:element>
      <xs:element name="testcase" minOccurs="0" maxOccurs="unbounded"><xs:complexType>
        <xs:choice minOccurs="0">
          <xs:element name="failure" type="result"/>
          <xs:element name="error" type="result"/>
          <xs:element name="skipped" type="result"/>
          <xs:element name="system-out" type="xs:string"/>
        </xs:choice>
        <xs:attribute name="name" use="required"/>
        <xs:attribute name="classname" use="required"/>
        <xs:attribute name="time" type="xs:decimal"/>
      </xs:complexType></xs:element>
    </xs:sequence>
    <xs:attributeGroup ref="counts"/>
  </xs:complexType></xs:element>
  <xs:complexType name="result"><xs:simpleContent><xs:extension base="xs:string">
    <xs:attribute name="message"/><xs:attribute name="type" use="required"/>
  </xs:extension></xs:simpleContent></xs:complexType>
</xs:schema>
"""
"""What readers of JUnit XML agree on, as a schema."""


def report(*verdicts):
    run = hand_made.run({"base": hand_made.share(20, 20), "sft": hand_made.share(2, 20)})
    found = gate_runs([run], [Rule(scorer="*", max_drop=0.02), Rule(template="error")])
    return type(found)(
        **{**{name: getattr(found, name) for name in found.__slots__}, "verdicts": verdicts or found.verdicts}
    )


def parsed(text):
    etree.XMLSchema(etree.fromstring(XSD)).assertValid(etree.fromstring(text.encode()))
    return JUnitXml.fromstring(text)


def test_a_case_for_each_rule_and_checkpoint():
    text = to_junit(report(), name="nightly")

    suites = list(parsed(text))

    assert [(suite.name, [case.name for case in suite]) for suite in suites] == [
        ("sft", ["facts/exact max_drop 0.02", "template error"]),
        ("base", ["template error"]),
    ]
    assert {case.classname for suite in suites for case in suite} == {"nightly.sft", "nightly.base"}


@pytest.mark.parametrize(
    ("outcome", "is_warning", "kinds"),
    [
        ("pass", False, []),
        ("fail", False, [Failure]),
        ("inconclusive", False, [Error]),
        ("inconclusive", True, [Skipped]),
    ],
)
def test_the_outcome_is_the_kind_of_result(outcome, is_warning, kinds):
    [suite] = parsed(to_junit(report(Verdict("r", "sft", outcome, "because", is_warning))))
    [case] = suite

    assert [type(result) for result in case.result] == kinds


def test_a_failure_says_what_was_lost():
    text = to_junit(report())

    assert "no longer right: 18 samples" in text
    assert ElementTree.fromstring(text).get("failures") == "1"  # noqa: S314 - our own text


@pytest.mark.parametrize("text", [*HOSTILE.values(), "\ufffe\uffff"], ids=[*HOSTILE, "no characters"])
def test_hostile_text_stays_text(text):
    whole = to_junit(report(Verdict(text, text, "fail", text)), name=text)

    [suite] = parsed(whole)
    assert len(list(suite)) == 1


def test_equal_reports_make_equal_files():
    assert to_junit(report()) == to_junit(report())
