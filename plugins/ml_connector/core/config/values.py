"""Types that several configuration models share: names, durations, cadences, time zones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PrivateAttr,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ml_connector.core.config.yamlfile import YamlFile

_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CRON_WORDS = {"@hourly", "@daily", "@weekly", "@monthly", "@yearly"}

DURATION_EXPECTED = "a duration such as 90s, 15m, 2h, 1d or 1w"
CADENCE_EXPECTED = 'a duration such as 15m, or a cron expression of five fields such as "*/15 * * * *"'


class Model(BaseModel):
    """Base of all configuration models: immutable, and unknown keys are mistakes."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        coerce_numbers_to_str=True,
        validate_by_alias=True,
        validate_by_name=False,
        serialize_by_alias=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )
    _file: YamlFile | None = PrivateAttr(default=None)

    @property
    def file(self) -> YamlFile | None:
        """The file this was read from; known for whole files only."""
        return self._file

    def placed_in(self, file: YamlFile) -> Self:
        """Remember the file, so that later checks can name its lines."""
        self._file = file
        return self


def wrong(expected: str, message: str | None = None) -> PydanticCustomError:
    """The error a validator raises; ``expected`` is what the person reads."""
    return PydanticCustomError("wrong", "{message}", {"message": message or "", "expected": expected})


def parse_duration(value: Any) -> timedelta:
    """``90s``, ``15m``, ``2h``, ``1d``, ``1w`` as a timedelta."""
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise wrong(DURATION_EXPECTED)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def duration_text(value: timedelta) -> str:
    """Inverse of :func:`parse_duration`, in the largest unit that fits."""
    seconds = int(value.total_seconds())
    for unit, size in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _parse_cadence(value: Any) -> timedelta | str:
    if isinstance(value, timedelta) or (isinstance(value, str) and _DURATION.fullmatch(value)):
        return parse_duration(value)
    if isinstance(value, str) and is_cron(value):
        return value
    raise wrong(CADENCE_EXPECTED)


def is_cron(text: str) -> bool:
    """Five fields, or one of the ``@daily`` words: what Airflow's cron schedules take."""
    return text in _CRON_WORDS or (len(text.split()) == 5 and croniter.is_valid(text))


def _cadence_text(value: timedelta | str) -> str:
    return duration_text(value) if isinstance(value, timedelta) else value


def _known_zone(value: Any) -> str:
    expected = "an IANA time zone such as America/New_York"
    if not isinstance(value, str):
        raise wrong(expected)
    try:
        ZoneInfo(value)
    except (LookupError, ValueError, OSError):
        raise wrong(expected) from None
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,5}[smhdw]$", "examples": ["15m", "1d"]}),
]
Cadence = Annotated[
    timedelta | str,
    BeforeValidator(_parse_cadence),
    PlainSerializer(_cadence_text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["15m", "*/15 * * * *"]}),
]
TimeZone = Annotated[str, BeforeValidator(_known_zone), WithJsonSchema({"type": "string"})]


@dataclass(frozen=True)
class Form:
    """The form of a text, explained in words where a value does not have it."""

    pattern: str
    expected: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        form = re.compile(self.pattern)

        def check(text: str) -> str:
            if not form.fullmatch(text):
                raise wrong(self.expected)
            return text

        return core_schema.no_info_after_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$"}


Name = Annotated[
    str, Form(r"[a-z][a-z0-9_]{0,62}", "a name of small letters, digits and _ such as gl_accounts")
]
"""A name that the product gives: tenant, flow, dataset, state, value map, rule."""

FlowName = Annotated[
    str, Form(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*", "an integration and a flow such as bill.bills")
]
REVERSE = "~"
"""Stands before the name of a crosswalk that is asked for the key of a target id."""

FieldName = Annotated[str, Form(r"[A-Za-z_][A-Za-z0-9_]*", "a field name such as GROSS_AMT")]
"""A field of a source document."""

UnitName = Annotated[
    str, Form(r"[^\s,|]{1,20}", "a business unit or SETID such as US001, without blanks, commas and |")
]
"""A comma cannot be escaped in a query's prompts, and ``|`` joins keys."""

ConnectionId = Annotated[
    str, Form(r"[A-Za-z0-9_.\-]{1,200}", "the id of an Airflow connection such as demo__bill")
]
QueryName = Annotated[str, Form(r"[A-Z0-9_]{1,30}", "a query name of up to 30 capitals, digits and _")]


def _is_scalar(value: Any) -> Any:
    if value is not None and not isinstance(value, str | int | bool):
        raise wrong("a single value: text, whole number, true or false")
    return value


Text = Annotated[str, StringConstraints(min_length=1)]
Switch = StrictBool
"""Only ``true`` and ``false``: words such as ``yes`` and ``on`` are text in our dialect."""

Scalar = Annotated[str | int | bool | None, BeforeValidator(_is_scalar)]
