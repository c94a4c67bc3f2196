"""Fields of a row, by their name."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chateval.errors import DataError


class FieldSpec(BaseModel):
    """The name of a field of the row."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    field: str


class ExpressionSpec(BaseModel):
    """A Jinja expression over the fields of the row that yields a list."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    expression: str = Field(min_length=1)


def field_of(row: Mapping[str, Any], name: str, where: str) -> Any:
    """Return a field of a row.

    Raises:
        DataError: If the row does not have it.
    """
    if name not in row:
        raise DataError(f"{where}: field {name!r} is missing; the row has: {', '.join(sorted(row))}")
    return row[name]
