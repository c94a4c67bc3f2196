import json

import pytest

from chateval.template.answer.literals import to_json
from chateval.template.answer.values import CutOffError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("()", {}),
        ("(a=1, b=-2.5, c=+3e2,)", {"a": 1, "b": -2.5, "c": 300}),
        ("(a=True, b=None, c=false, d=null)", {"a": True, "b": None, "c": False, "d": None}),
        (r"(a='it\'s', b=\"x\ny\")".replace('\\"', '"'), {"a": "it's", "b": "x\ny"}),
        ("(a='''one\n\"two\"''')", {"a": 'one\n"two"'}),
        (r"(a=r'\d+', b='\u00e9\q')", {"a": r"\d+", "b": r"é\q"}),
        ("(a=[1, [2]], b={'k': 'v', \"l\": true})", {"a": [1, [2]], "b": {"k": "v", "l": True}}),
        ("(a=007, b=.5, c=1.)", {"a": 7, "b": 0.5, "c": 1.0}),
        ('{a:x,b:{c:<|"|>it\'s "so"<|"|>}}', {"a": "x", "b": {"c": 'it\'s "so"'}}),
    ],
)
def test_literals_become_json(text, value):
    written, end = to_json(text + " rest", 0, quote='<|"|>')

    assert json.loads(written) == value
    assert end == len(text)


@pytest.mark.parametrize("text", ["(a=1", "(a='b", '{a:<|"|>b', "(a=[1,"])
def test_what_the_text_cuts_off_is_told_apart(text):
    with pytest.raises(CutOffError):
        to_json(text, 0, quote='<|"|>')


@pytest.mark.parametrize("text", ["(a=1]", "(a=b+c)", "(a=1+1)", "(a=lambda: 0)", "(" * 100_000, "(\0)"])
def test_what_is_no_literal_is_refused(text):
    with pytest.raises(ValueError):
        json.loads(to_json(text, 0)[0])
