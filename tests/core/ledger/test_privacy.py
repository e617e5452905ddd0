"""What people may see of a payload."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ml_connector.core.ledger.privacy import MASK, is_private, masked

PRIVATE = [
    "BANK_ACCOUNT_NUM", "accountNumber", "routingNumber", "bankAccount", "bankAccounts", "BNK_ID_NBR",
    "IBAN_ID", "DFI_ID_NUM", "VNDR_TIN", "taxId", "TAX_ID_NUM", "ssn", "password", "clientSecret",
    "access_token", "devKey", "apiKey", "webhook_security_key", "sessionId", "Set-Cookie", "last4CardNumber",
    "BENEFICIARY_BNK_AC",
]  # fmt: skip
PUBLIC = [
    "chartOfAccountId", "ACCOUNT", "account_type", "invoiceNumber", "VENDOR_ID", "company", "DESCR", "amount",
    "PYMNT_METHOD", "purchaseOrderNumber", "pandas", "rating", "tinted", "shipping", "key", "bicycle",
]  # fmt: skip


@pytest.mark.parametrize("name", PRIVATE)
def test_private_names(name: str) -> None:
    assert is_private(name)
    assert masked({name: "4711"}) == {name: MASK}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names(name: str) -> None:
    assert masked({name: "4711"}) == {name: "4711"}


def test_lists_and_children_are_masked_too() -> None:
    payload = {
        "vendor": {"payment": [{"accountNumber": "1"}, {"accountNumber": None}], "banks": [{"name": "X"}]},
        "names": ["N1"], "iban": ["DE1", "DE2"], "lines": [{"amount": Decimal("1.50")}],
    }  # fmt: skip
    assert masked(payload) == {
        "vendor": {"payment": [{"accountNumber": MASK}, {"accountNumber": None}], "banks": MASK},
        "names": ["N1"], "iban": MASK, "lines": [{"amount": "1.50"}],
    }  # fmt: skip


def test_numbers_and_times_become_text() -> None:
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert masked([Decimal("0.10"), at, True, None, 3]) == [
        "0.10",
        "2026-11-20T12:00:00+00:00",
        True,
        None,
        3,
    ]
