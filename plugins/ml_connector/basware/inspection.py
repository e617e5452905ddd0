"""Compares a tenant's options with the live account, before somebody misses an invoice.

An invoice of a company that no business unit stands for is another tenant's, or it waits for ever. Nobody
can tell which; a person who looks can.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any

from pydantic import BaseModel

from ml_connector.basware.companies import Companies
from ml_connector.basware.connect import connect
from ml_connector.basware.hook import BaswareHook
from ml_connector.basware.invoices.document import WAITING
from ml_connector.basware.invoices.source import DOCUMENTS, PAGE
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.settings import BaswareSettings
from ml_connector.core.config import TenantConfig
from ml_connector.core.state.store import Store


def inspect(tenant: TenantConfig, store: Store, options: BaseModel) -> Coroutine[Any, Any, Sequence[str]]:
    """What waits in Basware for nobody; see ``core.dag.definition.Inspect``.

    Raises:
        ConfigurationError: at once, where the tenant's connection is missing or wrong.
    """
    if not isinstance(options, BaswareOptions):
        raise TypeError(f"Basware's flows take BaswareOptions, not {type(options).__name__}")
    settings = BaswareHook(basware_conn_id=tenant.connections["basware"]).settings
    return _inspect(tenant, store, options, settings)


async def _inspect(
    tenant: TenantConfig, store: Store, options: BaswareOptions, settings: BaswareSettings
) -> Sequence[str]:
    companies = Companies(tenant, options.companies)
    async with connect(settings, options, store) as api:
        query = {"ProcessingStatus": WAITING, "pageSize": str(PAGE)}
        page = await api.page(DOCUMENTS, query)
    codes = {str(row.get("companyCode")) for row in page.rows}
    strange = sorted(code for code in codes if companies.unit(code) is None)
    return [
        f"integrations.basware.options.companies: invoices of company {code} wait to be transferred, and no "
        f"business unit of tenant {tenant.tenant} stands for it: name it there, or see that another does"
        for code in strange
    ]
