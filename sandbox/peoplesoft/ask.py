"""Reading an ExecuteQuery request: path, parameters and prompts, strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from .queries import QUERIES, Query
from .switches import PeopleSoftSwitches

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class QueryRefused(Exception):
    """PeopleSoft refuses the request; the text shows only where the site shows errors at all."""


class UnknownQuery(QueryRefused):
    """No such query for this owner."""


@dataclass(frozen=True)
class Ask:
    """A request that PeopleSoft accepts."""

    name: str
    query: Query
    prompts: dict[str, str]
    maxrows: int
    fields: tuple[str, ...]
    result: str


def read_ask(path: Mapping[str, str], params: Mapping[str, str], switches: PeopleSoftSwitches) -> Ask:
    """Check everything QAS checks. Raises ``QueryRefused``."""
    name = path["query"]
    query = _query(name, path["owner"].upper(), switches)
    if params.get("isconnectedquery") not in ("Y", "N"):
        raise QueryRefused("isconnectedquery must be Y or N")
    if params["isconnectedquery"] == "Y":
        raise UnknownQuery(f"Connected query {name} does not exist")
    return Ask(
        name=name,
        query=query,
        prompts=_prompts(query, params),
        maxrows=_maxrows(params.get("maxrows", ""), switches),
        fields=tuple(part for part in params.get("filterfields", "").split(",") if part),
        result=_result(path["type"], path["format"], params.get("json_resp", "")),
    )


def _query(name: str, owner: str, switches: PeopleSoftSwitches) -> Query:
    if owner not in ("PUBLIC", "PRIVATE"):
        raise QueryRefused(f"owner type {owner} is unknown")
    query = QUERIES.get(name)
    if query is None or (owner == "PRIVATE") != (name in switches.private_queries):
        raise UnknownQuery(f"Query {name} does not exist")
    return query


def _maxrows(text: str, switches: PeopleSoftSwitches) -> int:
    if not text.isdecimal():
        raise QueryRefused("maxrows is required and must be a number")
    if int(text) == 0 and switches.maxrows_zero == "error":
        raise QueryRefused("maxrows must be above 0")
    return int(text)


def _result(kind: str, form: str, json_resp: str) -> str:
    if form != "NONFILE":
        raise QueryRefused(f"output format {form} is not supported here")
    if kind == "JSON":
        return "json" if json_resp.lower() == "true" else "xmlp"
    if kind in ("XMLP", "WEBROWSET"):
        return kind.lower()
    raise QueryRefused(f"output type {kind} is unknown")


def _prompts(query: Query, params: Mapping[str, str]) -> dict[str, str]:
    names = params.get("prompt_uniquepromptname", "").split(",")
    values = params.get("prompt_fieldvalue", "").split(",")
    if len(names) != len(values):
        raise QueryRefused("the number of prompt names differs from the number of values")
    given = dict(zip(names, values, strict=True))
    if len(given) != len(names) or set(given) != set(query.prompts):
        raise QueryRefused(f"prompts are {','.join(query.prompts)}")
    for name in query.dates:
        _check_date(name, given[name])
    for name in query.times:
        _check_time(name, given[name])
    return {name: given[name] for name in query.prompts}


def _check_date(name: str, value: str) -> None:
    try:
        if not DATE.fullmatch(value):
            raise ValueError
        date.fromisoformat(value)
    except ValueError as error:
        raise QueryRefused(f"prompt {name} is no date in the form YYYY-MM-DD") from error


def _check_time(name: str, value: str) -> None:
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise QueryRefused(f"prompt {name} is no date or time") from error
