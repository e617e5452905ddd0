"""Answers of ExecuteQuery: the JSON envelope, XMLP and WEBROWSET."""

from __future__ import annotations

from decimal import Decimal
from html import escape
from typing import Any

from aiohttp import web

from sandbox.jsonio import json_response

RESULTS = "http://xmlns.oracle.com/Enterprise/Tools/schemas/QAS_GETQUERYRESULTS_RESP_MSG.VERSION_2"
ROWS = "http://xmlns.oracle.com/Enterprise/Tools/schemas/QAS_QUERYRESULTS_XMLP_RESP.VERSION_1"
NUMBER = "attr:rownumber"
Rows = list[dict[str, Any]]


def as_json(name: str, rows: Rows, numrows: int, status: str, name_key: str) -> web.Response:
    """The JSON envelope."""
    query = {"numrows": numrows, name_key: name, "rows": rows}
    return json_response({"status": status, "data": {"query": query}})


def as_xmlp(name: str, rows: Rows, numrows: int) -> web.Response:
    """XMLP: one element per column, character data in CDATA."""
    body = "".join(
        f'<row rownumber="{row[NUMBER]}">'
        + "".join(_element(column, value) for column, value in row.items() if column != NUMBER)
        + "</row>"
        for row in rows
    )
    return _xml(f'<query numrows="{numrows}" queryname="{escape(name)}" xmlns="{ROWS}">{body}</query>')


def as_webrowset(rows: Rows) -> web.Response:
    """WEBROWSET: values by position, no names."""
    body = "".join(
        "<currentRow>"
        + "".join(
            f"<columnValue>{escape(str(value), quote=False)}</columnValue>"
            for column, value in row.items()
            if column != NUMBER
        )
        + "</currentRow>"
        for row in rows
    )
    return _xml(f"<webRowSet><metadata/><data>{body}</data></webRowSet>")


def _element(column: str, value: Any) -> str:
    if value == "":
        return f"<{column}/>"
    bare = isinstance(value, int | Decimal) or _is_date(value)
    text = str(value) if bare else f"<![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]>"
    return f"<{column}>{text}</{column}>"


def _is_date(text: str) -> bool:
    return len(text) >= 10 and text[4] == text[7] == "-" and text[:4].isdecimal()


def _xml(inner: str) -> web.Response:
    document = (
        f'<?xml version="1.0"?><QAS_GETQUERYRESULTS_RESP_MSG xmlns="{RESULTS}">{inner}'
        "</QAS_GETQUERYRESULTS_RESP_MSG>"
    )
    return web.Response(text=document, content_type="text/xml", charset="utf-8")
