"""Scorer for the last answer of a dialogue: does it say what the tools told?"""

from typing import Any

from chateval.records import Case, Mark
from chateval.score.contain import contains_all


def final_answer(case: Case, *, field: str = "answer") -> Mark:
    """Look for what the row says in the last answer of a dialogue; words are compared as `contains_answer` does.

    Args:
        case: The response and the sample. The row's `field` is a text or a list of texts that must all occur as whole
            words; nothing of its field `wrong`, where there is one, may.
        field: Name of that field.

    Returns:
        1.0 if all of it occurs, else 0.0; a dialogue whose last answer is a call has none.

    Raises:
        ValueError: If the row has no such texts.
    """
    given: Any = case.sample.inputs.get(field)
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"the row's field {field} must be a text or a list of texts")
    dialogue = case.response.dialogue
    if dialogue is not None and dialogue.rounds[-1].calls:
        return Mark(0.0, reason="the last answer is a call")
    return contains_all(case, texts)
