"""Column types: their names at every place, and what can be done with them."""

from __future__ import annotations

from dataclasses import dataclass

_FILLED = frozenset({"is_empty", "is_not_empty"})
_TERMS = frozenset({"contains_text", "contains_terms"})
_ANY = _FILLED | {"any_of", "not_any_of"}
_TEXT = _ANY | _TERMS | {"not_contains_text", "starts_with"}
_COMPARED = frozenset({"greater_than", "greater_than_or_equals", "lower_than", "lower_than_or_equal"})


@dataclass(frozen=True)
class Kind:
    """One column type.

    Attributes:
        graphql: type of its value.
        prefix: start of the ids that the service makes up.
        inner: the name in `error_data.column_type`.
        rules: operators of items_page that are not refused.
        by_values: accepted by items_page_by_column_values.
        bulk: may be a header of a bulk import; `match`: may be its match column.
    """

    graphql: str
    prefix: str
    inner: str
    rules: frozenset[str] = frozenset()
    by_values: bool = False
    bulk: bool = False
    match: bool = False


KINDS = {
    "name": Kind("TextValue", "name", "name", _TEXT, by_values=True, match=True),
    "text": Kind("TextValue", "text_", "text", _TEXT, by_values=True, bulk=True, match=True),
    "long_text": Kind(
        "LongTextValue", "long_text_", "long-text", _TEXT, by_values=True, bulk=True, match=True
    ),
    "numbers": Kind(
        "NumbersValue",
        "numeric_",
        "numeric",
        _COMPARED | _ANY | _TERMS,
        by_values=True,
        bulk=True,
        match=True,
    ),
    "status": Kind("StatusValue", "color_", "color", _TEXT, by_values=True, bulk=True, match=True),
    "dropdown": Kind("DropdownValue", "dropdown_", "dropdown", _TEXT, by_values=True, bulk=True),
    "date": Kind(
        "DateValue",
        "date_",
        "date",
        _COMPARED | _ANY | {"between", "contains_terms"},
        by_values=True,
        bulk=True,
        match=True,
    ),
    "people": Kind("PeopleValue", "multiple_person_", "multiple-person", _TEXT, by_values=True, bulk=True),
    "link": Kind("LinkValue", "link_", "link", _TEXT, by_values=True, bulk=True, match=True),
    "timeline": Kind("TimelineValue", "timerange_", "timerange", _ANY, by_values=True, bulk=True),
    "board_relation": Kind(
        "BoardRelationValue", "board_relation_", "board-relation", _TEXT | _COMPARED | {"between"}, bulk=True
    ),
    "mirror": Kind("MirrorValue", "lookup_", "lookup"),
    "formula": Kind("FormulaValue", "formula_", "formula"),
    "checkbox": Kind(
        "CheckboxValue", "boolean_", "boolean", _FILLED | _TERMS | {"any_of"}, by_values=True, bulk=True
    ),
    "email": Kind("EmailValue", "email_", "email", _TEXT, by_values=True, bulk=True, match=True),
    "phone": Kind("PhoneValue", "phone_", "phone", _TEXT, by_values=True, bulk=True, match=True),
    "country": Kind("CountryValue", "country_", "country", _TEXT, by_values=True),
    "subtasks": Kind("SubtasksValue", "subtasks_", "subtasks"),
    "creation_log": Kind("CreationLogValue", "pulse_log_", "pulse-log"),
    "last_updated": Kind(
        "LastUpdatedValue", "pulse_updated_", "pulse-updated", _COMPARED | {"any_of", "between"}
    ),
}
READ_ONLY = frozenset({"mirror", "formula", "subtasks", "creation_log", "last_updated", "name"})
CREATABLE = KINDS.keys() - {"name"}
