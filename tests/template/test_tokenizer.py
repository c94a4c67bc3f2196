import subprocess
import sys

from chateval.template import open_tokenizer


def test_a_tokenizer_that_is_all_in_its_json_opens_without_torch_and_as_transformers_would(tiny_chat):
    from transformers import AutoTokenizer

    opened = open_tokenizer(tiny_chat)
    theirs = AutoTokenizer.from_pretrained(str(tiny_chat))
    text = "<|im_start|>user\nWhat is  the capital?\n<|im_end|>\n né 東京"

    assert type(opened) is type(theirs)
    assert opened(text)["input_ids"] == theirs(text)["input_ids"]
    assert (opened.special_tokens_map, opened.chat_template) == (theirs.special_tokens_map, theirs.chat_template)


def test_opening_a_tokenizer_that_is_all_in_its_json_imports_no_torch(tiny_chat):
    code = (
        "import sys; from pathlib import Path; from chateval.template import open_tokenizer; "
        f"open_tokenizer(Path({str(tiny_chat)!r})); sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], timeout=120, check=False).returncode == 0
