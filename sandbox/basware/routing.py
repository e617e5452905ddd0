"""Every operation: method and path, the scope it needs, and what carries it out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from . import cleanups, status
from .call import Answer, Call
from .documents import operations as documents
from .documents.model import KINDS
from .master import Master
from .push import operations as push
from .resources import ALL

Operation = Callable[[Call], Answer | Awaitable[Answer]]


@dataclass(frozen=True)
class Route:
    """One operation."""

    method: str
    path: str
    scope: str
    operation: Operation


INVOICES, INVOICE = "/v1/accountingDocuments", "/v1/accountingDocuments/{invoiceId}"
READ, WRITE = "accountingDocuments.read", "accountingDocuments.write"
DOCUMENTS = [
    Route("GET", INVOICES, READ, documents.search),
    Route("GET", f"{INVOICES}/status", READ, documents.status),
    Route("GET", INVOICE, READ, documents.find),
    Route("GET", f"{INVOICE}/attachments/{{attachmentExternalCode}}", READ, documents.attachment),
    Route("POST", f"{INVOICE}/acknowledge", WRITE, documents.acknowledge),
    *(Route("POST", f"{INVOICE}/{kind}", WRITE, documents.Respond(kind)) for kind in KINDS),
]
STATUS = [
    Route("GET", "/v1/requestStatus", "requestStatus.read", status.search),
    Route("GET", "/v1/requestStatus/{requestId}", "requestStatus.read", status.find),
    Route("POST", "/v1/requestStatus/acknowledge", "requestStatus.write", status.acknowledge),
    Route("GET", "/v1/errorFeedbacks", "errorFeedbacks.read", status.feedbacks),
    Route("GET", "/v1/errorFeedbacks/{requestId}", "errorFeedbacks.read", status.feedbacks),
    Route(
        "GET",
        "/v1/errorFeedbacks/{entityType}/{errorEntityExternalCode}",
        "errorFeedbacks.read",
        status.feedbacks,
    ),
    Route("GET", cleanups.PATH, "taskStatus.read", cleanups.status),
]
PUSH = [
    Route("GET", "/v1/subscriptions", "subscriptions.read", push.subscriptions),
    Route("POST", "/v1/subscriptions", "subscriptions.write", push.subscribe),
    Route("DELETE", "/v1/subscriptions", "subscriptions.delete", push.unsubscribe),
    Route("GET", "/v1/tasks", "tasks.read", push.tasks),
    Route("GET", "/v1/tasks/{taskId}", "tasks.read", push.task),
]


def _of(name: str, version: int) -> list[Route]:
    master, path = Master(name), f"/v{version}/{name}{'/{listKey}' if name == 'lists' else ''}"
    one = f"{path}/{{externalCode}}"
    return [
        Route("GET", path, f"{name}.read", master.list),
        Route("GET", one, f"{name}.read", master.one),
        Route("POST", path, f"{name}.write", master.post),
        Route("PATCH", one, f"{name}.write", master.patch),
        Route("DELETE", path, f"{name}.delete", master.delete),
    ]


_versions = {resource.name: resource.version for resource in ALL}
ROUTES = [
    *DOCUMENTS,
    *STATUS,
    *PUSH,
    *(route for name, version in _versions.items() for route in _of(name, version)),
]
"""In the order in which they are looked up."""
