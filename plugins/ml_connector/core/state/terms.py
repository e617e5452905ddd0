"""What people search by, as expressions that indexes hold and queries repeat word for word.

Nobody types the business unit or the leading zeros of a key: ``US001|00001234`` is found by 1234.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

HIGHEST = "\U0010ffff"
"""Sorts behind every text that begins alike."""


class NumberIn(FunctionElement[str]):
    """What follows a key's first ``|``, without leading zeros, in small letters."""

    type = String()
    inherit_cache = True


class Folded(FunctionElement[str]):
    """A text in small letters, compared byte by byte."""

    type = String()
    inherit_cache = True


@compiles(NumberIn)
def _number_in(element: NumberIn, compiler: SQLCompiler, **kwargs: Any) -> str:
    column = compiler.process(element.clauses, **kwargs)
    return f"lower(ltrim(substr({column}, instr({column}, '|') + 1), '0'))"


@compiles(NumberIn, "postgresql")
def _number_in_postgresql(element: NumberIn, compiler: SQLCompiler, **kwargs: Any) -> str:
    column = compiler.process(element.clauses, **kwargs)
    return f"(lower(ltrim(substr({column}, strpos({column}, '|') + 1), '0')) COLLATE \"C\")"


@compiles(Folded)
def _folded(element: Folded, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"lower({compiler.process(element.clauses, **kwargs)})"


@compiles(Folded, "postgresql")
def _folded_postgresql(element: Folded, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f'(lower({compiler.process(element.clauses, **kwargs)}) COLLATE "C")'
