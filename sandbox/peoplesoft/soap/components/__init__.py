"""The components of this site and the edits each of them makes."""

from __future__ import annotations

from sandbox.peoplesoft.soap.component import Component

from .edi import EDI_COMPONENTS
from .journal import JournalComponent
from .order import OrderComponent
from .supplier import SupplierComponent
from .voucher import VoucherComponent

COMPONENTS: dict[str, Component] = {
    component.ci: component
    for component in (
        VoucherComponent(),
        JournalComponent(),
        SupplierComponent(),
        OrderComponent(),
        *EDI_COMPONENTS,
    )
}

__all__ = ["COMPONENTS"]
