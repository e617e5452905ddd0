"""The tenant file: one PeopleSoft deployment, or some of its business units, with its settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from ml_connector.core.config.conditions import Rule
from ml_connector.core.config.values import (
    Cadence,
    ConnectionId,
    Duration,
    FieldName,
    Form,
    Model,
    Name,
    QueryName,
    Scalar,
    Switch,
    Text,
    TimeZone,
    UnitName,
    wrong,
)

NotifyEvent = Literal["failure", "deadline", "overdue", "subscription", "stale"]
ALL_EVENTS: tuple[NotifyEvent, ...] = get_args(NotifyEvent)
InterfaceKind = Literal["voucher", "journal", "supplier", "purchase_order", "order_status", "trading_partner"]
InterfaceName = Annotated[
    str, Form(r"[A-Z0-9_]{1,30}", "a name of up to 30 capitals, digits and _ such as AP_VOUCHER")
]
PropertyKey = Annotated[
    str,
    Form(
        r"([A-Za-z_][A-Za-z0-9_]*\.)?[A-Za-z_][A-Za-z0-9_]*",
        "a property such as GROSS_AMT, or one of a collection such as VOUCHER_LINE.DESCR",
    ),
]
QueryKey = Annotated[
    str,
    Form(
        r"[a-z][a-z0-9_]*\.(changes|open|full|by_key)",
        "a dataset and one of changes, open, full, by_key such as vouchers.changes",
    ),
]
MailAddress = Annotated[str, Form(r"[^@\s]+@[^@\s]+", "a mail address such as ap@example.com")]


def _day(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value)
    except ValueError:
        pass  # told below, in one place
    raise wrong("a date such as 2026-01-31")


Day = Annotated[date, BeforeValidator(_day)]


class MaxChanges(Model):
    """Mass change guard: more updates and removals in one run need a person's confirmation."""

    percent: Annotated[int, Field(ge=0, le=100, strict=True)] = 20
    at_least: Annotated[int, Field(ge=0, strict=True)] = 100


class FlowSettings(Model):
    """How one flow runs. ``enabled: null`` leaves it to the mapping's own default."""

    enabled: Switch | None = None
    every: Cadence | None = None
    start: Day | None = None
    create: Switch = True
    max_changes: MaxChanges = MaxChanges()
    attempts: Annotated[int, Field(ge=1, le=100, strict=True)] = 5


class Integration(Model):
    """PeopleSoft and one other system. ``options`` belong to that system's own model.

    ``events_schedule`` is how often back flows look even though no event has come.
    ``stale_after``: a flow without a success for so long is told to people.
    """

    enabled: Switch = True
    schedule: Cadence | None = None
    events_schedule: Cadence | None = timedelta(minutes=15)
    deadline: Duration | None = None
    stale_after: Duration | None = None
    queue: Text | None = None
    flows: dict[Name, FlowSettings] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict)

    def flow(self, name: str) -> FlowSettings:
        """Settings of a flow (``bills``, not ``bill.bills``); defaults where the file names none."""
        return self.flows.get(name) or FlowSettings()


class ComponentInterface(Model):
    """A component interface of PeopleSoft as this site has it.

    Attributes:
        name: its name, where it differs from the product's default.
        service: its web service, ``CI_<name>`` where the site did not rename it.
        version: the service's version.
        properties: our name of a property or collection to the site's; ``COLLECTION.NAME`` where a
            site spells one name differently in two places.
        read: how to look up what is there: the dataset's query, or the interface's own Get and Find.
    """

    name: InterfaceName | None = None
    service: InterfaceName | None = None
    version: Annotated[str, Form(r"[0-9A-Z_.]{1,20}", "a version such as 1")] = "1"
    properties: dict[PropertyKey, FieldName] = Field(default_factory=dict)
    read: Literal["query", "interface"] = "query"


class Notifier(Model):
    """An Airflow notifier. The address or host stands in its connection."""

    type: Literal["http", "smtp"]
    connection: ConnectionId
    events: Annotated[tuple[NotifyEvent, ...], Field(min_length=1)] = ALL_EVENTS
    to: tuple[MailAddress, ...] = ()
    endpoint: str | None = None

    @model_validator(mode="after")
    def _mail_has_recipients(self) -> Self:
        if self.type == "smtp" and not self.to:
            raise wrong("at least one mail address in to", "a notifier of type smtp needs recipients")
        return self


class TenantConfig(Model):
    """A tenant file."""

    tenant: Name
    environment: Literal["test", "production"]
    time_zone: TimeZone
    start: Day
    connections: Annotated[dict[Name, ConnectionId], Field(min_length=1)]
    business_units: Annotated[tuple[UnitName, ...], Field(min_length=1)]
    setids: tuple[UnitName, ...] = ()
    setid_of: dict[Name, dict[UnitName, UnitName]] = Field(default_factory=dict)
    queries: dict[QueryKey, QueryName] = Field(default_factory=dict)
    component_interfaces: dict[InterfaceKind, ComponentInterface] = Field(default_factory=dict)
    value_maps: dict[Name, dict[str, Scalar]] = Field(default_factory=dict)
    rules: dict[Name, Rule] = Field(default_factory=dict)
    notify: tuple[Notifier, ...] = ()
    integrations: dict[Name, Integration] = Field(default_factory=dict)

    def setid(self, group: str, unit: str) -> str:
        """SETID of a business unit for a record group; the first SETID where the file says nothing.

        A SETID given as ``unit`` (documents of setup data) stands for itself.
        """
        if unit in self.setids:
            return unit
        named = self.setid_of.get(group, {}).get(unit)
        return named or (self.setids[0] if self.setids else unit)

    def flow(self, name: str) -> FlowSettings:
        """Settings of a flow by its full name, e.g. ``bill.bills``."""
        system, _, flow = name.partition(".")
        integration = self.integrations.get(system)
        return integration.flow(flow) if integration else FlowSettings()

    def switches(self) -> Iterator[tuple[str, bool]]:
        """Flows that the file switches on or off by name, e.g. ``("bill.bills", False)``."""
        for system, integration in self.integrations.items():
            for name, flow in integration.flows.items():
                if flow.enabled is not None:
                    yield f"{system}.{name}", flow.enabled
