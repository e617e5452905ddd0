"""The typed fields of cells, such as `number` of a NumbersValue."""

from __future__ import annotations

from typing import Any

from .cells import Cell, Reader, local, moment, options, status_text
from .labels import EMPTY


def _unit(cell: Cell, name: str) -> str | None:
    found = cell.column.settings.get("unit", {}).get(name)
    return None if found is None else str(found)


def _part(place: int) -> Reader:
    return lambda cell: None if cell.stored is None else cell.stored.data[place]


def _entities(cell: Cell) -> list[dict[str, Any]]:
    return [{"id": entry_id, "kind": kind} for entry_id, kind in cell.data or ()]


def _style(cell: Cell) -> dict[str, str] | None:
    number = EMPTY if cell.label is None else cell.label.id
    return {"color": f"#{number:02x}c4c4", "border": f"#{number:02x}b0b0"}


_LINKS: dict[str, Reader] = {
    "linked_items": lambda cell: cell.linked,
    "linked_item_ids": lambda cell: [item.id for item in cell.linked],
}
FIELDS: dict[str, dict[str, Reader]] = {
    "NumbersValue": {
        "number": lambda cell: None if cell.data is None else float(cell.data),
        "symbol": lambda cell: _unit(cell, "symbol"),
        "direction": lambda cell: _unit(cell, "direction"),
    },
    "StatusValue": {
        "index": lambda cell: cell.data,
        "label": status_text,
        "is_done": lambda cell: None if cell.label is None else cell.label.is_done,
        "label_style": _style,
    },
    "DropdownValue": {"values": options},
    "DateValue": {
        "date": lambda cell: "" if cell.data is None else cell.data[0],
        "time": lambda cell: "" if cell.data is None else local(cell)[1] or "",
        "icon": lambda _: None,
    },
    "PeopleValue": {"persons_and_teams": _entities},
    "LinkValue": {"url": _part(0), "url_text": _part(1)},
    "TimelineValue": {"from": _part(0), "to": _part(1)},
    "BoardRelationValue": _LINKS,
    "DependencyValue": _LINKS,
    "CheckboxValue": {"checked": lambda cell: bool(cell.data)},
    "EmailValue": {"email": _part(0), "label": _part(1)},
    "PhoneValue": {"phone": _part(0), "country_short_name": _part(1)},
    "CountryValue": {
        "country": lambda cell: (
            None if cell.data is None else dict(zip(("code", "name"), cell.data, strict=True))
        )
    },
    "SubtasksValue": {
        "subitems": lambda cell: cell.linked,
        "subitems_ids": lambda cell: [item.id for item in cell.linked],
    },
    "CreationLogValue": {
        "created_at": lambda cell: moment(cell.item.created),
        "creator_id": lambda cell: cell.item.creator_id,
    },
    "LastUpdatedValue": {
        "updated_at": lambda cell: moment(cell.item.updated),
        "updater_id": lambda cell: cell.item.creator_id,
    },
}
