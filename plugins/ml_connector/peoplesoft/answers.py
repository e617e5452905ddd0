"""What an answer of Query Access Services holds: rows, or a refusal in one of many disguises.

HTTP 200 is not success: a sign-in or maintenance page, an ``IBResponse`` error and an envelope
whose ``status`` is not ``success`` all come with 200 (observed by several public clients).
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ContractChanged,
    NotActivated,
    Unavailable,
)
from ml_connector.core.http import Redactor, Response, TooHeavy
from ml_connector.peoplesoft.xmlp import UnusableXml, XmlAnswer, parse_xml

OPERATION = "QAS_EXECUTEQRY_REST_GET"
Row = dict[str, Any]

_ROW_NUMBER = "attr:rownumber"
_IB_CODE = re.compile(r"\((15[89]),\s*(\d+)\)")
_NAMED_OPERATION = re.compile(r"service operation\s+([A-Z0-9_]+)", re.IGNORECASE)
_MAINTENANCE = re.compile(r"maintenance|unavailable|temporarily|try again later|restarting", re.IGNORECASE)
_SIGN_IN = re.compile(
    r"type=[\"']?password|name=[\"']?(pwd|password|userid)|sign.?(in|on)|log.?in", re.IGNORECASE
)
_NO_QUERY = re.compile(
    r"quer\w*\b.{0,80}\b(not exist|not found|not defined|unknown|invalid)", re.IGNORECASE | re.DOTALL
)
_WRONG_CALL = re.compile(r"prompt|maxrows|filterfields|isconnectedquery|output (format|type)", re.IGNORECASE)


def grant_text(operation: str = OPERATION) -> str:
    """What the PeopleSoft administrator has to do."""
    return (
        f"Ask the PeopleSoft administrator to activate service operation {operation} with an any-to-local "
        "routing and to add a permission list of the integration user to it (Service Operation Security)"
    )


def read_rows(response: Response, redactor: Redactor) -> list[Row]:
    """The rows of an answer with HTTP status 200.

    Raises:
        ConnectorError: the answer is a refusal or a page, or was cut off.
    """
    start = response.body[:256].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{"):
        return _json_rows(response, redactor)
    if not start:
        raise TooHeavy("PeopleSoft answered 200 with an empty body")
    if start.startswith(b"<"):
        return _xml_rows(response, redactor)
    raise ContractChanged(f"neither JSON nor XML came back: {redactor.excerpt(response.text(2000))}")


def _json_rows(response: Response, redactor: Redactor) -> list[Row]:
    try:
        answer = response.json()
    except ValueError:
        raise TooHeavy(f"the JSON answer of {len(response.body)} bytes was cut off or damaged") from None
    status = answer.get("status", "success")
    if str(status).lower() != "success":
        refuse_text(redactor.excerpt(response.text(4000)), f"status {status!r}")
    data = answer.get("data")
    query = data.get("query") if isinstance(data, dict) else None
    if not isinstance(query, dict):
        raise ContractChanged(f"the JSON answer has no data.query: {redactor.excerpt(response.text(2000))}")
    rows = query.get("rows") or []
    if isinstance(rows, dict):  # one row, converted from XML
        rows = [rows]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ContractChanged("data.query.rows of the JSON answer is no list of objects")
    for row in rows:
        row.pop(_ROW_NUMBER, None)
    return rows


def _xml_rows(response: Response, redactor: Redactor) -> list[Row]:
    if is_html(response):
        refuse_page(response)
    try:
        answer = parse_xml(response.body)
    except UnusableXml as error:
        raise TooHeavy(f"the XML answer was cut off or damaged ({error})") from None
    if answer.error or "DefaultMessage" in answer.texts:
        refuse_text(redactor.excerpt(ib_message(answer)), "IBResponse error")
    if answer.root != "QAS_GETQUERYRESULTS_RESP_MSG" and not answer.rows:
        raise ContractChanged(f"an XML answer of an unknown kind came back: {answer.root}")
    if "columnValue" in answer.texts:
        raise ContractChanged("a WEBROWSET came back; its columns have no names, ask for JSON or XMLP")
    return answer.rows


def ib_message(answer: XmlAnswer) -> str:
    """The text of an ``IBResponse``."""
    return answer.texts.get("DefaultMessage") or answer.texts.get("DefaultTitle") or "no text"


def is_html(response: Response) -> bool:
    """A page for people instead of an answer."""
    start = response.body[:2000].lower()
    return b"<html" in start or b"<!doctype html" in start or response.media_type == "text/html"


def refuse_page(response: Response) -> NoReturn:
    """A maintenance page means wait; a sign-in page means that the credentials do not count here."""
    text = response.text(20000)
    if _SIGN_IN.search(text) and not _MAINTENANCE.search(text):
        raise AuthenticationError(
            "a sign-in page came back instead of data: something in front of PeopleSoft wants its own "
            "log-on; let it pass the path of the integration gateway, or use OAuth 2"
        )
    raise Unavailable(f"a web page came back instead of data (HTTP {response.status}): maintenance or proxy")


def refuse_text(text: str, what: str) -> NoReturn:
    """The failure behind a message of the Integration Broker, by message number where it has one."""
    refuse_code(text)
    if _NO_QUERY.search(text) or _WRONG_CALL.search(text):
        raise ConfigurationError(f"PeopleSoft refuses the query ({what}): {text}")
    raise Unavailable(f"PeopleSoft answered with {what}: {text}")


def refuse_code(text: str) -> None:
    """Raise for the message numbers whose meaning is known; others are left to the caller."""
    for message_set, number in _IB_CODE.findall(text):
        match int(message_set), int(number):
            case 158, 45:
                raise AuthenticationError(f"PeopleSoft refuses the password: {text}")
            case 158, 55:
                raise AuthenticationError(
                    f"PeopleSoft does not know the user, or it is locked: {text}. The default user of the "
                    "ANONYMOUS node gives the same message when it is locked"
                )
            case 158, 536:
                named = _NAMED_OPERATION.search(text)
                operation = named[1] if named else OPERATION
                raise NotActivated(f"{text} {grant_text(operation)}.", operation=operation)
            case 158, 505:
                raise NotActivated(f"{text} {grant_text()}.", operation=OPERATION)
            case 158, 10721:
                raise Unavailable(f"the gateway does not reach the application server: {text}")
