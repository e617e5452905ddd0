"""What all commands share: opening the state, printing, and errors without a traceback."""

from __future__ import annotations

import functools
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ml_connector.core.config import Settings, TenantConfig
from ml_connector.core.dag.definition import Definition, Reading, read_definitions
from ml_connector.core.dag.settings import open_store, read_settings
from ml_connector.core.errors import ConnectorError
from ml_connector.core.state.store import Store

Command = Callable[[Any], int | None]


def command(function: Command) -> Callable[[Any], None]:
    """Makes a function an Airflow command: a known failure is one sentence and exit status 1."""

    @functools.wraps(function)
    def run(args: Any) -> None:
        try:
            status = function(args)
        except ConnectorError as error:
            print(f"ml-connector: {error}", file=sys.stderr)
            status = 1
        if status:
            sys.exit(status)

    return run


@contextmanager
def opened() -> Iterator[Store]:
    """The state database, in the name of the person at the keyboard."""
    store = open_store(read_settings(), actor=f"cli:{user()}")
    try:
        yield store
    finally:
        store.close()


def user() -> str:
    """Who runs the command."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"


def see_connections() -> None:
    """As Airflow's own `connections` commands do: otherwise connections made in the UI are not seen."""
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "server"


def definitions() -> Reading:
    """What the installation's DAG files say."""
    from airflow.configuration import conf

    return read_definitions(Path(conf.get_mandatory_value("core", "dags_folder")))


def enabled(
    integrations: Sequence[Definition], tenants: Sequence[TenantConfig]
) -> Iterator[tuple[Definition, TenantConfig]]:
    """Every integration with each tenant that has it switched on."""
    for definition in integrations:
        for tenant in tenants:
            configured = tenant.integrations.get(definition.integration)
            if configured is not None and configured.enabled:
                yield definition, tenant


def settings() -> Settings:
    """The installation's settings."""
    return read_settings()


def confirmed(args: Any, question: str) -> bool:
    """Ask, unless ``--yes`` was given; where nobody can answer, the answer is no."""
    if args.yes:
        return True
    if not sys.stdin.isatty():
        print("ml-connector: nobody is here to confirm; repeat the command with --yes", file=sys.stderr)
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def show(
    args: Any, data: Any, rows: Sequence[dict[str, Any]] | None = None, *, empty: str = "Nothing found."
) -> None:
    """Print an answer.

    Args:
        data: everything, for JSON.
        rows: what a table shows; ``data`` itself where it is left out.
    """
    if args.output == "json":
        print(json.dumps(data, indent=2, ensure_ascii=False, default=str))
        return
    lines = data if rows is None else rows
    if lines:
        _table(lines)
    else:
        print(empty)


def _table(rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_lines=False)
    names = list(dict.fromkeys(name for row in rows for name in row))
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(row.get(name))) for name in names))
    terminal = sys.stdout.isatty()
    Console(width=None if terminal else 200).print(table)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{name} {_cell(item)}" for name, item in value.items())
    if isinstance(value, list):
        return "\n".join(_cell(item) for item in value)
    return str(value)
