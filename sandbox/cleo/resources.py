"""Connections, actions, authenticators, users and certificates: whole objects with links."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from .errors import CleoError, not_found
from .ids import Ids
from .switches import CleoSwitches

Row = dict[str, Any]
READ_ONLY = (
    "id", "active", "editable", "runnable", "ready", "notReadyReason", "running", "nextRun", "lastStatus",
    "meta", "_links",
)  # fmt: skip
DEFAULTS: Row = {"test": False, "cemCapable": "false"}
"""Members of a connection that are left out of an answer while they have these values."""
TYPES = {
    "connections": ("as2", "sftp", "ftp", "file", "s3", "smb", "AzureBlob", "GCPBucket"),
    "actions": ("Commands", "JavaScript"),
    "authenticators": ("nativeUser", "systemLdap", "authConnector"),
}
KINDS = {
    "connections": "connection", "actions": "action", "authenticators": "authenticator", "users": "user",
    "certs": "cert",
}  # fmt: skip
BOOLEANS = ("active", "editable", "runnable", "ready", "enabled", "test")


class Resources:
    """The objects by kind (plural, as in the path) and id."""

    def __init__(self, switches: CleoSwitches, ids: Ids) -> None:
        self._switches, self._ids = switches, ids
        self.rows: dict[str, dict[str, Row]] = {}
        for kind in KINDS:
            self.rows[kind] = {}

    def get(self, kind: str, row_id: str) -> Row:
        """One object. Raises ``CleoError`` (404)."""
        row = self.rows[kind].get(row_id)
        if row is None:
            raise not_found()
        return row

    def connection(self, alias: str) -> Row | None:
        """A connection by its alias."""
        return next((row for row in self.rows["connections"].values() if row["alias"] == alias), None)

    def actions_of(self, connection_id: str) -> list[Row]:
        """The actions of a connection."""
        return [row for row in self.rows["actions"].values() if row.get("parent") == connection_id]

    def create(self, kind: str, body: Any, **more: Any) -> Row:
        """A new object. Raises ``CleoError`` (400, 404, 409)."""
        values = self._checked(kind, body, more)
        row: Row = {**values, **more, "id": self._ids.next(kind)}
        self._unique(kind, row)
        self.rows[kind][row["id"]] = row
        if kind == "connections" and self._switches.template_actions:
            self._template_actions(row)
        return row

    def import_cert(self, certificate: str) -> Row:
        """A certificate by its base64 DER. Raises ``CleoError`` (409) when it is there already."""
        if any(row["certificate"] == certificate for row in self.rows["certs"].values()):
            raise CleoError(409, "Certificate already exists.")
        digest = hashlib.sha1(certificate.encode(), usedforsecurity=False).hexdigest()
        row: Row = {"id": digest, "certificate": certificate, "serialNumber": digest[:16]}
        self.rows["certs"][digest] = {**row, "hasPrivateKey": False}
        return self.rows["certs"][digest]

    def replace(self, kind: str, row_id: str, body: Any) -> Row:
        """Put another object in its place: what the body lacks is gone, passwords too."""
        old = self.get(kind, row_id)
        more: Row = {name: old[name] for name in ("parent", "lastStatus", "running", "locked") if name in old}
        row = {**self._checked(kind, body, more), **more, "id": row_id}
        self._unique(kind, row)
        self.rows[kind][row_id] = row
        return row

    def delete(self, kind: str, row_id: str) -> None:
        """Remove an object; a connection goes with its actions."""
        self.get(kind, row_id)
        del self.rows[kind][row_id]
        if kind == "connections":
            for action in self.actions_of(row_id):
                del self.rows["actions"][action["id"]]

    def _checked(self, kind: str, body: Any, more: Mapping[str, Any]) -> Row:
        if not isinstance(body, dict):
            raise CleoError(400, "The request body is not a JSON object.")
        if self._switches.read_only_members == "refuse" and (given := sorted(set(body) & set(READ_ONLY))):
            raise CleoError(400, f"Read-only: {', '.join(given)}.")
        values = {name: deepcopy(value) for name, value in body.items() if name not in READ_ONLY}
        name = "username" if kind == "users" else "alias"
        if not isinstance(values.get(name), str) or not values[name].strip():
            raise CleoError(400, f"{name} is required.")
        if kind in TYPES and values.get("type") not in TYPES[kind]:
            raise CleoError(400, f"type is not one of {', '.join(TYPES[kind])}.")
        if kind == "actions":
            self._check_action(values, more)
        if kind == "users" and not _password(values, "accept") and "id" not in body:
            raise CleoError(400, "accept.password is required.")
        return values

    def _check_action(self, values: Row, more: Mapping[str, Any]) -> None:
        commands = values.get("commands", [])
        if not isinstance(commands, list) or not all(isinstance(item, str) for item in commands):
            raise CleoError(400, "commands is not a list of texts.")
        parent = values.pop("connection", None)
        if more.get("parent") is None:
            href = parent.get("href", "") if isinstance(parent, dict) else ""
            values["parent"] = self.get("connections", href.rpartition("/")[2])["id"]

    def _unique(self, kind: str, row: Row) -> None:
        name = "username" if kind == "users" else "alias"
        if name not in row:
            return
        for other in self.rows[kind].values():
            near = kind != "actions" or other.get("parent") == row.get("parent")
            if near and other["id"] != row["id"] and other.get(name) == row[name]:
                raise CleoError(409, f"{name} {row[name]} already exists.")

    def _template_actions(self, connection: Row) -> None:
        for alias, command in (("send", "PUT -DEL *"), ("collect", "GET -DEL *")):
            made = {"alias": alias, "type": "Commands", "enabled": True, "commands": [command]}
            if alias == "send":
                made["schedule"] = "on file continuously"
            row_id = self._ids.next("actions")
            self.rows["actions"][row_id] = {**made, "parent": connection["id"], "id": row_id}


def ready(row: Row) -> str:
    """Why a connection is not ready; empty when it is."""
    if row.get("type") not in ("as2", "sftp", "ftp"):
        return ""
    connect = row.get("connect", {})
    if not connect.get("url" if row["type"] == "as2" else "host"):
        return "Server Address is required."
    if row["type"] == "as2" and not (row.get("localName") and row.get("partnerName")):
        return "AS2 names are required."
    return "" if row["type"] == "as2" or _password(row, "connect") else "Password is required."


def enabled(row: Row) -> bool:
    """Whether it is switched on; some clients send the word instead."""
    return row.get("enabled", True) in (True, "true")


def _password(row: Mapping[str, Any], part: str) -> bool:
    inner = row.get(part)
    return isinstance(inner, dict) and bool(inner.get("password"))


class View:
    """What the API shows of a resource, with links below the API's path."""

    def __init__(self, resources: Resources, switches: CleoSwitches) -> None:
        self._resources, self._switches = resources, switches

    def href(self, *parts: str) -> str:
        """A server-relative address."""
        return "/".join((self._switches.api_prefix, *parts))

    def shown(self, kind: str, row: Row, *, defaults: bool = False) -> Row:
        """The object with what is computed, without secrets."""
        made: Row = {"id": row["id"], "active": True, "editable": True, **self._members(kind, row, defaults)}
        made["meta"] = {"resourceType": KINDS[kind]}
        made["_links"] = self._links(kind, row)
        if self._switches.text_booleans:
            made |= {name: str(made[name]).lower() for name in BOOLEANS if name in made}
        return made

    def _members(self, kind: str, row: Row, defaults: bool) -> Row:
        made = {
            name: deepcopy(value) for name, value in row.items() if name not in ("id", "parent", "locked")
        }
        for part in ("connect", "accept"):
            if isinstance(made.get(part), dict):
                made[part].pop("password", None)
        if kind in ("connections", "actions"):
            made["enabled"] = row.get("enabled", True)
            made["runnable"] = not row.get("locked", False)
        if kind == "connections":
            reason = ready(row)
            made["ready"] = not reason
            made |= {"notReadyReason": reason} if reason else {}
            made = {name: value for name, value in made.items() if DEFAULTS.get(name, ...) != value}
            made |= {name: row.get(name, value) for name, value in DEFAULTS.items()} if defaults else {}
        if kind == "actions":
            made |= {"ready": True, "running": row.get("running", False)}
            parent = self._resources.get("connections", row["parent"])
            made["connection"] = {
                "href": self.href("connections", parent["id"]),
                "alias": parent["alias"],
            }
        return made

    def _links(self, kind: str, row: Row) -> Row:
        if kind == "users":
            owner = self.href("authenticators", row["parent"])
            return {
                "self": {"href": f"{owner}/users/{row['id']}"},
                "authenticator": {"href": owner},
                "actions": self._many([]),
            }
        links: Row = {"self": {"href": self.href(kind, row["id"])}}
        match kind:
            case "connections":
                links["actions"] = self._many(self._resources.actions_of(row["id"]))
            case "actions":
                links["run"] = {"href": self.href(kind, row["id"], "run")}
                links["connection"] = {"href": self.href("connections", row["parent"])}
            case "authenticators":
                links["users"] = {"href": self.href(kind, row["id"], "users")}
        return links

    def _many(self, actions: list[Row]) -> Any:
        links = [{"href": self.href("actions", action["id"])} for action in actions]
        if self._switches.action_links == "array":
            return links
        return {action["alias"]: link for action, link in zip(actions, links, strict=True)}
