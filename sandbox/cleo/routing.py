"""Picking files up, splitting and routing them, and the way back from the partners."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from sandbox import credentials
from sandbox.clock import Clock

from .agenda import Agenda
from .files import DOWNLOADS, File, FolderStore
from .log import Log, Row
from .partners.center import Partners
from .partners.profile import Partner
from .partners.x12 import Interchange, Unreadable, read
from .resources import Resources, enabled, ready
from .switches import CleoSwitches

DATA_FOLDERS = ("vendor", "cost")
TRANSPORTS = {"as2": "AS2/HTTP", "sftp": "SSH FTP", "ftp": "FTP"}
DAY = 86_400.0


@dataclass(frozen=True)
class Taken:
    """A file that was picked up."""

    folder: str
    name: str
    content: bytes
    at: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Duplicate:
    """An interchange that Cleo did not deliver because its number was sent before."""

    partner: str
    interchange: str
    file: str


@dataclass(frozen=True)
class Parcel:
    """One interchange in the outbox of a connection."""

    partner: Partner
    interchange: Interchange
    file: str
    transfer: Row


class Router:
    """Between the mailbox and the partners."""

    def __init__(
        self, switches: CleoSwitches, clock: Clock, agenda: Agenda, files: FolderStore, resources: Resources
    ) -> None:
        self._switches, self._clock, self._agenda = switches, clock, agenda
        self._files, self._resources = files, resources
        self.log = Log(switches, clock)
        self.partners = Partners(switches, clock, agenda, self.back)
        self.taken: list[Taken] = []
        self.outboxes: dict[str, list[Parcel]] = {}
        self.duplicates: list[Duplicate] = []
        self._numbers: dict[tuple[str, ...], float] = {}

    def pick_up(self, *, at_once: bool = False) -> int:
        """Take every file that has waited long enough; returns how many."""
        if self._switches.pickup == "stopped":
            return 0
        delay, now = self._switches.pickup_delay, self._clock.seconds()
        latest = now if at_once else now - delay
        due = [file for file in self._files.waiting() if file.modified.timestamp() <= latest]
        for file in sorted(due, key=lambda file: (file.folder.path, file.name)):
            self._files.remove(file)
            self._agenda.do(min(file.modified.timestamp() + delay, now), partial(self._take, file))
        return len(due)

    def _take(self, file: File) -> None:
        transfer = self.log.transfer(
            "HTTP",
            host="mailbox",
            mailbox=credentials.CLEO_MAILBOX,
            username=file.owner,
            folder=file.folder.path,
            action="receive",
            direction="receive",
            origName=file.name,
            fileSize=len(file.content),
        )
        problems = [] if file.folder.name in DATA_FOLDERS else self._split(file)
        taken = Taken(
            file.folder.path, file.name, file.content, self._clock.now().isoformat(), tuple(problems)
        )
        self.taken.append(taken)
        self.log.finish(transfer, "Error" if problems else "Success", "; ".join(problems))

    def _split(self, file: File) -> list[str]:
        """Route each interchange; one that cannot be routed fails the transfer, the others still go."""
        try:
            found = read(file.content)
        except Unreadable as error:
            return [f"EDI could not be read: {error}"]
        return [problem for interchange in found if (problem := self._route(interchange, file))]

    def _route(self, interchange: Interchange, file: File) -> str:
        partner = self.partners.at_address(interchange.receiver)
        name = partner.name if partner is not None else ":".join(interchange.receiver)
        if partner is None:
            problem = f"interchange {interchange.number} could not be routed to {name}"
            self.log.message("Outbound", name, interchange, "New")
            self.log.finish(self._sending(name, "EDI", interchange, file), "Error", problem)
            return problem
        key, now = (*interchange.sender, *interchange.receiver, interchange.number), self._clock.seconds()
        window = self._switches.duplicate_days * DAY if self._switches.duplicate_check else 0.0
        if now - self._numbers.get(key, -window) < window:
            self.duplicates.append(Duplicate(name, interchange.number, file.name))
            self.log.message("Outbound", name, interchange, "Open")
            return f"Duplicate: interchange {interchange.number} was sent before"
        self._numbers[key] = now
        self.log.message("Outbound", name, interchange, None)
        self._to_outbox(partner, interchange, file)
        return ""

    def _sending(self, host: str, transport: str, interchange: Interchange, file: File) -> Row:
        return self.log.transfer(
            transport,
            host=host,
            mailbox="myMailbox",
            action="send",
            direction="send",
            origName=file.name,
            fileSize=len(interchange.raw),
            tradingPartnerAlias=host,
            **self.log.interchange(interchange),
        )

    def _to_outbox(self, partner: Partner, interchange: Interchange, file: File) -> None:
        connection = self._resources.connection(partner.name)
        kind = connection["type"] if connection else "as2"
        transfer = self._sending(partner.name, TRANSPORTS.get(kind, kind)[:12], interchange, file)
        self.outboxes.setdefault(partner.name, []).append(Parcel(partner, interchange, file.name, transfer))
        if connection is None:
            self.log.finish(transfer, "Error", "there is no connection for the partner")
        elif self._continuous(connection):
            self.flush(partner.name)

    def _continuous(self, connection: Row) -> bool:
        return any(
            action["alias"] == "send" and enabled(action) and action.get("schedule") == "on file continuously"
            for action in self._resources.actions_of(connection["id"])
        )

    def flush(self, alias: str) -> list[str]:
        """Deliver what waits in an outbox; returns the names of the files. What cannot go stays."""
        connection = self._resources.connection(alias)
        waiting = self.outboxes.get(alias, [])
        reason = "there is no connection" if connection is None else blocked(connection)
        if reason:
            for parcel in waiting:
                self.log.finish(parcel.transfer, "Error", reason)
            return []
        self.outboxes[alias] = []
        for parcel in waiting:
            self._deliver(parcel)
        return [parcel.file for parcel in waiting]

    def _deliver(self, parcel: Parcel) -> None:
        wait = self._switches.receipt_seconds
        if wait and parcel.transfer["transport"].startswith("AS2"):
            parcel.transfer["status"] = "Receipt Pending"
            self._agenda.after(wait, lambda: self.log.finish(parcel.transfer, "Success"))
        else:
            self.log.finish(parcel.transfer, "Success")
        self.partners.receive(parcel.partner, parcel.interchange, parcel.file)

    def back(self, partner: Partner, kind: str, name: str, data: bytes) -> str:
        """A partner's file goes into the download folder of its set; returns the name it got."""
        where = "download"
        if self._switches.download_layout == "by_set":
            where = f"download/{kind if kind in DOWNLOADS else 'other'}"
        stored = self._files.drop(where, name, data)
        self._record(partner, stored, data)
        return stored.name

    def _record(self, partner: Partner, stored: File, data: bytes) -> None:
        values: dict[str, Any] = {"fileType": "EDI"}
        try:
            found = read(data)
        except Unreadable:
            found = []  # files with faults are passed on all the same
        for interchange in found:
            values = self.log.interchange(interchange)
            self.log.message("Inbound", partner.name, interchange, None)
            for group in interchange.groups:
                for item in group.sets:
                    if item.kind == "997":
                        self.log.acknowledge(partner.name, item.value("AK1", 2), item.value("AK9", 1))
        transfer = self.log.transfer(
            "AS2/HTTP",
            host=partner.name,
            mailbox="myMailbox",
            action="receive",
            direction="receive",
            origName=stored.name,
            fileSize=len(data),
            tradingPartnerAlias=partner.name,
            **values,
        )
        self.log.finish(transfer, "Success")


def blocked(connection: Row) -> str:
    """Why a connection cannot send now; empty when it can."""
    return "" if not ready(connection) and enabled(connection) else ready(connection) or "it is disabled"
