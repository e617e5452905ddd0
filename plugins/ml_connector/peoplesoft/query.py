"""Executes queries through Query Access Services (``ExecuteQuery.v1``).

There is no paging and no offset in QAS: an answer has at most ``maxrows`` rows, or fewer where the
query security profile of the OPRID says so, and does not say that it was cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

from ml_connector.core.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectorError,
    NotActivated,
    Unavailable,
)
from ml_connector.core.http import (
    Action,
    Client,
    Redactor,
    Request,
    Response,
    Retry,
    TooHeavy,
    Transport,
    parse_retry_after,
    quote_segment,
)
from ml_connector.core.http.auth import Auth
from ml_connector.core.http.client import Gate
from ml_connector.peoplesoft import answers
from ml_connector.peoplesoft.answers import OPERATION, Row
from ml_connector.peoplesoft.settings import PeopleSoftSettings

_QUICK = 5.0  # seconds; a refusal comes quickly, a query that is killed does not


@dataclass(frozen=True, slots=True)
class QueryCall:
    """One execution of a query.

    Attributes:
        name: the query.
        prompts: unique prompt name to value, in the order of the query.
        maxrows: rows asked for.
        owner: ``public``, or ``private`` to the calling OPRID.
    """

    name: str
    prompts: Mapping[str, str] = field(default_factory=dict)
    maxrows: int = 1
    owner: str = "public"


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """Rows as they came, and the gateway's clock."""

    rows: list[Row]
    source_time: datetime | None


def classify(_: Request, response: Response) -> Action:
    """Server errors have several meanings here, so the client leaves them to this module."""
    return Action.RETURN if response.status >= 500 else Action.DEFAULT


def make_client(
    settings: PeopleSoftSettings,
    *,
    auth: Auth | None = None,
    transport: Transport | None = None,
    gate: Gate | None = None,
    retry: Retry | None = None,
) -> Client:
    """A client for the REST services of the node; the caller closes it."""
    from ml_connector.core.http import AiohttpTransport

    return Client(
        settings.rest_url,
        auth=auth or settings.make_auth(),
        transport=transport or AiohttpTransport(verify=settings.verify),
        gate=gate,
        classify=classify,
        retry=retry or Retry(attempts=3),
        timeout=settings.timeout,
        redactor=settings.redactor(),
    )


class QueryService:
    """Runs queries of one connection and remembers what it learned about the site.

    Attributes:
        row_cap: rows that an answer can have at most, once a cut was noticed. The query security
            profile belongs to the OPRID, so it holds for all queries.
        largest: most rows that one answer had: a cap, if there is one, is not below it.
    """

    def __init__(self, client: Client, redactor: Redactor) -> None:
        self._client = client
        self._redactor = redactor
        self._worked: dict[str, QueryCall] = {}
        self.row_cap: int | None = None
        self.largest = 0

    async def run(self, call: QueryCall) -> QueryAnswer:
        """Execute and return the rows.

        Raises:
            TooHeavy: no answer in time, or the server gave up; asking for less may help.
            ConnectorError: see ``core.errors``; texts say what to do.
        """
        response = await self._client.send(_request(call))
        try:
            rows = answers.read_rows(response, self._redactor) if response.status == 200 else None
        except ConnectorError as error:
            raise _named(error, call) from None
        if rows is None:
            await self._refuse(call, response)
        self._worked[call.name] = call
        self.largest = max(self.largest, len(rows))
        return QueryAnswer(rows, _date(response))

    async def works(self, call: QueryCall) -> bool:
        """Whether a query is answered with success right now, told by one row of it."""
        response = await self._client.send(_request(QueryCall(call.name, call.prompts, 1, call.owner)))
        return response.status == 200 and not answers.is_html(response)

    async def _refuse(self, call: QueryCall, response: Response) -> NoReturn:
        """Raise what the status means, message numbers first."""
        text = self._redactor.excerpt(response.text(8000))
        try:
            answers.refuse_code(text)
        except ConnectorError as error:
            raise _named(error, call) from None
        if response.status >= 500:
            await self._server_error(call, response, text)
        raise _client_error(call, response, text)

    async def _server_error(self, call: QueryCall, response: Response, text: str) -> NoReturn:
        """With Service System Status "Production" every framework error is a 500 without text.

        Documented under fault messages of REST service operations. So a quick, empty 500 is an
        outage unless something else works at the same moment; then it is configuration.
        """
        wait = parse_retry_after(response.header("Retry-After"))
        said = f"query {call.name}: PeopleSoft answered {response.status}"
        if response.status != 500 or answers.is_html(response):
            raise TooHeavy(said, retry_after=wait)
        if text:
            try:
                answers.refuse_text(text, "500")
            except ConfigurationError as error:
                raise _named(error, call) from None
            except Unavailable:
                raise TooHeavy(f"{said}: {text}", retry_after=wait) from None
        if response.elapsed > _QUICK or call.name in self._worked:
            raise TooHeavy(f"{said} without text", retry_after=wait)
        await self._diagnose(call, said)

    async def _diagnose(self, call: QueryCall, said: str) -> NoReturn:
        if await self._prompts_work(call):
            raise NotActivated(
                f"{said} without text, while the prompts of the same query are answered: "
                f"{OPERATION} is inactive or not granted. {answers.grant_text()}.",
                operation=OPERATION,
            )
        other = next(reversed(self._worked.values()), None)
        if other is not None and await self.works(other):
            raise ConfigurationError(
                f"{said} without text, while query {other.name} works: {call.name} does not exist, is not "
                f"{call.owner}, or the integration user may not see its records (query access groups)"
            )
        raise TooHeavy(
            f"{said} without text: an outage, or with Service System Status 'Production' also a missing "
            f"query or permission. If it stays: does query {call.name} exist and is it {call.owner}? "
            f"{answers.grant_text()}"
        )

    async def _prompts_work(self, call: QueryCall) -> bool:
        path = f"QueryPrompts.v1/{call.owner.upper()}/{quote_segment(call.name)}"
        response = await self._client.send(
            Request("GET", path, {"isconnectedquery": "N", "json_resp": "true"})
        )
        return response.status == 200 and not answers.is_html(response)


