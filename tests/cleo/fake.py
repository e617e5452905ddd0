"""A Cleo of one process, as small as the tests of the connection need it: no partners behind it.

It stands in for the network below the client, and every exchange is held against the description of
Cleo's interface. What is not published can be switched, so that the client is shown both ways.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ml_connector.core.http import HandlerTransport, Request, Response

from .published import description

Answer = Response | Exception


@dataclass
class Fault:
    """What happens to calls instead of their answer, or (``after``) instead of telling it."""

    call: str
    answer: Answer
    times: int | None = 1
    after: bool = False


@dataclass
class FakeCleo:
    """Users, folders, files, connections and actions.

    Attributes:
        prefix: path that a proxy adds.
        ceiling: rows of a page at most.
        echo: the page tells startIndex and count.
        links: form of ``_links``: object, list or none.
        expires_in: what the token's answer says; None: nothing.
        described: answers too are held against the description, not only requests.
    """

    prefix: str = ""
    ceiling: int = 1000
    echo: bool = True
    links: str = "object"
    expires_in: Any = 3600
    users: dict[str, str] = field(default_factory=lambda: {"admin": "s3cret-admin", "box": "s3cret-box"})
    folders: list[str] = field(default_factory=lambda: ["upload", "upload/850", "download", "download/997"])
    files: dict[str, bytes] = field(default_factory=dict)
    connections: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)
    transfers: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    on_call: Callable[[Request], None] | None = None
    described: bool = True
    _numbers: Any = field(default_factory=itertools.count)

    @property
    def transport(self) -> HandlerTransport:
        """To hand to the client."""
        return HandlerTransport(self.answer)

    def fault(self, call: str, answer: Answer, *, times: int | None = 1, after: bool = False) -> None:
        """Have calls that match (``POST /api/folders/.*``) answered so."""
        self.faults.append(Fault(call, answer, times, after))

    def calls(self, call: str) -> int:
        """How many calls came that match."""
        return sum(1 for one in self.sent if re.fullmatch(call, self._name(one)))

    def names(self) -> list[str]:
        """Calls in order, ids masked."""
        return [self._name(one) for one in self.sent]

    async def answer(self, request: Request) -> Response:
        """What stands below the client."""
        self.sent.append(request)
        if self.on_call is not None:
            self.on_call(request)
        known = urlsplit(request.url).path.startswith(f"{self.prefix}/api/")
        if known:
            description().check_request(request, self.prefix)
        fault = self._fault(request)
        if fault is not None and not fault.after:
            return self._given(fault)
        response = self._answer(request)
        if known and self.described:
            description().check_answer(request, response, self.prefix)
        return self._given(fault) if fault is not None else response

    def _name(self, request: Request) -> str:
        return f"{request.method} {urlsplit(request.url).path.removeprefix(self.prefix)}"

    def _fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if fault.times != 0 and re.fullmatch(fault.call, self._name(request)):
                fault.times = None if fault.times is None else fault.times - 1
                return fault
        return None

    @staticmethod
    def _given(fault: Fault) -> Response:
        if isinstance(fault.answer, Exception):
            raise fault.answer
        return fault.answer

    # ---- answers

    def _answer(self, request: Request) -> Response:
        path = urlsplit(request.url).path
        if not path.startswith(f"{self.prefix}/api/"):
            return page("<html>Sign in</html>")
        path = path.removeprefix(self.prefix)
        if path == "/api/authentication":
            return self._token(request)
        user = self.tokens.get(str(request.headers.get("Authorization", "")).removeprefix("Bearer "))
        if user is None:
            return said("Unauthorized", 401)
        query = {name: value for name, (value,) in parse_qs(urlsplit(request.target).query).items()}
        kind, *rest = path.split("/")[2:]
        if not rest:
            rows = self._lists().get(kind)
            return said("Resource not found.", 404) if rows is None else self._page(rows, query)
        return self._below(request, kind, rest, query)

    def _lists(self) -> dict[str, list[dict[str, Any]]]:
        return {
            "connections": self.connections,
            "actions": [self._linked(one, "actions", "run") for one in self.actions],
            "transfers": self.transfers,
            "events": self.events,
            "folders": [self._folder(one) for one in self.folders if "/" not in one],
        }

    def _below(self, request: Request, kind: str, rest: list[str], query: dict[str, str]) -> Response:
        match kind, rest:
            case "actions", [name]:
                return self._one(self._lists()["actions"], name)
            case "actions", [_, "run"]:
                return answer(self.runs.pop(0), 200)
            case "folders", [name, "contents"]:
                return self._contents(request, _plain(name), query)
            case "files", [name, *content]:
                return self._file_call(request, _plain(name), bool(content))
            case _:
                return said("Resource not found.", 404)

    def _token(self, request: Request) -> Response:
        form = {name: value for name, (value,) in parse_qs((request.body or b"").decode()).items()}
        if self.users.get(form["username"]) != form["password"]:
            return said("Unauthorized", 401)
        token = f"token-{form['username']}-{next(self._numbers)}"
        self.tokens[token] = form["username"]
        more = {} if self.expires_in is None else {"expires_in": self.expires_in}
        return answer({"access_token": token, "token_type": "bearer", **more}, 200)

    def _contents(self, request: Request, folder: str, query: dict[str, str]) -> Response:
        if folder not in self.folders:
            return said("Resource not found.", 404)
        if request.method == "GET":
            below = [one for one in self.folders if one.rpartition("/")[0] == folder]
            rows = [self._folder(one) for one in below]
            rows += [self._file(one) for one in sorted(self.files) if one.rpartition("/")[0] == folder]
            return self._page(rows, query)
        named = re.fullmatch(r'attachment; filename="([^"]+)"', request.headers["Content-Disposition"])
        assert named is not None
        path = f"{folder}/{named[1]}"
        if path in self.files:
            return said("The file already exists.", 409)
        self.files[path] = request.body or b""
        return answer(self._file(path), 201)

    def _file_call(self, request: Request, path: str, content: bool) -> Response:
        if path not in self.files:
            return said("Resource not found.", 404)
        if request.method == "DELETE":
            del self.files[path]
            return Response(204)
        if content:
            return Response(200, {"Content-Type": "application/octet-stream"}, self.files[path])
        return answer(self._file(path), 200)

    def _one(self, rows: list[dict[str, Any]], name: str) -> Response:
        found = [row for row in rows if row["id"] == name]
        return answer(found[0], 200) if found else said("Resource not found.", 404)

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str]) -> Response:
        wanted = [row for row in rows if _matches(row, query.get("filter", ""))]
        start, count = int(query.get("startIndex", 0)), min(int(query.get("count", 100)), self.ceiling)
        part = wanted[start : start + count]
        echo = {"startIndex": start, "count": len(part)} if self.echo else {}
        return answer({"totalResults": len(wanted), "resources": part, **echo}, 200)

    def _folder(self, path: str) -> dict[str, Any]:
        name = path.rpartition("/")[2]
        row = {"id": _id(path), "name": name, "path": f"/{path}", "meta": {"resourceType": "folder"}}
        if "/" not in path:
            row["usage"] = name if name in {"upload", "download"} else "other"
        else:
            row["type"] = "folder"
        return self._linked(row, "folders", "contents")

    def _file(self, path: str) -> dict[str, Any]:
        row = {
            "id": _id(path), "name": path.rpartition("/")[2], "type": "file", "size": len(self.files[path]),
            "modified": "2026-11-23T14:02:11Z", "path": f"/{path}", "meta": {"resourceType": "file"},
        }  # fmt: skip
        return self._linked(row, "files", "content")

    def _linked(self, row: dict[str, Any], kind: str, more: str) -> dict[str, Any]:
        own = f"/api/{kind}/{row['id']}"
        links = {"self": own, more: f"{own}/{more}"}
        if self.links == "object":
            return {**row, "_links": {name: {"href": href} for name, href in links.items()}}
        if self.links == "list":
            return {**row, "_links": [{"rel": name, "href": href} for name, href in links.items()]}
        return row


def answer(value: Any, status: int = 200) -> Response:
    """An answer in JSON."""
    return Response(status, {"Content-Type": "application/json"}, json.dumps(value).encode())


def said(message: str, status: int, **headers: str) -> Response:
    """A refusal in the one form that Cleo's own tools read."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        status, {"Content-Type": "application/json", **headers}, json.dumps({"message": message}).encode()
    )


