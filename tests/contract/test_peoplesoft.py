"""PeopleSoft's targets over component interfaces keep the contract."""

from __future__ import annotations

from tests.contract.peoplesoft import (
    JournalsByInterface,
    JournalSubject,
    KeptContract,
    OrdersByInterface,
    OrderSubject,
    PeopleSoftContract,
    SuppliersByInterface,
    SupplierSubject,
    VouchersByInterface,
    VoucherSubject,
)


class TestVouchers(KeptContract):
    subjects = (VoucherSubject, VouchersByInterface)


class TestJournals(KeptContract):
    subjects = (JournalSubject, JournalsByInterface)


class TestSuppliers(PeopleSoftContract):
    subjects = (SupplierSubject, SuppliersByInterface)


class TestPurchaseOrders(PeopleSoftContract):
    subjects = (OrderSubject, OrdersByInterface)
