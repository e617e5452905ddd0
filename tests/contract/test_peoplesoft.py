"""PeopleSoft's targets over component interfaces keep the contract."""

from __future__ import annotations

from tests.contract.peoplesoft import (
    JournalsByInterface,
    JournalSubject,
    OrdersByInterface,
    OrderSubject,
    SuppliersByInterface,
    SupplierSubject,
    VouchersByInterface,
    VoucherSubject,
)
from tests.contract.peoplesoft_suite import KeptContract, PeopleSoftContract


class TestVouchers(KeptContract):
    subjects = (VoucherSubject, VouchersByInterface)


class TestJournals(KeptContract):
    subjects = (JournalSubject, JournalsByInterface)


class TestSuppliers(PeopleSoftContract):
    subjects = (SupplierSubject, SuppliersByInterface)


class TestPurchaseOrders(PeopleSoftContract):
    subjects = (OrderSubject, OrdersByInterface)
