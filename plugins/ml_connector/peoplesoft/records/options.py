"""What a tenant may set about status and partner records in PeopleSoft."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Way = Literal["interface", "staged"]


class RecordOptions(BaseModel):
    """How records reach PeopleSoft; a flow whose way is null cannot be switched on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order_status: Way | None = Field(
        None, description="Where orders and invoices stand: through a component interface, or as files"
    )
    trading_partner: Way | None = Field(
        None, description="What became of partners: through a component interface, or as files"
    )
    folder: str | None = Field(
        None, description="Folder for the CSV files, e.g. file:///data/edi or s3://connection@bucket/edi"
    )
    settle_seconds: float = Field(
        900.0, ge=0, description='"Not found" is believed so long after a call left'
    )
    concurrency: int = Field(2, ge=1, le=4, description="Calls in flight that one task uses")

    @model_validator(mode="after")
    def _fits(self) -> RecordOptions:
        if "staged" in {self.order_status, self.trading_partner} and not self.folder:
            raise ValueError("way staged needs folder, where the files go")
        return self

    def way(self, kind: str) -> Way | None:
        """The way of a kind of record."""
        return self.order_status if kind == "order_status" else self.trading_partner
