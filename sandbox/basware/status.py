"""Operations that tell what became of writes: requestStatus, and errorFeedbacks before it."""

from __future__ import annotations

from typing import Any

from sandbox.jsonio import encode

from . import moments, paging
from .call import Answer, Call
from .errors import invalid, not_found
from .feedback import Feedback
from .paging import Query
from .requests import ERROR, Request
from .resources import ALL
from .shapes import Rows, Shape, Text, may

SYSTEM = "P2P"
STATES = ("InProgress", "Success", "Error", "AcknowledgedSuccess", "AcknowledgedError")
ENTITIES = (
    *dict.fromkeys(resource.entity for resource in ALL), "TransferResponse", "PaymentResponse",
    "PrebookResponse", "EnrichmentTransferResponse", "Contract", "User", "MatchingOrder", "MatchingOrderLine",
    "AdvancedPermission", "AdvancedValidation", "PurchaseRequisition", "PurchaseOrder",
    "PurchaseGoodsReceipt", "Organization", "UserGroup", "UserGroupAssociatedUser", "UserGroupPermission",
)  # fmt: skip
ACKNOWLEDGE = Shape(requestIds=may(Rows(Text())))


def find(call: Call) -> Answer:
    """One request; its spelling of the flag is that of the description."""
    request = call.state.requests.find(call.path["requestId"])
    if not _of_system(call):
        raise not_found()
    short = paging.flag(call.params, "ignoreSuccessfulItems")
    return Answer({"requestStatus": [request.shown(without_successful=short)]})


def search(call: Call) -> Answer:
    """Requests; without entity type and system only those with errors. The flag has a double l."""
    state = paging.word(call.params, "status", STATES)
    entity = paging.word(call.params, "entityType", ENTITIES)
    since, short = paging.since(call.params), paging.flag(call.params, "ignoreSuccessfullItems")
    if state is None and entity is None and paging.parameter(call.params, "system") is None:
        state = ERROR

    def matches(request: Request) -> bool:
        return (
            state in {None, request.status}
            and entity in {None, request.entity}
            and (since is None or request.updated > since)
        )

    rows = call.state.requests.order if _of_system(call) else []
    page, token = call.page(rows, Query(call.query(), call.size(500, 500), matches))
    return Answer({"requestStatus": [row.shown(without_successful=short) for row in page]}, token=token)


def _of_system(call: Call) -> bool:
    """Everything here was processed by P2P."""
    return (paging.parameter(call.params, "system") or SYSTEM).upper() == SYSTEM


def acknowledge(call: Call) -> Answer:
    """Mark requests as seen."""
    body = call.json()
    if problems := list(ACKNOWLEDGE.problems(body, "", strict=True)):
        raise invalid(*problems)
    if not (ids := body.get("requestIds")):
        raise invalid("The field requestIds is required.")
    call.state.requests.acknowledge(ids)
    return Answer("Acknowledged.")


def feedbacks(call: Call) -> Answer:
    """Errors of single records, all of them or those of one request or record."""
    entity = paging.word(call.params, "entityType", ENTITIES) or call.path.get("entityType")
    request, code = call.path.get("requestId"), call.path.get("errorEntityExternalCode")
    since = paging.since(call.params)
    system = (paging.parameter(call.params, "targetSystem") or SYSTEM).upper()

    def matches(row: Feedback) -> bool:
        return (
            system == SYSTEM
            and request in {None, row.request}
            and entity in {None, row.entity}
            and code in {None, row.code}
            and (since is None or row.stamp > since)
        )

    page, token = call.page(call.state.feedbacks, Query(call.query(), call.size(500, 500), matches))
    return Answer({"errorList": [_shown(row) for row in page]}, token=token)


def _shown(row: Feedback) -> dict[str, Any]:
    return {
        "id": row.id,
        "requestId": row.request,
        "externalCode": row.code,
        "errorEntity": encode(_pascal(row.value)).decode(),
        "entityType": row.entity,
        "errorStamp": moments.written(row.stamp),
        "errors": list(row.messages),
        "targetSystem": SYSTEM,
    }


def _pascal(value: Any) -> Any:
    if isinstance(value, dict):
        return {f"{name[:1].upper()}{name[1:]}": _pascal(item) for name, item in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list) else value
