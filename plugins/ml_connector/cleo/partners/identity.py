"""Who somebody is on an envelope: qualifier and id of ISA05/06 and ISA07/08, and the id of GS02/03."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, field_validator

from ml_connector.core.errors import ConfigurationError

QUALIFIERS = frozenset(
    {
        "01", "02", "03", "04", "07", "08", "09", *(str(number) for number in range(10, 39)),
        "AM", "NR", "SA", "SN", "ZZ",
    }
)  # fmt: skip
"""Codes of X12's element I05; 01 is a D-U-N-S number, 12 a telephone number, ZZ mutually agreed."""

ID_FORM = r"[A-Z0-9](?:[A-Z0-9 ._/-]*[A-Z0-9._/-])?"
"""Ids are padded with blanks on the wire, so none begins or ends with one, and delimiters do not fit."""

EVERY_UNIT = "*"


def address_text(qualifier: str, id_: str) -> str:
    """An identity as the state database keeps it: ``ZZ:PSFTUS001``."""
    return f"{qualifier}:{id_}"


class Identity(BaseModel):
    """One identity of our own; ids are text without padding, leading zeros kept."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    qualifier: str = Field(description="ISA05 or ISA07, such as 01 or ZZ")
    id: str = Field(
        min_length=1, max_length=15, pattern=f"^{ID_FORM}$", description="ISA06 or ISA08, without padding"
    )
    group_id: str | None = Field(
        None, min_length=2, max_length=15, pattern=f"^{ID_FORM}$",
        description="GS02 or GS03; null: the same as id",
    )  # fmt: skip

    @field_validator("qualifier")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in QUALIFIERS:
            raise ValueError(f"{value!r} is no qualifier of X12's element I05, such as 01, 12 or ZZ")
        return value

    @property
    def group(self) -> str:
        """GS02 or GS03."""
        return self.group_id or self.id

    @property
    def text(self) -> str:
        """``qualifier:id``, as the state database keeps it."""
        return address_text(self.qualifier, self.id)


def own_identity(identities: Mapping[str, Identity], unit: str) -> Identity:
    """Who we are for a business unit.

    Raises:
        ConfigurationError: the tenant file says it neither for this unit nor for all.
    """
    found = identities.get(unit) or identities.get(EVERY_UNIT)
    if found is None:
        raise ConfigurationError(
            f"the tenant file does not say who we are on envelopes for business unit {unit}",
            field="integrations.cleo.options.identities",
            expected=f"an entry {unit}, or * for all units",
        )
    return found


def is_ours(identities: Mapping[str, Identity], qualifier: str, id_: str) -> bool:
    """Whether an envelope is addressed to us."""
    return any((own.qualifier, own.id) == (qualifier, id_) for own in identities.values())


def unit_of(
    identities: Mapping[str, Identity], qualifier: str, id_: str, group_id: str | None = None
) -> str | None:
    """The business unit that an envelope is addressed to; None where units share the identity."""
    named = [(unit, own) for unit, own in identities.items() if (own.qualifier, own.id) == (qualifier, id_)]
    exact = [(unit, own) for unit, own in named if own.group == group_id] or named
    units = {unit for unit, _ in exact}
    return units.pop() if len(units) == 1 and EVERY_UNIT not in units else None