def page(text: str, status: int = 200) -> Response:
    """A web page of whatever stands before Cleo."""
    return Response(status, {"Content-Type": "text/html; charset=utf-8"}, text.encode())


def connection(number: int, **more: Any) -> dict[str, Any]:
    """A connection as Cleo lists it."""
    return {"id": f"connection{number}", "alias": f"PARTNER{number}", "type": "as2", **more}


def action(alias: str, parent: str, **more: Any) -> dict[str, Any]:
    """An action as Cleo lists it."""
    return {
        "id": f"{alias}-{parent}", "alias": alias, "type": "Commands", "connection": {"alias": parent}, **more
    }  # fmt: skip


def _id(path: str) -> str:
    return path.replace("/", "--")


def _plain(name: str) -> str:
    return name.replace("--", "/")


def _matches(row: dict[str, Any], expression: str) -> bool:
    """Enough of the filter grammar: ``a.b eq "x" and c sw "y"``."""
    terms = re.findall(r'([\w.]+) (eq|sw|ge) "((?:[^"\\]|\\.)*)"', expression)
    for attribute, operator, text in terms:
        value: Any = row
        for part in attribute.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        wanted = re.sub(r"\\(.)", r"\1", text)
        have = str(value or "")
        fits = {"eq": have == wanted, "sw": have.startswith(wanted), "ge": have >= wanted}
        if not fits[operator]:
            return False
    return True
