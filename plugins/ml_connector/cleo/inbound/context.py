"""What every step of taking files in needs to know of its tenant."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.directory import Directory
from ml_connector.core.config import TenantConfig
from ml_connector.core.ledger.scope import Scope
from ml_connector.core.state.store import Store

INVOICES = "cleo.supplier_invoices"
"""Flow that carries suppliers' invoices on."""

USAGE = {"test": "T", "production": "P"}
"""ISA15 by the tenant's environment."""


@dataclass(frozen=True, slots=True)
class InboundContext:
    """One tenant.

    Attributes:
        tenant: its file.
        directory: its partners.
        store: its state.
    """

    tenant: TenantConfig
    options: CleoOptions
    directory: Directory
    store: Store

    @property
    def name(self) -> str:
        """Name of the tenant."""
        return self.tenant.tenant

    @property
    def usage(self) -> str:
        """What ISA15 must say."""
        return USAGE[self.tenant.environment]

    @property
    def invoices(self) -> Scope:
        """Where suppliers' invoices stand in the ledger."""
        return Scope(self.tenant.tenant, self.tenant.environment, INVOICES)
