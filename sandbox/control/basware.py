"""Operations on the Basware simulator: what people do in P2P, and a look behind the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from sandbox.basware import moments
from sandbox.basware.documents.make import attachment, coding_rows, header, totals
from sandbox.basware.documents.model import Document
from sandbox.basware.state import BaswareState

Body = Mapping[str, Any]
Shown = dict[str, Any]


def _shown(document: Document) -> Shown:
    return {**document.shown(attachments=True), "generation": document.generation}


def invoice(state: BaswareState, body: Body) -> Shown:
    """Offer an approved invoice: `{values?, rows?, attachments?, notify: true}`."""
    return _shown(state.add(dict(body), notify=body.get("notify", True)))


def invoices(state: BaswareState, body: Body) -> Shown:
    """The same `count` times with running numbers; an `invoiceNumber` that is given is their prefix."""
    values, made = dict(body.get("values", {})), []
    prefix = values.get("invoiceNumber")
    for number in range(1, int(body["count"]) + 1):
        if prefix is not None:
            values["invoiceNumber"] = f"{prefix}{number:06d}"
        made.append(state.add({**body, "values": values}, notify=body.get("notify", True)))
    return {"invoiceIds": [document.id for document in made]}


def retransfer(state: BaswareState, body: Body) -> Shown:
    """As a user does after a failed transfer: `{invoiceId, values?, rows?, attachments?, force: false}`."""
    document = state.documents.find(body["invoiceId"])
    if document.status != "TransferFailed" and not body.get("force", False):
        raise ValueError(f"a document in status {document.status} is not transferred again without `force`")
    rows = coding_rows(body["rows"]) if "rows" in body else document.rows
    changed = totals(rows) if "rows" in body else {}
    document.values = header({**document.values, **changed, **body.get("values", {})})
    document.rows = rows
    for row in body.get("attachments", ()):
        file = attachment(row, moments.cut(state.clock.now()))
        document.files[file.code] = file
    state.machine.offer(document)
    return _shown(document)


def document(state: BaswareState, body: Body) -> Shown:
    """The whole invoice with all kept responses: `{invoiceId}`."""
    state.work()
    return _shown(state.documents.find(body["invoiceId"]))


def documents(state: BaswareState, body: Body) -> list[Shown]:
    """All invoices in short: `{status?}`."""
    state.work()
    status = body.get("status")
    return [row.row() for row in state.documents.rows.values() if status in {None, row.status}]


def records(state: BaswareState, body: Body) -> list[Shown]:
    """What stands in the API layer and what P2P took, by record: `{resource, externalCode?}`."""
    state.work()
    table, wanted = state.store.table(body["resource"]), body.get("externalCode")
    codes = dict.fromkeys([*table.rows, *table.p2p]) if wanted is None else [wanted]
    return [
        {
            "externalCode": code,
            "api": table.rows[code].shown() if code in table.rows else None,
            "p2p": table.p2p.get(code),
        }
        for code in codes
    ]


def forget(state: BaswareState, body: Body) -> dict[str, bool]:
    """P2P loses a record, the API layer keeps it: `{resource, externalCode}`."""
    state.work()
    return {"forgotten": state.p2p.forget(state.store.table(body["resource"]), body["externalCode"])}


def configure(state: BaswareState, body: Body) -> Shown:
    """Set parts of P2P's configuration, all of it is returned: `{companies?, currencies?, ...}`."""
    state.p2p.configuration.change(dict(body))
    return asdict(state.p2p.configuration)


def process(state: BaswareState, body: Body) -> dict[str, int]:
    """Carry out the second stages that are due, or with `{all: true}` all of them."""
    return {"processed": state.requests.work(everything=bool(body.get("all", False)))}


def requests(state: BaswareState, body: Body) -> list[Shown]:
    """The latest writes with their second stage: `{last: 200}`."""
    state.work()
    rows = state.requests.order[-int(body.get("last", 200)) :]
    return [row.shown(without_successful=False) for row in rows]


def pause(state: BaswareState, _: Body) -> dict[str, bool]:
    """Hold back all notifications that are not on the wire yet."""
    state.push.dispatcher.pause()
    return {"paused": True}


def resume(state: BaswareState, _: Body) -> dict[str, int]:
    """Send what was held back, and go on."""
    return {"released": state.push.dispatcher.resume()}


def flush(state: BaswareState, body: Body) -> dict[str, int]:
    """Send what was held back, and end the waits between attempts: `{shuffle: false}`."""
    return {"released": state.push.dispatcher.flush(shuffle=bool(body.get("shuffle", False)))}


def deliveries(state: BaswareState, body: Body) -> list[Shown]:
    """The latest attempts, oldest first: `{last: 200}`."""
    return [asdict(attempt) for attempt in state.push.dispatcher.log][-int(body.get("last", 200)) :]


def subscriptions(state: BaswareState, _: Body) -> list[Shown]:
    """All subscriptions, without their tokens."""
    return [row.named() for row in state.push.subscriptions.rows.values()]


def notify(state: BaswareState, body: Body) -> dict[str, int]:
    """Send a notification: `{invoiceId}`, or `{taskType, taskSubType, documentId}` of anything."""
    if "invoiceId" in body:
        return {"notified": state.announce(state.documents.find(body["invoiceId"]))}
    names = ("taskType", "taskSubType", "documentId")
    return {"notified": state.push.notify(*(str(body[name]) for name in names))}


OPERATIONS: dict[str, Callable[[BaswareState, Body], Any]] = {
    "invoice": invoice,
    "invoices": invoices,
    "retransfer": retransfer,
    "document": document,
    "documents": documents,
    "records": records,
    "forget": forget,
    "configure": configure,
    "process": process,
    "requests": requests,
    "pause": pause,
    "resume": resume,
    "flush": flush,
    "deliveries": deliveries,
    "subscriptions": subscriptions,
    "notify": notify,
    "counts": lambda state, _: state.counts(),
    "revoke-tokens": lambda state, _: {"ended": state.identity.revoke()},
    "expire-continuations": lambda state, _: {"ended": state.pages.expire()},
    "expire-links": lambda state, _: {"ended": state.links.expire()},
}
