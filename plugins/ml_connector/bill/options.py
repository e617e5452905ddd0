"""What a tenant may set under ``integrations.bill.options``.

Defaults follow BILL's documentation; what BILL does not document is an option, so that a site on
which BILL behaves otherwise needs no new release.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Flow = Literal["accounts", "departments", "locations", "classes", "vendors", "bills", "vendor_credits"]


class WebhookOptions(BaseModel):
    """How events of BILL reach the connector."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subscribe: bool = Field(True, description="Make and keep a webhook subscription in BILL")
    url: str | None = Field(
        None, pattern="^https?://", description="Where BILL sends events; null: the receiver of this Airflow"
    )
    name: str = Field(
        "ml-connector", min_length=1, max_length=100, description="Name of the subscription in BILL"
    )
    events: tuple[str, ...] = Field(
        ("payment.updated", "payment.failed"), min_length=1, description="Event types to subscribe to"
    )
    management_url: str | None = Field(
        None,
        pattern="^https?://",
        description="Base address of webhook management; null: that of the connection with -events added",
    )
    minified_signatures: bool = Field(
        True, description="Accept a signature over the body without white space too"
    )


class BillOptions(BaseModel):
    """Options of the BILL integration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # how much of BILL's limits the connector uses (documented by BILL: API rate limits)
    hourly_requests: int = Field(
        18_000, ge=100, le=20_000, description="Calls per clock hour and developer key; BILL allows 20,000"
    )
    hourly_logins: int = Field(
        150, ge=1, le=200, description="Log-ins per clock hour and developer key; BILL allows 200"
    )
    concurrent_requests: int = Field(
        3, ge=1, le=3, description="Calls in flight per organization that BILL allows"
    )
    concurrency: int = Field(2, ge=1, le=3, description="Calls in flight that one task uses")
    session_idle_minutes: int = Field(
        30, ge=1, description="A session unused for so long is not tried any more"
    )
    timeout_seconds: float = Field(
        60.0, gt=0, le=120, description="Wait for one answer; bulk calls wait twice as long"
    )

    # looking up
    settle_seconds: float = Field(
        120.0, ge=0, description='"Not found" is believed so long after a call left'
    )
    lookup_margin_seconds: float = Field(
        300.0, ge=0, description="Clocks may differ by so much in look-ups by time"
    )
    lookup_pages: int = Field(1000, ge=1, description="Pages of 100 that one look-up may read")
    vendors_per_lookup: int = Field(25, ge=1, le=100, description="Vendors whose bills are listed together")
    archived_in_lists: bool = Field(True, description="BILL lists archived objects together with active ones")
    account_match: Literal["number", "name"] = Field(
        "number", description="By what GL accounts are recognised"
    )
    class_match: Literal["short_name", "name"] = Field(
        "short_name", description="By what departments, locations and accounting classes are recognised"
    )

    # writing
    bulk: bool = Field(True, description="Create through bulk calls")
    create: dict[Flow, bool] = Field(
        default_factory=dict, description="Flows that may not create anything: false"
    )
    clear_removed: Literal["empty", "null", "keep"] = Field(
        "empty", description="How a field that PeopleSoft emptied is emptied in BILL"
    )
    on_paid_elsewhere: Literal["record", "archive"] = Field(
        "record", description="A voucher that PeopleSoft paid itself: record the payment, or archive the bill"
    )
    on_change_after_approval: Literal["update", "conflict"] = Field(
        "update", description="A voucher changed after its bill was approved in BILL"
    )

    # reading back
    read_back_pages: int = Field(
        50, ge=1, description="Pages that one reconciliation spends on what it did not touch"
    )

    # payments back to PeopleSoft
    default_currency: str = Field(
        "USD", pattern="^[A-Z]{3}$", description="Currency of payments to vendors that BILL names none for"
    )
    webhooks: WebhookOptions = Field(WebhookOptions(), description="How BILL's events arrive")

    @model_validator(mode="after")
    def _fits(self) -> BillOptions:
        if self.concurrency > self.concurrent_requests:
            raise ValueError("concurrency must not exceed concurrent_requests")
        return self

    def may_create(self, flow: Flow) -> bool:
        """Whether a flow may create objects in BILL, or only align what is there."""
        return self.create.get(flow, True)
