"""Conditions as data. ``core.mapping.conditions`` gives them their meaning.

``{CLOSE_STATUS: O}`` equal, ``{CLOSE_STATUS: [O, P]}`` one of, ``{GROSS_AMT: {gt: 0}}`` compared,
``{lines: {any: {PO_ID: {blank: false}}}}`` over the rows of a collection; several entries must
all hold. ``any_of``, ``all_of``, ``not`` and ``rule`` combine.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from ml_connector.core.config.values import Model, Name, Scalar, Switch, wrong

OPERATORS = ("eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "blank", "matches")
Quantifier = Literal["any", "all", "none"]
QUANTIFIERS: tuple[Quantifier, ...] = ("any", "all", "none")


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise wrong("a regular expression", f"this is no regular expression: {error}") from None
    return text


class Comparison(Model):
    """Operators on one field; all of them must hold."""

    eq: Scalar = None
    ne: Scalar = None
    in_: Annotated[tuple[Scalar, ...], Field(alias="in", min_length=1)] = ()
    not_in: Annotated[tuple[Scalar, ...], Field(min_length=1)] = ()
    gt: Scalar = None
    gte: Scalar = None
    lt: Scalar = None
    lte: Scalar = None
    blank: Switch | None = None
    matches: Annotated[str, AfterValidator(_regular_expression)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Comparison:
        if not self.model_fields_set:
            raise wrong(f"one of {', '.join(OPERATORS)}", "the comparison is empty")
        return self

    def operations(self) -> dict[str, Any]:
        """The operators in use, by the name they have in the file."""
        return {name: getattr(self, "in_" if name == "in" else name) for name in OPERATORS if self._has(name)}

    def _has(self, name: str) -> bool:
        return ("in_" if name == "in" else name) in self.model_fields_set


class Quantified(Model):
    """A condition on the rows of a collection; exactly one of the three."""

    any_: Annotated[Condition | None, Field(alias="any")] = None
    all_: Annotated[Condition | None, Field(alias="all")] = None
    none_: Annotated[Condition | None, Field(alias="none")] = None

    @model_validator(mode="after")
    def _one_only(self) -> Quantified:
        if [self.any_, self.all_, self.none_].count(None) != 2:
            raise wrong(f"exactly one of {', '.join(QUANTIFIERS)}, each with a condition")
        return self

    def parts(self) -> tuple[Quantifier, Condition]:
        """The quantifier and its condition."""
        for name in QUANTIFIERS:
            condition: Condition | None = getattr(self, f"{name}_")
            if condition is not None:
                return name, condition
        raise wrong("a condition", "the condition is empty")


def _shape(value: Any) -> str:
    """Which of the four forms a test has; decides whose errors the person reads."""
    if isinstance(value, Quantified) or (isinstance(value, dict) and value.keys() & set(QUANTIFIERS)):
        return "Quantified"
    if isinstance(value, Comparison | dict):
        return "Comparison"
    return "list" if isinstance(value, list | tuple) else "value"


Test = Annotated[
    Annotated[Quantified, Tag("Quantified")]
    | Annotated[Comparison, Tag("Comparison")]
    | Annotated[tuple[Scalar, ...], Field(min_length=1), Tag("list")]
    | Annotated[Scalar, Tag("value")],
    Discriminator(_shape),
]


class Condition(Model):
    """Tests by field or collection, all of which must hold, and the combining keys."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Test]
    extra_type: ClassVar[Any] = Test

    any_of: Annotated[tuple[Condition, ...], Field(min_length=1)] = ()
    all_of: Annotated[tuple[Condition, ...], Field(min_length=1)] = ()
    not_: Annotated[Condition | None, Field(alias="not")] = None
    rule: Name | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Condition:
        if not self.model_fields_set and not self.tests:
            raise wrong("at least one test", "the condition is empty")
        return self

    @property
    def tests(self) -> dict[str, Any]:
        """Tests by field or collection name."""
        return self.__pydantic_extra__ or {}


def _rule_shape(value: Any) -> str:
    return "Condition" if isinstance(value, dict | Condition) else "switch"


Rule = Annotated[
    Annotated[Condition, Tag("Condition")] | Annotated[Switch, Tag("switch")], Discriminator(_rule_shape)
]
"""A named condition, or plainly true or false."""


Quantified.model_rebuild()
