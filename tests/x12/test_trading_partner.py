"""A whole conversation with a simulated supplier that is not ours: mock-edi."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from mockedi.testing import Mock

from ml_connector.x12.acknowledgment_writer import build_997, reply_to
from ml_connector.x12.acknowledgments import read_997
from ml_connector.x12.checker import check_group
from ml_connector.x12.documents.invoice_footing import foot
from ml_connector.x12.documents.invoice_reader import read_invoice
from ml_connector.x12.documents.order_response import read_order_response
from ml_connector.x12.documents.purchase_order import PurchaseOrder, build_purchase_order
from ml_connector.x12.model import Interchange, TransactionSet
from ml_connector.x12.text import Dialect
from ml_connector.x12.writer import ControlNumbers, write

from .made import AT, DIALECTS, NUMBERS, ORDER, envelope
from .oracles import read_back

# Its dictionary knows neither notes nor schedules nor a sum: it would accept them with errors.
_LINE = replace(
    ORDER.lines[1],
    ids=(("VP", "WIDGET-001"),),
    unit="EA",
    quantity=Decimal(10),
    price=Decimal("12.50"),
    notes=(),
    ship_to=None,
)
PLAIN = replace(ORDER, lines=(_LINE,), notes=(), total=None)


class Partner:
    """One of mock-edi's customers, whom our plant plays."""

    def __init__(self, mock: Mock, name: str, dialect: Dialect) -> None:
        self._mock, self._name, self._dialect = mock, name, dialect

    def send(self, order: PurchaseOrder) -> None:
        sides = envelope(
            self._dialect,
            sender=("ZZ", self._name),
            group_sender=self._name,
            receiver=("ZZ", "MOCKEDI"),
            group_receiver="MOCKEDI",
        )
        data = write(sides, NUMBERS, "PO", [build_purchase_order(order, self._dialect)])
        self._mock.send(data.decode())
        self._mock.settle()

    def answers(self) -> dict[str, tuple[Interchange, TransactionSet]]:
        """By the code of the set."""
        found = [read_back(str(one["payload"]).encode()) for one in self._mock.mailbox(self._name)]
        return {one.groups[0].sets[0].code: (one, one.groups[0].sets[0]) for one in found}


@pytest.fixture(params=[("ACME", DIALECTS[0]), ("GLOBEX", DIALECTS[6])], ids=["004010", "005010"])
def conversation(request: pytest.FixtureRequest) -> Iterator[tuple[Mock, str, Dialect]]:
    name, dialect = request.param
    with Mock.start() as mock:
        mock.behaviour(name, "accept")
        yield mock, name, dialect


def test_an_order_is_acknowledged_confirmed_and_invoiced(conversation: tuple[Mock, str, Dialect]) -> None:
    mock, name, dialect = conversation
    partner = Partner(mock, name, dialect)
    partner.send(PLAIN)
    answers = partner.answers()

    acknowledgment = read_997(answers["997"][1])
    assert (acknowledgment.group_code, acknowledgment.group_number) == ("PO", 57)
    assert acknowledgment.verdict_of("0001") == "accepted"
    assert acknowledgment.contradiction(["0001"]) is None

    response = read_order_response(answers["855"][1])
    assert (response.number, response.verdict) == (PLAIN.number, "accepted")
    assert [(line.number, line.confirmed) for line in response.lines] == [("2", Decimal(10))]

    interchange, found = answers["810"]
    invoice = read_invoice(found)
    assert (invoice.order, invoice.total, invoice.credit) == (PLAIN.number, Decimal("125.00"), False)
    assert foot(invoice).fits

    (group,) = interchange.groups
    ours = build_997(group, check_group(group, interchange.delimiters), dialect)
    mock.send(
        write(reply_to(interchange, group, dialect, AT), ControlNumbers(102, 58), "FA", [ours]).decode()
    )
    assert sorted(one["code"] for one in mock.unacknowledged()) == ["855", "856"]


@pytest.mark.parametrize(("behaviour", "verdict"), [("reject-all", "rejected"), ("short-ship", "changed")])
def test_an_order_that_is_not_taken_as_it_is(
    conversation: tuple[Mock, str, Dialect], behaviour: str, verdict: str
) -> None:
    mock, name, dialect = conversation
    mock.behaviour(name, behaviour)
    partner = Partner(mock, name, dialect)
    partner.send(PLAIN)
    assert read_order_response(partner.answers()["855"][1]).verdict == verdict


def test_an_order_that_its_translator_rejects(conversation: tuple[Mock, str, Dialect]) -> None:
    mock, name, dialect = conversation
    mock.behaviour(name, "reject-ack")
    partner = Partner(mock, name, dialect)
    partner.send(PLAIN)
    assert read_997(partner.answers()["997"][1]).verdict_of("0001") == "rejected"
