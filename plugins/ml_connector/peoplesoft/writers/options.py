"""What a tenant may set for flows that write to PeopleSoft.

What PeopleSoft does not document, or what differs between sites, is an option. An integration with
options of its own inherits from :class:`WriterOptions`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ml_connector.core.config import InterfaceKind

Way = Literal["update", "updatedata"]


class VoucherBuildOptions(BaseModel):
    """How vouchers are handed to Voucher Build."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    way: Literal["async", "rest"] = Field(
        "async", description="HTTP listening connector with an IBRequest, or a REST service operation"
    )
    operation: str = Field(
        "VOUCHER_BUILD.VERSION_1", description="External name of the service operation in the IBRequest"
    )
    rest_path: str = Field("VoucherBuild.v1", description="Path of the REST service below the node")
    rest_group: str = Field(
        "OF_VCHR_IMPORT_STG", description="Name that the REST service gives to the list of vouchers"
    )
    deadline_hours: float = Field(
        24.0, gt=0, description="An alert when a voucher has not been built so long after it was posted"
    )


class WriterOptions(BaseModel):
    """Options of the PeopleSoft writers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    settle_seconds: float = Field(
        900.0,
        ge=0,
        description='"Not found" is believed so long after a call left; a timed-out save may still be made',
    )
    concurrency: int = Field(2, ge=1, le=4, description="Calls in flight that one task uses")
    update: dict[InterfaceKind, Way] = Field(
        default_factory=dict,
        description="Method for a change: update (may add rows) or updatedata (only rows that are there)",
    )
    supplier_reference: str | None = Field(
        None, pattern=r"^[A-Z][A-Z0-9_]*$", description="Supplier property that holds the source's key"
    )
    order_cancel_status: str = Field(
        "PX", pattern=r"^[A-Z]{1,2}$", description="PO_STATUS that cancels a purchase order"
    )
    voucher_build: VoucherBuildOptions = VoucherBuildOptions()


class VoucherOptions(WriterOptions):
    """Options of an integration whose vouchers a tenant may want in one way or the other."""

    way: Literal["interface", "voucher_build"] = Field(
        "interface", description="Through the component interface, or handed to Voucher Build"
    )
