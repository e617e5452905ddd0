"""Operations on imported records."""

from __future__ import annotations

from typing import Any

from sandbox.jsonio import encode

from . import moments, paging
from .call import Answer, Call
from .errors import BaswareError, bad_parameter, invalid
from .paging import Query
from .resources import Resource
from .shapes import Shape, Text, may
from .store import Record, Table

DELETE = Shape(externalCode=may(Text(36)), lastUpdated=may(Text()))


def _table(call: Call, key: str) -> Table:
    return call.state.store.table(f"{key}/{call.path['listKey']}" if "listKey" in call.path else key)


def _written(call: Call, key: str) -> Table:
    """The same for writes, for which 404 is not documented."""
    try:
        return _table(call, key)
    except BaswareError:
        raise bad_parameter("The list does not exist.") from None


def _wrapped(call: Call, resource: Resource, rows: list[Any]) -> Any:
    bare = resource.name == "vendors" and call.state.switches.vendors_wrapper == "array"
    return rows if bare else {resource.wrapper: rows}


class Master:
    """The operations of one resource, or of all generic lists."""

    def __init__(self, key: str) -> None:
        self._key = key

    def list(self, call: Call) -> Answer:
        """A page of records, by company and by when they were sent last."""
        table = _table(call, self._key)
        company, since = paging.parameter(call.params, "companyCode"), paging.since(call.params)

        def matches(record: Record) -> bool:
            return (company is None or record.of_company(company)) and (
                since is None or record.updated > since
            )

        size = call.size(table.resource.page, table.resource.largest_page)
        page, token = call.page(table.order, Query(call.query(), size, matches))
        rows = [record.shown() for record in page]
        return Answer(_wrapped(call, table.resource, rows), token=token)

    def one(self, call: Call) -> Answer:
        """One record, without a wrapper."""
        return Answer(_table(call, self._key).find(call.path["externalCode"]).shown())

    def post(self, call: Call) -> Answer:
        """Import; with `partial_batches` a 400 may have imported what was right."""
        table = _written(call, self._key)
        request, rows, errors = call.state.imports.post(table, call.json(), call.faults)
        if errors:
            refused = BaswareError(400, errors).response(request.id)
            body = refused.body if isinstance(refused.body, bytes) else b""
            return Answer(status=400, content=body, request_id=request.id)
        return Answer(rows, request_id=request.id)

    def patch(self, call: Call) -> Answer:
        """Change some fields."""
        table = _table(call, self._key)
        code = call.path["externalCode"]
        request, row = call.state.imports.patch(table, code, call.json(), call.faults)
        return Answer(row, request_id=request.id)

    def delete(self, call: Call) -> Answer:
        """Take one record, or all that changed after a time, out of the API layer; P2P keeps them."""
        table, body = _written(call, self._key), call.json()
        if problems := list(DELETE.problems(body, "", strict=True)):
            raise invalid(*problems)
        if code := body.get("externalCode"):
            if code in table.rows:
                table.drop(code)
            return Answer({"taskName": _task(table), "taskStatus": "Success"})
        try:
            since = moments.read(body["lastUpdated"])
        except (KeyError, TypeError, ValueError):
            raise invalid("externalCode or lastUpdated is required.") from None
        gone = [record.code for record in table.rows.values() if record.updated > since]
        for code in gone:
            table.drop(code)
        link = call.state.cleanups.add(_task(table), len(gone))
        row = {"statusApiLink": link, "taskName": _task(table), "taskStatus": "InProgress"}
        return Answer(status=202, content=encode(row))


def _task(table: Table) -> str:
    name = table.resource.name
    return f"Delete{name[0].upper()}{name[1:]}"
