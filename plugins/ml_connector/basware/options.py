"""What a tenant may set under ``integrations.basware.options``.

Basware publishes its interfaces, and neither its limits nor how it signs and repeats notifications:
what is not published is an option here or a field of the connection.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ml_connector.basware.master.options import MasterOptions
from ml_connector.core.config.mapping import DecimalText
from ml_connector.core.config.values import ConnectionId, Duration, Model, Switch, Text, UnitName, wrong

SignedMessage = Literal["auto", "body", "timestamp_body"]

CompanyCode = Annotated[str, StringConstraints(min_length=1, max_length=32)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$", to_lower=True)]
TaskName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]+(/[A-Za-z]+)?$")]


class ImportOptions(Model):
    """How long Basware may take over what it has accepted.

    P2P decides minutes later, sometimes after repetitions of its own. The answer is asked for after
    ``poll_first_seconds``, then after twice as long each time, up to ``poll_longest_seconds``; after
    ``give_up_hours`` a person is told.
    """

    poll_first_seconds: float = Field(15.0, gt=0)
    poll_longest_seconds: float = Field(300.0, gt=0)
    give_up_hours: float = Field(24.0, gt=0)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.poll_longest_seconds < self.poll_first_seconds:
            raise wrong("a longest wait that is not shorter than the first one")
        return self

    def pause(self, asked: int) -> float:
        """Seconds until the next question, after so many that found nothing decided."""
        return float(min(self.poll_longest_seconds, self.poll_first_seconds * 2.0 ** min(asked, 30)))


class WebhookOptions(Model):
    """How Basware's notifications reach the connector.

    Attributes:
        subscribe: make and keep the subscriptions in Basware; needs the connection's ``webhook_token``.
        url: where Basware sends them; null: the receiver of this Airflow.
        tasks: task types to subscribe to, each with its sub type.
        tolerance_seconds: a notification may be so old, or so far ahead of our clock.
        signed_message: what the signature is made over: the body, or timestamp, full stop and body.
        timestamp_headers: where the time of a notification is looked for while the connection's
            ``timestamp_header`` is empty.
        history_hours: how far back missed notifications are asked for, the first time.
    """

    subscribe: Switch = True
    url: Annotated[str, StringConstraints(pattern="^https?://", max_length=2083)] | None = None
    tasks: Annotated[tuple[TaskName, ...], Field(min_length=1)] = (
        "AccountingDocuments/WaitingForTransfer",
        "RequestStatus/Error",
    )
    tolerance_seconds: float = Field(300.0, gt=0, le=86_400)
    signed_message: SignedMessage = "auto"
    timestamp_headers: tuple[HeaderName, ...] = ("x-bwapi-timestamp", "x-bwapi-request-timestamp")
    history_hours: float = Field(24.0, gt=0, le=24 * 30)


class Rounding(Model):
    """What becomes of a difference between an invoice's total and its rows and tax.

    Attributes:
        into: ``refuse`` the invoice, add it to the largest ``line``, or make it a miscellaneous ``charge``.
        up_to: amount in the invoice's currency above which every invoice is refused.
    """

    into: Literal["refuse", "line", "charge"] = "refuse"
    up_to: DecimalText = Decimal("0.05")


class InvoiceOptions(Model):
    """How invoices become vouchers.

    Attributes:
        rounding: see :class:`Rounding`.
        freight_accounts: coding rows with these accounts are freight of the voucher, and no line.
    """

    rounding: Rounding = Rounding()
    freight_accounts: tuple[Text, ...] = ()


class AttachmentOptions(Model):
    """Where the files of invoices are kept.

    Attributes:
        path: a folder as Airflow's object storage names it: ``s3://bucket/invoices``, ``file:///srv/invoices``.
            Without one, no file is fetched.
        connection: Airflow connection of that storage, where it needs one.
        largest_megabytes: a larger file is left in Basware, and the trail says so.
    """

    path: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9+]*://\S+$")] | None = None
    connection: ConnectionId | None = None
    largest_megabytes: int = Field(50, ge=1, le=1024)


class BaswareOptions(Model):
    """Options of the Basware integration.

    Attributes:
        requests_per_second: of all tasks together.
        concurrent_requests: requests in flight of all tasks together.
        concurrency: requests in flight that one task uses.
        write_gap_seconds: two writes to one record are so far apart; of two within a second Basware
            keeps the later one only.
        timeout_seconds: wait for one answer.
        renew_margin_seconds: a token is renewed so long before it ends, or after 80 % of its life where
            that is earlier.
        settle_seconds: "not there" is believed so long after a call left.
        read_back_every: everything that was sent is looked at once more after so long.
        companies: Basware's company codes, each with its business unit; a business unit that is not named
            is a company of the same code.
        invoices: see :class:`InvoiceOptions`.
        attachments: see :class:`AttachmentOptions`.
        master: see :class:`MasterOptions`.
        imports: see :class:`ImportOptions`.
        webhooks: see :class:`WebhookOptions`.
    """

    requests_per_second: float = Field(5.0, gt=0, le=1000)
    concurrent_requests: int = Field(3, ge=1, le=50)
    concurrency: int = Field(2, ge=1, le=50)
    write_gap_seconds: float = Field(5.0, ge=0, le=600)
    timeout_seconds: float = Field(60.0, gt=0, le=300)
    renew_margin_seconds: float = Field(60.0, ge=0, le=3600)
    settle_seconds: float = Field(120.0, ge=0, le=3600)
    read_back_every: Duration = timedelta(days=1)
    companies: dict[CompanyCode, UnitName] = Field(default_factory=dict)
    invoices: InvoiceOptions = InvoiceOptions()
    attachments: AttachmentOptions = AttachmentOptions()
    master: MasterOptions = MasterOptions()
    imports: ImportOptions = ImportOptions()
    webhooks: WebhookOptions = WebhookOptions()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.concurrency > self.concurrent_requests:
            raise wrong("a concurrency of one task that does not exceed concurrent_requests")
        return self
