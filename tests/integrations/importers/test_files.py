"""Settings of logs without their secrets, and numbers that are none."""

import pytest

from chateval.errors import DataError
from chateval.integrations.importers.files import parse, without_secrets


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"api_key": "sk-1", "n_tokens": 3}, {"api_key": "[left out]", "n_tokens": 3}),
        ({"a": [{"hf_token": "hf_1"}]}, {"a": [{"hf_token": "[left out]"}]}),
        ("pretrained=m,token=hf_1,dtype=bf16", "pretrained=m,token=[left out],dtype=bf16"),
        ({"token": None, "max_tokens": 5}, {"token": None, "max_tokens": 5}),
    ],
)
def test_secrets_of_a_setting_are_left_out(settings, kept):
    assert without_secrets(settings) == kept


@pytest.mark.parametrize(
    ("text", "value"),
    [("NaN", "NaN"), ("-Infinity", "-Infinity"), ("1e999", "1e999"), ("1e-300", 1e-300), ("1e300", 1e300), ("2", 2)],
)
def test_numbers_that_are_none_are_kept_as_texts(text, value):
    assert parse(text, where="x") == value


@pytest.mark.parametrize("text", ["{", "1" * 5000, "[" * 100_000, b"\xff", ""])
def test_what_is_no_json_is_an_error_with_its_place(text):
    with pytest.raises(DataError, match="^x:3: "):
        parse(text, where="x:3")
