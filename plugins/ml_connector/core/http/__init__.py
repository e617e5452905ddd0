"""The async HTTP client that every system package is built on.

Seams, in the order in which a call passes them: ``Client`` (retries inside the call, failure
classes), ``Auth`` (a generator that yields requests and receives responses), gate (pacing, given
by the caller), ``Transport`` (replaceable in tests). Nothing in here imports Airflow.
"""

from ml_connector.core.http.auth import Auth, BasicAuth, NoAuth
from ml_connector.core.http.client import Action, BeforeSend, Classify, Client, Gate, TooHeavy
from ml_connector.core.http.messages import Request, Response, json_request, quote_segment
from ml_connector.core.http.redaction import Redactor, redact
from ml_connector.core.http.retry import Retry, parse_retry_after
from ml_connector.core.http.tokens import (
    MemoryTokenStore,
    OAuth2ClientCredentials,
    Token,
    TokenAuth,
    TokenStore,
)
from ml_connector.core.http.transport import (
    AiohttpTransport,
    HandlerTransport,
    Interrupted,
    NotSent,
    Transport,
    TransportError,
)

__all__ = [
    "Action",
    "AiohttpTransport",
    "Auth",
    "BasicAuth",
    "BeforeSend",
    "Classify",
    "Client",
    "Gate",
    "HandlerTransport",
    "Interrupted",
    "MemoryTokenStore",
    "NoAuth",
    "NotSent",
    "OAuth2ClientCredentials",
    "Redactor",
    "Request",
    "Response",
    "Retry",
    "Token",
    "TokenAuth",
    "TokenStore",
    "TooHeavy",
    "Transport",
    "TransportError",
    "json_request",
    "parse_retry_after",
    "quote_segment",
    "redact",
]
