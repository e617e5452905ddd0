"""Operations on the Cleo simulator: what Cleo's staff, its schedules and the partners do."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from sandbox.cleo.files import File
from sandbox.cleo.partners.behaviour import words
from sandbox.cleo.partners.center import BEHAVIOURS
from sandbox.cleo.partners.profile import Partner
from sandbox.cleo.partners.records import Received
from sandbox.cleo.partners.x12 import Address
from sandbox.cleo.plant import connect
from sandbox.cleo.state import CleoState

Body = Mapping[str, Any]
Shown = dict[str, Any]
CHANGEABLE = ("versions", "requires", "takes", "units", "line_end")


def drop(state: CleoState, body: Body) -> Shown:
    """Put a file into a download folder: `{folder: "810", name, content}` or `{.., content_base64}`."""
    content = _content(body)
    where = f"download/{body['folder']}" if body["folder"] else "download"
    return _shown(state.files.drop(where, body["name"], content))


def _content(body: Body) -> bytes:
    if "content_base64" in body:
        return base64.b64decode(body["content_base64"], validate=True)
    return str(body["content"]).encode()


def files(state: CleoState, body: Body) -> list[Shown]:
    """The files of the mailbox, content included: `{folder?: "download/810"}`."""
    folder = body.get("folder")
    return [
        _shown(file) | {"content": _text(file.content)}
        for file in state.files.files.values()
        if folder in (None, file.folder.path)
    ]


def remove(state: CleoState, body: Body) -> dict[str, bool]:
    """Take a file away: `{folder: "download/810", name}`."""
    file = state.files.named(state.files.folders[body["folder"]], body["name"])
    if file is not None:
        state.files.remove(file)
    return {"removed": file is not None}


def _shown(file: File) -> Shown:
    return {
        "folder": file.folder.path,
        "name": file.name,
        "size": len(file.content),
        "modified": file.modified.isoformat(),
        "owner": file.owner,
    }


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")


def taken(state: CleoState, body: Body) -> list[Shown]:
    """The files that Cleo picked up, oldest first, content included: `{folder?: "upload/vendor"}`."""
    return [
        asdict(file) | {"content": _text(file.content), "problems": list(file.problems)}
        for file in state.router.taken
        if body.get("folder") in (None, file.folder)
    ]


def posted(state: CleoState, _: Body) -> list[Shown]:
    """Documents that came by the API Provider."""
    return [asdict(document) for document in state.provider.posted]


def received(state: CleoState, body: Body) -> list[Shown]:
    """What the partners received, oldest first: `{partner?, kind?, status?, key?, content: false}`."""
    return [
        asdict(row) if body.get("content") else {**asdict(row), "content": ""}
        for row in _chosen(state.partners.received, body)
    ]


def sent(state: CleoState, body: Body) -> list[Shown]:
    """What the partners sent, with the codes of the 997s that came back: `{partner?}`."""
    return [asdict(row) for row in state.partners.sent if body.get("partner") in (None, row.partner)]


def orders(state: CleoState, body: Body) -> list[Shown]:
    """The orders that the partners hold: `{partner?}`."""
    return [
        {"partner": partner, **asdict(order), "lines": [asdict(line) for line in order.lines.values()]}
        for (partner, _), order in state.partners.orders.items()
        if body.get("partner") in (None, partner)
    ]


def duplicates(state: CleoState, _: Body) -> Shown:
    """What came more than once: held back by Cleo, refused by a partner, or a number used again."""
    rows = state.partners.received
    return {
        "cleo": [asdict(found) for found in state.router.duplicates],
        "refused": [_brief(row) for row in rows if row.status == "refused"],
        "documents": [_brief(row) for row in rows if row.status == "duplicate"],
    }


def _brief(row: Received) -> Shown:
    names = ("partner", "kind", "key", "interchange", "file", "reasons")
    return {name: getattr(row, name) for name in names}


def messages(state: CleoState, _: Body) -> list[Shown]:
    """What the Cockpit shows: one row per transaction set with the state of its 997."""
    return state.router.log.messages


def _chosen(rows: Iterable[Received], body: Body) -> list[Received]:
    wanted = {name: body[name] for name in ("partner", "kind", "status", "key") if name in body}
    return [row for row in rows if all(getattr(row, name) == value for name, value in wanted.items())]


def behave(state: CleoState, body: Body) -> dict[str, dict[str, str]]:
    """How a partner, or all (`*`), answers from now on: `{partner, acknowledgment?, response?, invoice?}`."""
    values = {name: str(value) for name, value in body.items() if name != "partner"}
    names = list(state.partners.by_name) if body["partner"] == "*" else [body["partner"]]
    found = [state.partners.behave(name, **values) for name in names]
    return {one.name: {kind: getattr(one, kind) for kind in BEHAVIOURS} for one in found}


def partner(state: CleoState, body: Body) -> Shown:
    """A partner; changes: `{partner, versions?, requires?, takes?, units?, line_end?}`."""
    found = state.partners.by_name[body["partner"]]
    for name, value in body.items():
        if name in CHANGEABLE:
            setattr(found, name, _tuples(value))
        elif name != "partner":
            raise ValueError(f"{name!r} is not one of {', '.join(CHANGEABLE)}")
    return _partner(found)


def add_partner(state: CleoState, body: Body) -> Shown:
    """One more partner, with its connection unless there is one.

    `{partner, identities: [{qualifier, id, group_id?}], versions: {"004010": ""}, title?}` and what
    `partner` changes.
    """
    addresses = tuple(
        Address(one["qualifier"], one["id"], one.get("group_id") or one["id"]) for one in body["identities"]
    )
    name, title = str(body["partner"]), str(body.get("title", body["partner"]))
    state.partners.add(Partner(name, title, addresses, dict(body["versions"])))
    if state.resources.connection(name) is None:
        connect(state.resources, name)
    rest = {key: value for key, value in body.items() if key not in ("identities", "title")}
    return partner(state, rest)


def _tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _tuples(item) for name, item in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _partner(found: Partner) -> Shown:
    return asdict(found)


def send(state: CleoState, body: Body) -> Shown:
    """Make a partner send something now.

    `{partner, kind: "855"|"810", order, as: "price lf"}` for an order it holds;
    `{partner, kind: "824"|"997", key, as: "reject"}` about a document that it received.
    """
    partners, kind = state.partners, str(body["kind"])
    found, manner = partners.by_name[body["partner"]], str(body.get("as", ""))
    if kind in ("855", "810"):
        order = partners.orders[found.name, body["order"]]
        said = words("response" if kind == "855" else "invoice", manner)
        return asdict(partners.send(found, kind, order, said))
    row = _about(state, body)
    if kind == "824":
        return asdict(partners.advise(row, words("advice", manner)))
    if kind != "997":
        raise ValueError(f"a partner sends 997, 855, 810 and 824, not {kind}")
    partners.acknowledge_again(row, words("acknowledgment", manner))
    state.settle(within=state.switches.acknowledgment_seconds)
    return asdict(partners.sent[-1])


def _about(state: CleoState, body: Body) -> Received:
    named = {"partner": body["partner"], "key": body["key"]}
    rows = [row for row in _chosen(state.partners.received, named) if row.kind != "997"]
    if not rows:
        raise ValueError(f"{body['partner']} received nothing called {body['key']}")
    return rows[-1]


def settle(state: CleoState, body: Body) -> dict[str, int]:
    """Pick up, and let everything happen that is planned: `{within?: seconds}`; the clock stays."""
    within = body.get("within")
    return {"done": state.settle(None if within is None else float(within))}


def advance(state: CleoState, body: Body) -> dict[str, int]:
    """Move the sandbox clock, tokens and all, and let happen what is due then: `{seconds}`."""
    state.clock.advance(float(body["seconds"]))
    return {"done": state.work()}


def lock_action(state: CleoState, body: Body) -> dict[str, bool]:
    """Take away the right to run an action, or give it back: `{connection, action, locked: true}`."""
    connection = state.resources.connection(body["connection"])
    rows = state.resources.actions_of(connection["id"]) if connection else []
    action = next(row for row in rows if row["alias"] == body["action"])
    action["locked"] = bool(body.get("locked", True))
    return {"locked": action["locked"]}


def expire_tokens(state: CleoState, _: Body) -> dict[str, int]:
    """End every token, as a restart does."""
    return {"ended": state.identity.end_all()}


def unlock(state: CleoState, _: Body) -> dict[str, bool]:
    """Forget failed log-ins."""
    state.identity.unlock()
    return {"unlocked": True}


def authorize_key(state: CleoState, body: Body) -> dict[str, bool]:
    """A public key (OpenSSH, one line) that the mailbox user may log in with over SFTP: `{public_key}`."""
    state.authorized_keys.append(str(body["public_key"]).encode().split()[:2])
    return {"authorized": True}


OPERATIONS: dict[str, Callable[[CleoState, Body], Any]] = {
    "drop": drop,
    "files": files,
    "remove": remove,
    "taken": taken,
    "posted": posted,
    "received": received,
    "sent": sent,
    "orders": orders,
    "duplicates": duplicates,
    "messages": messages,
    "behave": behave,
    "partner": partner,
    "add-partner": add_partner,
    "send": send,
    "settle": settle,
    "advance": advance,
    "lock-action": lock_action,
    "expire-tokens": expire_tokens,
    "unlock": unlock,
    "authorize-key": authorize_key,
}