def _request(call: QueryCall) -> Request:
    """Prompts travel as two parallel comma lists; a comma inside a value cannot be escaped."""
    for name, value in call.prompts.items():
        if "," in value:
            raise ConfigurationError(
                f"query {call.name}: the value {value!r} for prompt {name} has a comma, which PeopleSoft "
                "cannot take in a prompt"
            )
    path = f"ExecuteQuery.v1/{call.owner.upper()}/{quote_segment(call.name)}/JSON/NONFILE"
    params = {"isconnectedquery": "N", "maxrows": str(call.maxrows)}
    if call.prompts:
        params["prompt_uniquepromptname"] = ",".join(call.prompts)
        params["prompt_fieldvalue"] = ",".join(call.prompts.values())
    params["json_resp"] = "true"
    return Request("GET", path, params, {"Accept": "application/json"})


def _client_error(call: QueryCall, response: Response, text: str) -> ConnectorError:
    said = f"query {call.name}: PeopleSoft answered {response.status}"
    shown = f": {text}" if text and not answers.is_html(response) else ""
    match response.status:
        case 401:
            return AuthenticationError(
                f"{said}{shown}. Login or password (token, with oauth2) are wrong, the account is locked, or "
                f"{OPERATION} wants another way to authenticate"
            )
        case 403:
            return NotActivated(f"{said}{shown}. {answers.grant_text()}.", operation=OPERATION)
        case 404:
            return ConfigurationError(
                f"{said}{shown}. Wrong node or gateway path, REST listening connector not deployed, "
                f"service alias ExecuteQuery.v1 not active, or the query does not exist as {call.owner}"
            )
        case status if 300 <= status < 400:
            place = response.header("Location").split("?", 1)[0]
            return ConfigurationError(
                f"{said}, a redirect to {place}: use the address behind it, or let the proxy or single "
                "sign-on in front pass the path of the integration gateway"
            )
    return ConfigurationError(f"{said}{shown}")


def _named(error: ConnectorError, call: QueryCall) -> ConnectorError:
    """The same failure with the query's name in front."""
    text = f"query {call.name}: {error}"
    if isinstance(error, NotActivated):
        return NotActivated(text, operation=error.operation)
    return type(error)(text)


def _date(response: Response) -> datetime | None:
    try:
        moment = parsedate_to_datetime(response.header("Date"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
