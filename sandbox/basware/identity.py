"""Who calls: tokens of the client credentials grant, or user and password with every call."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from sandbox import credentials
from sandbox.clock import Clock
from sandbox.jsonio import encode

from .errors import BaswareError
from .switches import BaswareSwitches

FORM = "application/x-www-form-urlencoded"
TENANT = "010203-TEST1"
WHOLE = (
    "accountingDocuments", "accounts", "advancedPermissions", "advancedValidations", "contracts",
    "costCenters", "errorFeedbacks", "exchangeRates", "exportedContractSpends", "exportedContracts",
    "exportedPurchaseOrders", "exportedPurchaseRequisitions", "lists", "matchingOrderLines", "matchingOrders",
    "paymentTerms", "projects", "purchaseGoodsReceipts", "purchaseOrders", "purchaseRequisitions",
    "subscriptions", "taxCodes", "users", "vendors",
)  # fmt: skip
EVERYTHING = frozenset(
    {f"{name}.{right}" for name in WHOLE for right in ("read", "write", "delete")}
    | {
        f"{name}.{right}"
        for name in ("applicationGroups", "companies", "requestStatus")
        for right in ("read", "write")
    }
    | {"tasks.read", "taskStatus.read"}
)
"""All scopes there are, also of operations that are not simulated."""


def basic(header: str) -> tuple[str, str] | None:
    """User and password of a Basic header, or None."""
    kind, _, text = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except ValueError:
        return None
    return (name, password) if colon else None


class Identity:
    """Tokens that live, with their scopes."""

    def __init__(self, switches: BaswareSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self._tokens: dict[str, tuple[float, frozenset[str]]] = {}
        self.issued = 0

    def token(self, header: str, form: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a token request. Raises ``BaswareError`` with 400, 401 or 422."""
        if not header:
            raise _missing("header", "authorization")
        if basic(header) != (credentials.BASWARE_CLIENT_ID, credentials.BASWARE_CLIENT_SECRET):
            raise BaswareError(401, body={"error": "invalid_client"})
        if "grant_type" not in form:
            raise _refused("invalid_request", "grant_type field required")
        if form["grant_type"] != "client_credentials":
            raise _refused("unsupported_grant_type", "grant_type is not client_credentials")
        if not (asked := str(form.get("scope", "")).split()):
            raise _missing("body", "scope")
        if unknown := set(asked) - EVERYTHING:
            raise _refused("invalid_scope", f"unknown scope {' '.join(sorted(unknown))}")
        return self._issue(asked)

    def _issue(self, scopes: list[str]) -> dict[str, Any]:
        now, life = self._clock.seconds(), self._switches.token_seconds
        claims = {
            "sub": credentials.BASWARE_CLIENT_ID,
            "scope": " ".join(scopes),
            "auth_time": int(now),
            "iss": "https://api.basware.com",
            "aud": "OpenAPI",
            "exp": int(now) + life,
            "iat": int(now),
            "jti": str(uuid4()),
            "bwcid": TENANT,
        }
        header = {"alg": "RS256", "kid": "sandbox", "typ": "at+jwt"}
        token = ".".join(_part(part) for part in (encode(header), encode(claims), secrets.token_bytes(256)))
        self._tokens = {text: kept for text, kept in self._tokens.items() if kept[0] > now}
        self._tokens[token] = (now + life, frozenset(scopes))
        self.issued += 1
        return {"access_token": token, "scope": claims["scope"], "expires_in": life, "token_type": "Bearer"}

    def check(self, header: str, scope: str) -> None:
        """Refuse a call that may not do this. Raises ``BaswareError`` with 401, or 403 by switch."""
        if basic(header) == (credentials.BASWARE_USER, credentials.BASWARE_PASSWORD):
            return
        kind, _, token = header.partition(" ")
        end, scopes = self._tokens.get(token.strip(), (0.0, frozenset[str]()))
        if kind.lower() != "bearer" or end <= self._clock.seconds():
            raise self._unauthorized(401)
        if scope not in scopes:
            raise self._unauthorized(int(self._switches.missing_scope))

    def _unauthorized(self, status: int) -> BaswareError:
        message = {"message": "Unauthorized" if status == 401 else "Forbidden"}
        return BaswareError(status, body=message if self._switches.unauthorized_body == "message" else None)

    def end(self, header: str) -> None:
        """Let a token be over."""
        self._tokens.pop(header.partition(" ")[2].strip(), None)

    def revoke(self) -> int:
        """Let all tokens be over; returns how many there were."""
        ended, self._tokens = len(self._tokens), {}
        return ended


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _refused(error: str, description: str) -> BaswareError:
    return BaswareError(400, body={"error": error, "error_description": description})


def _missing(place: str, name: str) -> BaswareError:
    entry = {"loc": [place, name], "msg": "field required", "type": "value_error.missing"}
    return BaswareError(422, body={"detail": [entry]})
