"""What a tenant may set under ``integrations.bill.options.settlement``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Way = Literal["journal", "staged"]
Closing = Literal["none", "hold", "external"]
Value = TypeVar("Value")

ANY = "*"
"""Stands for every business unit or funding account that is not named."""


class Account(BaseModel):
    """An account with its ChartFields, as PeopleSoft writes them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    account: str = Field(min_length=1, max_length=10, description="ACCOUNT")
    department: str = Field("", max_length=10, description="DEPTID, where the account needs one")
    operating_unit: str = Field("", max_length=8, description="OPERATING_UNIT, where the account needs one")


def _account(value: Any) -> Any:
    return {"account": value} if isinstance(value, str) else value


AccountText = Annotated[Account, BeforeValidator(_account)]
"""An account alone, or an object with its department and operating unit."""

PerUnit = dict[str, AccountText]


class Accounts(BaseModel):
    """Accounts by business unit of the general ledger; ``*`` holds for those that are not named."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    payables: PerUnit = Field(default_factory=dict, description="Payables (debited), by business unit")
    cash: dict[str, PerUnit] = Field(
        default_factory=dict, description="Cash (credited), by BILL's funding account and business unit"
    )


class SettlementOptions(BaseModel):
    """How payments that BILL made are settled in PeopleSoft."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    way: Way | None = Field(None, description="Journals in the general ledger, or rows and a CSV for people")
    accounts: Accounts = Accounts()
    currencies: dict[str, Annotated[str, Field(pattern="^[A-Z]{3}$")]] = Field(
        default_factory=dict, description="Base currency of the ledger, by business unit"
    )
    general_ledger_units: dict[str, str] = Field(
        default_factory=dict,
        description="General ledger unit of a payables unit, where it has another name",
    )

    # the journal
    source: str = Field(
        "BIL", pattern="^[A-Z0-9]{1,3}$", description="SOURCE of our journals, and of no others"
    )
    ledger_group: str = Field("ACTUALS", min_length=1, max_length=10, description="LEDGER_GROUP")
    ledger: str = Field("ACTUALS", min_length=1, max_length=10, description="LEDGER")
    id_prefix: str = Field(
        "B", pattern="^[A-Z0-9]{1,3}$", description="What the JOURNAL_ID of ours begins with"
    )
    open_from: date | None = Field(
        None,
        description="First open day; without it, the query of the dataset open_periods says what is open",
    )
    open_through: date | None = Field(None, description="Last open day")

    # the file
    csv_path: str | None = Field(
        None, description="Folder for the CSV files, e.g. file:///data/bill or s3://connection@bucket/bill"
    )

    # the voucher
    close_voucher: Closing = Field(
        "none", description="How a voucher that is settled in full is closed to PeopleSoft's pay cycle"
    )
    hold_reason: str = Field("OTH", pattern="^[A-Z0-9]{1,3}$", description="PYMNT_HOLD_REASON of our holds")

    settle_seconds: float = Field(
        900.0, ge=0, description='"Not found" is believed so long after a call left'
    )
    concurrency: int = Field(2, ge=1, le=4, description="Calls in flight that one task uses")
    read_back_pages: int = Field(
        2, ge=1, description="Pages that one reconciliation spends on what it did not touch"
    )

    @model_validator(mode="after")
    def _fits(self) -> SettlementOptions:
        if self.way == "staged" and not self.csv_path:
            raise ValueError("way staged needs csv_path, the folder for the files")
        if self.open_from is None and self.open_through is not None:
            raise ValueError("open_through needs open_from")
        if self.open_from and self.open_through and self.open_from > self.open_through:
            raise ValueError("open_from is later than open_through")
        return self

    def unit(self, payables_unit: str) -> str:
        """Business unit of the general ledger for one of payables."""
        return self.general_ledger_units.get(payables_unit, payables_unit)


class MissingSetting(Exception):
    """A setting that one payment needs is missing; the text names it."""


class Chart:
    """Looks accounts and currencies up; every answer that is missing is named."""

    def __init__(self, options: SettlementOptions) -> None:
        self._options = options

    def payables(self, unit: str) -> Account:
        """The account that is debited.

        Raises:
            MissingSetting: the tenant file names none.
        """
        return _named(
            self._options.accounts.payables, unit, "accounts.payables", f"payables account of {unit}"
        )

    def cash(self, funding_account: str, unit: str) -> Account:
        """The account that is credited: of this funding account before ``*``, of this unit before ``*``.

        Raises:
            MissingSetting: the tenant file names none.
        """
        name = funding_account or ANY
        for key in dict.fromkeys((name, ANY)):
            per_unit = self._options.accounts.cash.get(key, {})
            if found := per_unit.get(unit) or per_unit.get(ANY):
                return found
        about = f"cash account of funding account {funding_account or '(none)'} in {unit}"
        return _named({}, unit, f"accounts.cash.{name}", about)

    def currency(self, unit: str) -> str:
        """Base currency of the unit's ledger.

        Raises:
            MissingSetting: the tenant file names none.
        """
        return _named(self._options.currencies, unit, "currencies", f"base currency of {unit}")


def _named(values: Mapping[str, Value], unit: str, place: str, about: str) -> Value:
    found = values.get(unit) or values.get(ANY)
    if found is None:
        raise MissingSetting(
            f"the {about} is not known: add settlement.{place}.{unit} (or '{ANY}') to the options of bill in "
            "the tenant file, then release the payment"
        )
    return found
