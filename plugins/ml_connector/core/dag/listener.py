"""Tells people when a DAG file stops importing, above all the one that checks the configuration.

Airflow calls this in the DAG processor, once for a new error and again at every parse while it
lasts. A listener must never raise there.
"""

from __future__ import annotations

import logging
from pathlib import Path

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)

_CONFIGURATION = "ml_connector_configuration"
_OURS = ("ml_connector", "peoplesoft_")
_last: dict[str, str] = {}


@hookimpl
def on_new_dag_import_error(filename: str, stacktrace: str) -> None:
    """A DAG file stopped importing."""
    _tell(filename, stacktrace)


@hookimpl
def on_existing_dag_import_error(filename: str, stacktrace: str) -> None:
    """It still does; worth a word only when the error is another one."""
    _tell(filename, stacktrace)


def _tell(filename: str, stacktrace: str) -> None:
    name = Path(filename).stem
    message = reason(stacktrace)
    if not name.startswith(_OURS) or _last.get(filename) == message:
        return
    _last[filename] = message
    try:
        _send(filename, message)
    except Exception:
        log.exception("The alert about %s could not be sent.", filename)


def reason(stacktrace: str) -> str:
    """The error itself, without the frames above it."""
    lines = stacktrace.strip().splitlines()
    start = max((index for index, line in enumerate(lines) if line and not line[0].isspace()), default=0)
    errors = [
        index for index, line in enumerate(lines) if "Error: " in line or line.startswith("ml_connector.")
    ]
    return "\n".join(lines[errors[0] if errors else start :])


def _send(filename: str, message: str) -> None:
    from ml_connector.core.config import load_tenants
    from ml_connector.core.dag import notify
    from ml_connector.core.dag.settings import read_settings

    path = read_settings().tenants_path
    tenants = [file.tenant for file in load_tenants(path)] if path.is_dir() else []
    distinct = {
        (notifier.type, notifier.connection, notifier.endpoint, notifier.to): notifier
        for tenant in tenants
        if tenant is not None
        for notifier in notify.chosen(tenant.notify, "failure")
    }
    broken = Path(filename).stem == _CONFIGURATION
    title = (
        "ml-connector: a configuration file is broken"
        if broken
        else f"ml-connector: {filename} cannot be imported"
    )
    text = f"{message}\nThe DAGs of the tenants concerned no longer run until this is mended."
    notify.send(list(distinct.values()), notify.Alert("failure", title, text, {"file": filename}))
