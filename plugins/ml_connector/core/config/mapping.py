"""The mapping file: how a source document becomes a target document.

``core.mapping`` compiles these models; this module only knows their form.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from ml_connector.core.config.conditions import Condition, Rule
from ml_connector.core.config.values import (
    REVERSE,
    FieldName,
    FlowName,
    Form,
    Model,
    Name,
    Scalar,
    Switch,
    Text,
    wrong,
)

ValueType = Literal["text", "money", "decimal", "integer", "date", "boolean"]
_STEPS = r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*"
KINDS = ("from", "const", "by_state", "template", "crosswalk", "each", "sum")


def _decimal(value: Any) -> Decimal:
    try:
        if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
            number = Decimal(value)
            if number.is_finite():
                return number
    except ArithmeticError:
        pass  # told below, in one place
    raise wrong('a decimal number such as "0.05"')


Path = Annotated[
    str, Form(_STEPS, "the name of a field such as GROSS_AMT, parent.DESCR or document.VOUCHER_ID")
]
"""``NAME``, ``parent.NAME``, ``document.NAME``, ``<named row>.NAME``; sums: ``lines.NAME``."""

SignedPath = Annotated[str, Form(f"-?{_STEPS}", "the name of a field, with - before it to turn its sign")]
TargetName = Annotated[str, Form(_STEPS, "the name of a field of the target such as invoice.invoiceNumber")]
Paths = Path | Annotated[tuple[Path, ...], Field(min_length=1)]
DecimalText = Annotated[
    Decimal,
    BeforeValidator(_decimal),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}),
]
Positive = Annotated[int, Field(ge=1, strict=True)]
StateNames = Annotated[tuple[Name, ...], Field(min_length=1)]


def as_paths(paths: str | tuple[str, ...]) -> tuple[str, ...]:
    """One path or several, as several."""
    return (paths,) if isinstance(paths, str) else paths


class NamedRow(Model):
    """One row of a collection, by a name under which its fields can be used.

    The first row (in the collection's key order) for which ``where`` holds and whose fields equal
    the document's fields named in ``match``, or the last one (``take: last``). Where none does: the
    first row for which at least ``where`` holds (``otherwise: first``), or a row whose fields are blank.
    """

    of: Path
    where: Condition | None = None
    match: dict[FieldName, Path] = Field(default_factory=dict)
    otherwise: Literal["first", "none"] = "none"
    take: Literal["first", "last"] = "first"


class Operand(Model):
    """A number in a check: a field, a sum over rows or a constant, with others added or taken off."""

    field: Path | None = None
    sum: Path | None = None
    value: DecimalText | None = None
    plus: Paths = ()
    minus: Paths = ()

    @model_validator(mode="after")
    def _one_only(self) -> Self:
        if [self.field, self.sum, self.value].count(None) != 2:
            raise wrong("exactly one of field, sum, value")
        return self


class Check(Model):
    """Numbers that must be equal, or the document is rejected with ``message``.

    Holds for the states named; by default for all that are not ``absent``.
    """

    equal: Annotated[tuple[Operand, ...], Field(min_length=2)]
    tolerance: DecimalText = Decimal(0)
    message: Text
    field: Text | None = None
    when: Condition | None = None
    states: StateNames | None = None


class State(Model):
    """A state of the target document and when it is wanted. The first that fits is taken.

    ``absent``: not there; ``reject`` and ``hold``: the document goes no further, for this reason.
    ``known``: only for documents that the target has already; nothing is created in this state.
    ``releasable``: the held document is made ready all the same, and a person may let it go as it is.
    """

    state: Name
    when: Condition | None = None
    known: Switch = False
    absent: Switch = False
    reject: Text | None = None
    hold: Text | None = None
    releasable: Switch = False

    @model_validator(mode="after")
    def _one_only(self) -> Self:
        if (self.absent, self.reject is not None, self.hold is not None).count(True) > 1:
            raise wrong("at most one of absent, reject, hold")
        if self.releasable and self.hold is None:
            raise wrong("releasable only together with hold")
        return self


class MappingField(Model):
    """One field of the target: exactly one of the kinds, and what to do with its value."""

    from_: Annotated[Paths | None, Field(alias="from")] = None
    const: Scalar = None
    by_state: dict[Name, Scalar] = Field(default_factory=dict)
    template: Text | None = None
    crosswalk: FlowName | None = None
    key: Text | None = None
    reverse: Switch = False
    each: Path | None = None
    fields: dict[TargetName, MappingField] = Field(default_factory=dict)
    append: tuple[Appended, ...] = ()
    sum: Path | None = None

    type: ValueType | None = None
    map: Name | None = None
    negate: Switch = False
    default: Scalar = None
    required: Switch = False
    optional: Switch = False
    sent: Switch = True
    min_length: Positive | None = None
    max_length: Positive | None = None
    shorten: Literal["hash"] | None = None
    where: Condition | None = None
    when: Condition | None = None
    states: StateNames | None = None

    @property
    def kind(self) -> str:
        """Which of the kinds this is."""
        return self._kinds()[0]

    def in_state(self, state: str) -> MappingField | None:
        """The field as it is in one state; None where it is not there then."""
        if self.states is not None and state not in self.states:
            return None
        if self.kind != "by_state":
            return self
        return self.model_copy(update={"const": self.by_state[state]}) if state in self.by_state else None

    @property
    def crosswalk_name(self) -> str:
        """Name under which the crosswalk's entries are looked up, by key or by target id."""
        return f"{REVERSE}{self.crosswalk}" if self.reverse else self.crosswalk or ""

    @property
    def has_default(self) -> bool:
        """Whether the file gives a default; ``""`` and null are defaults too."""
        return "default" in self.model_fields_set

    def _kinds(self) -> list[str]:
        given = self.model_fields_set
        return [kind for kind in KINDS if ("from_" if kind == "from" else kind) in given]

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if len(kinds := self._kinds()) != 1:
            found = f"it has {' and '.join(kinds)}" if kinds else "it has none"
            raise wrong(f"exactly one of {', '.join(KINDS)}", found)
        needs = {"crosswalk": "key", "each": "fields"}.get(kinds[0])
        if needs and not getattr(self, needs):
            raise wrong(f"{kinds[0]} together with {needs}", f"{kinds[0]} needs {needs}")
        for name, owners in _ONLY_WITH.items():
            if name in self.model_fields_set and kinds[0] not in owners:
                raise wrong(f"{name} only together with {' or '.join(owners)}", f"{name} has no meaning here")
        return self

    @model_validator(mode="after")
    def _lengths(self) -> Self:
        if self.min_length and self.max_length and self.min_length > self.max_length:
            raise wrong("min_length <= max_length", "the lengths are out of order")
        if self.shorten and (self.max_length or 0) < 16:
            raise wrong("max_length of 16 or more together with shorten", "shorten needs room for its hash")
        return self


_ONLY_WITH = {
    "key": ("crosswalk",),
    "reverse": ("crosswalk",),
    "optional": ("crosswalk",),
    "sent": ("crosswalk",),
    "fields": ("each",),
    "append": ("each",),
    "where": ("each", "sum"),
}


class Appended(Model):
    """A row put behind those of ``each``; its names are those of the level around ``each``."""

    when: Condition | None = None
    fields: Annotated[dict[TargetName, MappingField], Field(min_length=1)]


class Mapping(Model):
    """A mapping file.

    ``select: all``: documents outside the dataset's selection are mapped like the others, and only those
    that are gone from the source get the last state.
    """

    mapping: Name
    flow: FlowName
    dataset: Name
    description: str | None = None
    enabled: Switch = True
    select: Literal["dataset", "all"] = "dataset"
    label: Text
    amount: SignedPath | None = None
    currency: Path | None = None
    status: Path | None = None
    party: Text | None = None
    reference: Text | None = None
    rules: dict[Name, Rule] = Field(default_factory=dict)
    value_maps: dict[Name, dict[str, Scalar]] = Field(default_factory=dict)
    rows: dict[Name, NamedRow] = Field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    states: Annotated[tuple[State, ...], Field(min_length=1)]
    fields: Annotated[dict[TargetName, MappingField], Field(min_length=1)]

    @property
    def fallback(self) -> State:
        """The state of a document that fits no other, or that the dataset does not select."""
        return self.states[-1]
