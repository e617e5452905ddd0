"""Turns source documents into target documents, as the mapping files say. No I/O happens here.

``compile_mapping`` once per run, then for each page: ``references`` of its documents, the
crosswalk entries loaded in bulk, and ``apply`` for each document.
"""

from ml_connector.core.mapping.compiled import CompiledMapping, compile_mapping
from ml_connector.core.mapping.conditions import compile_condition
from ml_connector.core.mapping.results import (
    Crosswalk,
    CrosswalkKey,
    Facts,
    Hold,
    Mapped,
    Refusal,
    Refused,
    Result,
    Waiting,
)

__all__ = [
    "CompiledMapping",
    "Crosswalk",
    "CrosswalkKey",
    "Facts",
    "Hold",
    "Mapped",
    "Refusal",
    "Refused",
    "Result",
    "Waiting",
    "compile_condition",
    "compile_mapping",
]
