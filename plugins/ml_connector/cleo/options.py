"""What a tenant may set under ``integrations.cleo.options``.

Cleo publishes its connections, actions, log-in and paging; files, transfers and events only in part.
What is not published is an option here or a field of the connection, so that a Cleo that behaves
otherwise needs no new release.
"""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ml_connector.cleo.inbound.options import InboundOptions
from ml_connector.cleo.partners.identity import Identity

_STRICT = ConfigDict(extra="forbid", frozen=True)
_PATH = r"^/[^\s?#]*$"

InvoiceMode = Literal["voucher_copy", "billing"]


class Folders(BaseModel):
    """Folders of the mailbox, as it shows them: names with slashes between."""

    model_config = _STRICT

    upload: dict[str, str] = Field(
        default_factory=lambda: {code: f"upload/{code}" for code in ("850", "860", "810", "997")},
        description="Where files with transaction sets of a code go, unless a partner's file names a folder",
    )
    download: tuple[str, ...] = Field(
        ("download/997", "download/855", "download/810", "download/824", "download/other"),
        description="Where files for us are found; all of them are read, whatever they hold",
    )
    vendor: str = Field("upload/vendor", description="Where the vendor file goes")
    cost_objects: str = Field("upload/cost", description="Where the file of cost objects goes")


class Pace(BaseModel):
    """How many calls reach Cleo. It publishes no limit, so these are cautious."""

    model_config = _STRICT

    concurrent: int = Field(4, ge=1, le=50, description="Calls in flight over all tasks of a tenant")
    per_task: int = Field(2, ge=1, le=50, description="Calls in flight that one task uses")
    per_second: int = Field(5, ge=1, le=500, description="Calls a second over all tasks of a tenant")

    @model_validator(mode="after")
    def _fits(self) -> Pace:
        if self.per_task > self.concurrent:
            raise ValueError("per_task must not exceed concurrent")
        return self


class Timeouts(BaseModel):
    """Seconds to wait."""

    model_config = _STRICT

    connect: float = Field(10.0, gt=0, le=120, description="Until a connection stands")
    read: float = Field(60.0, gt=0, le=600, description="For the answer to a call")
    upload: float = Field(300.0, gt=0, le=3600, description="For an upload or a download")


class Paths(BaseModel):
    """Paths of the REST interface, below the address of the connection."""

    model_config = _STRICT

    connections: str = Field("/api/connections", pattern=_PATH)
    actions: str = Field("/api/actions", pattern=_PATH)
    transfers: str | None = Field(
        "/api/transfers", pattern=_PATH, description="Not published by Cleo; null: never asked for"
    )
    events: str | None = Field(
        "/api/events", pattern=_PATH, description="Not published by Cleo; null: never asked for"
    )


class RunOptions(BaseModel):
    """Running an action of Cleo after an upload."""

    model_config = _STRICT

    timeout_seconds: int = Field(300, ge=1, le=3600, description="How long Cleo holds the call open")
    messages: int = Field(100, ge=0, le=10_000, description="Lines of the log to ask for")
    poll_seconds: float = Field(5.0, gt=0, le=300, description="Between two looks at a run that goes on")
    longest_seconds: float = Field(1800.0, gt=0, description="After that a run that goes on is in doubt")
    successes: tuple[str, ...] = Field(
        ("success",), min_length=1, description="Results that mean success, whatever their case"
    )


_FIELD = r"^\w+$"


class TransferFields(BaseModel):
    """Members of a transfer, as Cleo's answer calls them; the defaults follow its transfer report."""

    model_config = _STRICT

    id: str = Field("transferID", pattern=_FIELD)
    status: str = Field("status", pattern=_FIELD)
    file_name: str = Field("origName", pattern=_FIELD)
    direction: str = Field("direction", pattern=_FIELD)
    receipt: str = Field("isReceipt", pattern=_FIELD)
    started: str = Field("startDT", pattern=_FIELD)
    ended: str = Field("endDT", pattern=_FIELD)
    result: str = Field("resultText", pattern=_FIELD)


class Monitoring(BaseModel):
    """Reading transfers and events; Cleo publishes their columns, not the calls."""

    model_config = _STRICT

    since_filter: bool = Field(
        True, description="Ask Cleo for what is newer than a moment; false: read all and select here"
    )
    fields: TransferFields = Field(TransferFields(), description="What Cleo calls a transfer's members")
    event_time: str = Field("time", pattern=_FIELD, description="Field with an event's time")
    time_zone: str = Field("UTC", description="Zone of Cleo's server: its times name none")
    pages: int = Field(200, ge=1, description="Pages that one reading may take")

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{value!r} is no time zone, such as America/Chicago") from None
        return value

    @property
    def zone(self) -> ZoneInfo:
        """Zone of Cleo's server."""
        return ZoneInfo(self.time_zone)


class PurchaseOrderOptions(BaseModel):
    """Purchase orders to suppliers."""

    model_config = _STRICT

    include_edx: bool = Field(
        False, description="Send orders too that PeopleSoft itself dispatches electronically"
    )


class InvoiceOptions(BaseModel):
    """Invoices to partners."""

    model_config = _STRICT

    mode: InvoiceMode | None = Field(
        None,
        description="voucher_copy: approved vouchers go to the supplier; billing: invoices of Billing go to "
        "customers; null: the flow does nothing",
    )


class AcknowledgmentOptions(BaseModel):
    """Waiting for the 997, where a partner's file says nothing else."""

    model_config = _STRICT

    hours: float = Field(24.0, gt=0, le=24 * 60, description="A 997 is overdue so long after the upload")


class CleoOptions(BaseModel):
    """Options of the Cleo integration."""

    model_config = _STRICT

    # who we are, and where things lie
    identities: dict[str, Identity] = Field(
        default_factory=dict, description="Our own identity by business unit; * for all others"
    )
    folders: Folders = Field(Folders(), description="Folders of the mailbox")
    partners_folder: str | None = Field(
        None, description="Folder of the partner files; null: <tenants_path>/<tenant>/partners"
    )

    # the flows
    purchase_orders: PurchaseOrderOptions = Field(PurchaseOrderOptions())
    invoices: InvoiceOptions = Field(InvoiceOptions())
    acknowledgments: AcknowledgmentOptions = Field(AcknowledgmentOptions())
    inbound: InboundOptions = Field(InboundOptions())
    check_connections: bool = Field(
        True, description="Read the connections of Cleo; false where its user may not see them"
    )
    other_connections: tuple[str, ...] = Field(
        (), description="Aliases of connections that are no supplier's, so that none is missed: a bank's, say"
    )

    # how Cleo is spoken to
    pace: Pace = Field(Pace())
    timeouts: Timeouts = Field(Timeouts())
    paths: Paths = Field(Paths())
    run: RunOptions = Field(RunOptions())
    monitoring: Monitoring = Field(Monitoring())
    page_size: int = Field(100, ge=1, le=1000, description="Rows to ask for; Cleo may answer with fewer")
    token_seconds: float = Field(
        3000.0, gt=60, description="Life of a token where Cleo's answer does not tell it"
    )
    upload_type: str = Field(
        "application/octet-stream", pattern=r"^[\w.+-]+/[\w.+-]+$", description="Content type of uploads"
    )
    folder_types: tuple[str, ...] = Field(
        ("folder", "directory"), min_length=1, description="What Cleo calls a folder within a folder"
    )
    settle_seconds: float = Field(
        120.0, ge=0, description='"Not found" is believed so long after an upload left'
    )
