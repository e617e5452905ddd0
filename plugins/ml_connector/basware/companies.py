"""Which of Basware's companies stands for which business unit of a tenant.

One Basware account may hold companies of several PeopleSoft deployments: what belongs to none of a
tenant's business units is not the tenant's, and is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_connector.core.config import TenantConfig
from ml_connector.core.errors import ConfigurationError

_FEW = 3
"""So many companies are each listed by themselves."""


class Companies:
    """Company codes and business units.

    Args:
        tenant: its business units are companies of the same code, unless ``named`` says otherwise.
        named: company code to business unit.

    Raises:
        ConfigurationError: a company is given to a business unit that the tenant does not have.
    """

    def __init__(self, tenant: TenantConfig, named: Mapping[str, str]) -> None:
        units = tenant.business_units
        for code, unit in named.items():
            if unit not in units:
                raise ConfigurationError(
                    f"company {code} is to be {unit}, which is no business unit of tenant {tenant.tenant}",
                    field=f"integrations.basware.options.companies.{code}",
                    expected=f"one of {', '.join(units)}",
                )
        taken = set(named.values())
        self._units = dict(named) | {unit: unit for unit in units if unit not in taken and unit not in named}

    def unit(self, code: str) -> str | None:
        """Business unit of a company; None where it is not the tenant's."""
        return self._units.get(code)

    def codes(self, unit: str) -> Sequence[str]:
        """Companies that stand for a business unit."""
        return [code for code, known in self._units.items() if known == unit]

    def filters(self) -> list[dict[str, str]]:
        """Queries that together list what may be the tenant's: one for each company, or one for all.

        Basware lists one company or all of them. Beside a few, others cost less than a call for each.
        """
        if len(self._units) > _FEW:
            return [{}]
        return [{"companyCode": code} for code in self._units]
