"""The form behind a DAG's Trigger button, and what its answers mean to a stage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param

from ml_connector.core.errors import ConfigurationError

if TYPE_CHECKING:
    from ml_connector.core.stages.context import RunParams

_MOMENT = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:?\d{2})?)?$"


def run_params() -> dict[str, Param]:
    """Parameters of a run. None of them ever moves a watermark."""
    return {
        "since": _moment("Since", "Read from this date (or time) on instead of the watermark."),
        "until": _moment("Until", "Read up to this date (or time), which is not included."),
        "full": Param(
            False,
            type="boolean",
            title="Full",
            description_md="Read everything and map it again, whatever is known to be unchanged.",
        ),
        "keys": Param(
            [],
            type="array",
            items={"type": "string"},
            title="Keys",
            description_md="Only these documents, one natural key a line, such as `US001|00001234`.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description_md="Plan only: nothing is sent. Then see `airflow ml-connector plan`.",
        ),
    }


def _moment(title: str, text: str) -> Param:
    text = f"{text} Such as `2026-01-31`."
    return Param(None, type=["null", "string"], pattern=_MOMENT, title=title, description_md=text)


def read_params(values: Mapping[str, Any]) -> RunParams:
    """A run's parameters.

    Raises:
        ConfigurationError: a value is no date, or the window is empty.
    """
    from ml_connector.core.stages.context import RunParams

    since, until = (_check(name, values.get(name)) for name in ("since", "until"))
    if since and until and since >= until:
        raise ConfigurationError("the window is empty", field="since", expected=f"something before {until}")
    keys = values.get("keys") or []
    split = [key.strip() for text in keys for key in str(text).splitlines() if key.strip()]
    return RunParams(
        since=since,
        until=until,
        full=bool(values.get("full")),
        keys=tuple(dict.fromkeys(split)),
        dry_run=bool(values.get("dry_run")),
    )


def _check(name: str, value: Any) -> str | None:
    if value in (None, ""):
        return None
    text = str(value).strip()
    try:
        if len(text) == 10:
            return date.fromisoformat(text).isoformat()
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        raise ConfigurationError(
            f"{text!r} is no date", field=name, expected="a date such as 2026-01-31, or a time in ISO 8601"
        ) from None
