import pytest

from chateval.template.answer.nested import nested_value
from chateval.template.answer.records import UnreadableError

SCHEMA = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "n": {"type": "array", "items": {"type": "integer"}}},
}


def test_tags_become_lists_and_objects_with_the_types_of_the_schema():
    text = "@<id>7@</id>@<n>@<item>1@</item>@<item>2@</item>@</n>@<p><b>x</b>@</p>"

    assert nested_value(text, "@", SCHEMA) == {"id": "7", "n": [1, 2], "p": "<b>x</b>"}


@pytest.mark.parametrize("text", ["@<a>", "@</a>", "@<a>@<b>@</a>@</b>", "@<a>" * 100_000])
def test_tags_that_do_not_match_are_refused(text):
    with pytest.raises(UnreadableError):
        nested_value(text, "@", None)
