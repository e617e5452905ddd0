"""The optional probe of eSettlements."""

from __future__ import annotations

from datetime import date

import pytest

from ml_connector.core import codec
from ml_connector.core.errors import AuthenticationError, ConfigurationError, NotActivated, Unavailable
from ml_connector.core.http import HandlerTransport, Request, Response
from ml_connector.peoplesoft.esettlements import ESettlements, InquiredPayment
from ml_connector.peoplesoft.query import make_client
from tests.peoplesoft.support import SETTINGS

ROW = {
    "oInvoiceID": "INV-1", "oInvDate": "2026-10-02", "oGrossAmount": "1250.5", "oTxnCurrencyCD": "USD",
    "oInvPymntType": "System Check", "oPymntStatus": "Paid", "oOutRowNumber": "1 of 1",
}  # fmt: skip


def service(*answers: Response) -> tuple[ESettlements, list[Request]]:
    left, sent = list(answers), []

    async def answer(request: Request) -> Response:
        sent.append(request)
        return left.pop(0)

    return ESettlements(make_client(SETTINGS, transport=HandlerTransport(answer))), sent


def ok(value: object) -> Response:
    return Response(200, {"Content-Type": "application/json"}, codec.encode(value))


async def test_the_status_of_one_invoice() -> None:
    probe, sent = service(ok({"opStatus": "Paid "}), ok({"opStatus": ""}), ok({}))
    assert await probe.payment_status("INV-1") == "Paid"
    assert await probe.payment_status("INV-2") is None
    assert await probe.payment_status("INV-3") is None
    assert sent[0].method == "POST"
    assert sent[0].url.endswith("/PSFT_EP/espaymentstatus.v1/espaymentstatus")
    assert sent[0].body == b'{"ipInvoice":"INV-1"}'


async def test_payments_come_as_one_object_or_a_list() -> None:
    expected = InquiredPayment("INV-1", "2026-10-02", "1250.5", "USD", "System Check", "Paid")
    probe, _ = service(ok(ROW), ok([ROW, ROW]), ok({}))
    since, until = date(2026, 10, 1), date(2026, 10, 31)
    assert await probe.payments(since, until) == [expected]
    assert await probe.payments(since, until) == [expected, expected]
    assert await probe.payments(since, until) == []


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (Response(401), AuthenticationError),
        (Response(403), NotActivated),
        (Response(500), NotActivated),
        (Response(404), ConfigurationError),
        (Response(503), Unavailable),
        (Response(200, body=b"<html>maintenance</html>"), Unavailable),
        (Response(200, body=b"oops"), Unavailable),
    ],
)
async def test_refusals(answer: Response, failure: type[Exception]) -> None:
    probe, _ = service(answer)
    with pytest.raises(failure):
        await probe.payment_status("INV-1")
