"""One turn of a chat, as every stage hands it on."""

from collections.abc import Mapping
from typing import Any

Message = Mapping[str, Any]
"""`role` and `content`, and what else the chat template of the checkpoint reads."""
