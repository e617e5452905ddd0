"""Crosswalk entries, listed, set by hand and imported."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from ml_connector.cli.frame import command, opened, show
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.ledger import crosswalks
from ml_connector.core.ledger.privacy import plain

_COLUMNS = ("key", "target_id")


@command
def list_entries(args: Any) -> None:
    """Entries of a tenant."""
    names = ("name", "key", "target_id", "active", "label", "origin", "updated_at")
    with opened() as store, store.read() as connection:
        rows = crosswalks.entries(connection, args.tenant, args.name)
    show(args, [{name: plain(getattr(row, name)) for name in names} for row in rows])


@command
def set_entry(args: Any) -> int | None:
    """One entry; ``-`` as target id removes it."""
    with opened() as store, store.write() as tx:
        if args.target_id == "-":
            removed = crosswalks.remove(tx, args.tenant, args.name, args.key)
            answer = {"key": args.key, "result": "removed" if removed else "was not there"}
        else:
            entry = {"key": args.key, "target_id": args.target_id}
            crosswalks.set_by_hand(tx, args.tenant, args.name, [entry])
            answer = {**entry, "result": "set"}
    show(args, answer, [answer])
    return 1 if answer["result"] == "was not there" else None


@command
def import_entries(args: Any) -> None:
    """All entries of a CSV file, or none."""
    entries = read_entries(Path(args.file))
    with opened() as store, store.write() as tx:
        crosswalks.set_by_hand(tx, args.tenant, args.name, entries, origin="import")
    answer = {"crosswalk": args.name, "imported": len(entries)}
    show(args, answer, [answer])


def read_entries(path: Path) -> list[crosswalks.Entry]:
    """Entries of a file.

    Raises:
        ConfigurationError: it cannot be read, lacks a column, or a line lacks a value or repeats a key.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
                raise ConfigurationError(
                    f"the column {missing[0]} is missing",
                    file=str(path),
                    line=1,
                    expected="key,target_id[,label]",
                )
            return _checked(path, [(reader.line_num, row) for row in reader])
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}", expected="a CSV file in UTF-8") from None


def _checked(path: Path, lines: list[tuple[int, dict[str, str | None]]]) -> list[crosswalks.Entry]:
    entries: dict[str, crosswalks.Entry] = {}
    for line, row in lines:
        values = {name: (row.get(name) or "").strip() for name in (*_COLUMNS, "label")}
        for name in _COLUMNS:
            if not values[name]:
                raise ConfigurationError("the value is missing", file=str(path), line=line, field=name)
        if values["key"] in entries:
            raise ConfigurationError(
                f"the key {values['key']} stands twice", file=str(path), line=line, field="key"
            )
        entries[values["key"]] = {**values, "label": values["label"] or None}
    return list(entries.values())
