"""Templates, and how times, ages and amounts are written for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ml_connector.console.security import airflow_root
from ml_connector.core.ledger.search import OPEN

FOLDER = Path(__file__).parent
_AGES = ((86400, "day"), (3600, "hour"), (60, "minute"))


def moment(value: datetime | str | None) -> datetime | None:
    """A time, or its text as answers hold it."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def age(value: datetime | str | None, now: datetime | None = None) -> str:
    """How long ago, or how soon, in words."""
    if (at := moment(value)) is None:
        return "never"
    seconds = int(((now or datetime.now(UTC)) - at).total_seconds())
    if abs(seconds) < 60:
        return "just now" if seconds >= 0 else "in a moment"
    text = duration(abs(seconds))
    return f"{text} ago" if seconds >= 0 else f"in {text}"


def duration(value: timedelta | int) -> str:
    """A length of time in its largest unit."""
    seconds = int(value.total_seconds()) if isinstance(value, timedelta) else value
    for size, name in _AGES:
        if (number := seconds // size) >= 1:
            return f"{number} {name}{'' if number == 1 else 's'}"
    return "less than a minute"


def local(value: datetime | str | None, zone: str = "UTC") -> Markup:
    """A time in the tenant's zone; UTC stands in the title."""
    if (at := moment(value)) is None:
        return Markup("")
    here, there = at.astimezone(ZoneInfo(zone)), at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        there.isoformat(timespec="seconds"),
        f"{there:%Y-%m-%d %H:%M:%S} UTC",
        f"{here:%Y-%m-%d %H:%M} {here:%Z}",
    )


def money(value: Decimal | str | None, currency: str | None = None) -> str:
    """An amount with thousands separators, and its currency."""
    if value is None or value == "":
        return ""
    try:
        number = Decimal(value)
    except InvalidOperation:
        return str(value)
    text = f"{number.normalize():,f}" if number % 1 else f"{number:,.0f}"
    whole, _, cents = text.partition(".")
    return f"{whole}.{cents.ljust(2, '0')}{f' {currency}' if currency else ''}"


def digits(value: Decimal | str | None) -> str:
    """An amount for a file: the same on every database, without separators."""
    return money(value).replace(",", "")


def counted(number: int, one: str, many: str | None = None) -> str:
    """``1 document``, ``2,000 documents``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def document_path(tenant: str, flow: str, key: str) -> str:
    """Address of a document's story, below the console's own."""
    return "/documents/" + "/".join(quote(part, safe="") for part in (tenant, flow, key))


def with_query(path: str, **values: Any) -> str:
    """An address with those parameters that have a value."""
    left = {name: value for name, value in values.items() if value not in (None, "", [], ())}
    return f"{path}?{urlencode(left, doseq=True)}" if left else path


def dag_path(dag_id: str) -> str:
    """Page of a DAG in Airflow's UI."""
    return f"/dags/{quote(dag_id, safe='')}"


def task_path(actor: str | None) -> str | None:
    """Log of the task that acted, in Airflow's UI; None for people and commands."""
    parts = (actor or "").split("/")
    if len(parts) != 4 or not parts[3].isdigit():
        return None
    dag_id, run_id, task_id, number = (quote(part, safe="") for part in parts)
    return f"/dags/{dag_id}/runs/{run_id}/tasks/{task_id}?try_number={number}"


@cache
def environment() -> Environment:
    """The templates; everything that they show is escaped."""
    made = Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "age": age, "local": local, "money": money, "counted": counted, "duration": duration,
    }  # fmt: skip
    made.globals |= {
        "document_path": document_path, "with_query": with_query, "dag_path": dag_path,
        "task_path": task_path, "open_states": [status.value for status in OPEN],
    }  # fmt: skip
    return made


def page(
    request: Request, template: str, content: Mapping[str, Any] | None = None, *, status: int = 200
) -> HTMLResponse:
    """A page as an answer."""
    root: str = request.scope.get("root_path", "")
    shown = {"root": root, "airflow": airflow_root(request), "path": request.url.path.removeprefix(root)}
    text = environment().get_template(template).render(shown | dict(content or {}))
    return HTMLResponse(text, status_code=status)
