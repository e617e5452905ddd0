from __future__ import annotations

from decimal import Decimal

import pytest

from ml_connector.cleo.settings import CleoSettings
from ml_connector.core.errors import ConfigurationError, InDoubt, NotActivated, Rejected, Unavailable
from ml_connector.core.http import Interrupted, NotSent, Response
from ml_connector.core.state.store import Store

from .fake import FakeCleo, answer, page, said
from .support import connected, settings

POST = "POST /tenant/invoices"
INVOICE = {"number": "INV-1", "total": Decimal("10.50")}


def provided() -> CleoSettings:
    return settings(api_provider_url="https://api.example.com/tenant", api_provider_token="s3cret-token")


async def test_a_document_is_posted_as_json_with_the_token(fake: FakeCleo, state: Store) -> None:
    fake.fault(POST, answer({"id": "17"}, 202))
    async with connected(fake, state, where=provided()) as cleo:
        assert await cleo.post_json("/invoices", INVOICE) == {"id": "17"}
    (sent,) = fake.sent
    assert sent.url == "https://api.example.com/tenant/invoices"
    assert sent.body == b'{"number":"INV-1","total":10.50}'
    assert sent.headers["Authorization"] == "Bearer s3cret-token"
    assert sent.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("given", [Response(204), Response(200, {"Content-Type": "text/plain"}, b"thanks")])
async def test_an_answer_need_not_say_anything(fake: FakeCleo, state: Store, given: Response) -> None:
    fake.fault(POST, given)
    async with connected(fake, state, where=provided()) as cleo:
        assert await cleo.post_json("invoices", INVOICE) == {}


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (said("The service is unavailable", 503), Unavailable, "service is unavailable"),
        (page("<html>maintenance</html>", 503), Unavailable, "web page"),
        (NotSent("refused", "no connection"), Unavailable, "no connection"),
        (said("Broken", 500), InDoubt, "may have been executed"),
        (said("Timeout", 504), InDoubt, "may have been executed"),
        (Interrupted("timeout", "no answer in time"), InDoubt, "may have been executed"),
        (said("total is missing", 422), Rejected, "total is missing"),
        (said("INV-1 exists", 409), Rejected, "knows this document already"),
        (said("no", 404), ConfigurationError, "nothing listens at /invoices"),
        (said("no", 401), ConfigurationError, "api_provider_token"),
        (said("no", 403), NotActivated, "endpoint /invoices"),
    ],
)
async def test_failures(
    fake: FakeCleo, state: Store, given: Response | Exception, kind: type[Exception], words: str
) -> None:
    fake.fault(POST, given, times=None)
    async with connected(fake, state, where=provided()) as cleo:
        with pytest.raises(kind, match=words) as caught:
            await cleo.post_json("/invoices", INVOICE)
    assert "s3cret" not in str(caught.value)
    assert fake.calls(POST) == 1


@pytest.mark.parametrize("endpoint", ["", "/", "https://evil.example.com/x", "//evil.example.com", "/../x"])
async def test_documents_go_to_no_other_server(fake: FakeCleo, state: Store, endpoint: str) -> None:
    async with connected(fake, state, where=provided()) as cleo:
        with pytest.raises(ConfigurationError, match="no endpoint"):
            await cleo.post_json(endpoint, INVOICE)
    assert fake.sent == []


async def test_a_connection_without_a_provider_says_what_is_missing(fake: FakeCleo, state: Store) -> None:
    async with connected(fake, state) as cleo:
        with pytest.raises(ConfigurationError, match="api_provider_url and api_provider_token"):
            await cleo.post_json("/invoices", INVOICE)
