"""Text of others in the cells of a spreadsheet."""

import re

_FORMULA = re.compile(r"\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?\s*%?")


def as_cell(text: str) -> str:
    """Return text with an apostrophe before it where a spreadsheet would take it for a formula; numbers stay.

    Source:
        https://owasp.org/www-community/attacks/CSV_Injection
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
