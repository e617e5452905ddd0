"""What Cleo writes down: transfers, events, and one message per transaction set."""

from __future__ import annotations

from typing import Any

from sandbox.clock import Clock

from .partners.x12 import Interchange
from .switches import CleoSwitches

Row = dict[str, Any]
NAMES = {
    "850": "Purchase Order", "860": "Purchase Order Change", "810": "Invoice",
    "855": "Purchase Order Acknowledgment", "824": "Application Advice", "997": "Functional Acknowledgment",
}  # fmt: skip
ACKNOWLEDGED = {"A": "Accepted", "E": "Accepted with errors", "P": "Partially accepted"}


class Log:
    """Rows as the API shows them; times have no zone and are UTC here."""

    def __init__(self, switches: CleoSwitches, clock: Clock) -> None:
        self._switches, self._clock = switches, clock
        self.events: list[Row] = []
        self.transfers: list[Row] = []
        self.messages: list[Row] = []
        self._sets: dict[tuple[str, str], list[Row]] = {}
        self._sends: dict[tuple[str, str], list[Row]] = {}

    def stamp(self) -> str:
        """Now, as Cleo writes times."""
        return f"{self._clock.now():%Y/%m/%d %H:%M:%S}"

    def event(self, kind: str, text: str = "", **attributes: str) -> None:
        """One line of the event log."""
        row: Row = {"id": str(1000 + len(self.events)), "time": self.stamp(), "type": kind}
        row |= {"threadId": "38", "command": "1"} | ({"text": text} if text else {})
        self.events.append(row | ({"attributes": attributes} if attributes else {}))

    def transfer(self, transport: str, **values: Any) -> Row:
        """One transfer, begun now; its status is `In Progress` until it is finished."""
        moment = self._clock.now()
        prefix = transport.partition("/")[0][:4].strip()
        number = f"{prefix}-{moment:%Y%m%d_%H%M%S}{moment.microsecond // 1000:03d}"
        row: Row = {
            "transferID": f"{number}-{len(self.transfers) + 1}",
            "transport": transport,
            "isReceipt": False,
            "status": "In Progress",
            "startDT": self.stamp(),
            **values,
        }
        self.transfers.append(row)
        if row["direction"] == "send":
            self._sends.setdefault((row["host"], row.get("documentID", "")), []).append(row)
        self.event(
            "File",
            transferID=row["transferID"],
            direction="Local->Host" if row["direction"] == "send" else "Host->Local",
            source=row["origName"],
            fileSize=str(row["fileSize"]),
            host=row["host"],
            mailbox=row["mailbox"],
        )
        return row

    def finish(self, row: Row, status: str, text: str = "") -> None:
        """How a transfer went."""
        row |= {"status": status, "endDT": self.stamp(), "resultText": text or status}
        self.event("Result", row["resultText"], transferID=row["transferID"])

    def interchange(self, interchange: Interchange) -> Row:
        """The members of a transfer that name one interchange."""
        kinds = [item.kind for group in interchange.groups for item in group.sets]
        return {
            "fileType": "EDI",
            "senderID": ":".join(reversed(interchange.sender)),
            "receiverID": ":".join(reversed(interchange.receiver)),
            "documentID": interchange.number,
            "documentType": kinds[0] if kinds else "TA1",
        }

    def message(self, direction: str, partner: str, interchange: Interchange, issue: str | None) -> None:
        """One message per set, as the Cockpit shows them."""
        expected = direction == "Outbound"
        for group in interchange.groups:
            for item in group.sets:
                waits = expected and item.kind != "997"
                row: Row = {
                    "id": str(1_500_000_000_000 + len(self.messages)),
                    "type": item.kind,
                    "typeName": NAMES.get(item.kind, item.kind),
                    "direction": direction,
                    "partnerName": partner,
                    "partnerId": interchange.receiver[1] if expected else interchange.sender[1],
                    "date": f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ}",
                    "interchangeControlNumber": interchange.number,
                    "groupControlNumber": group.number,
                    "transactionSetControlNumber": item.number,
                    "functionalAck": "NotReceived" if waits else "NotExpected",
                    "issue": issue,
                }
                self.messages.append(row)
                if expected:
                    self._sets.setdefault((partner, group.number), []).append(row)

    def acknowledge(self, partner: str, group: str, code: str) -> None:
        """A 997 passed by: messages always show it, transfers only where the site tracks it."""
        numbers = set()
        for row in self._sets.get((partner, group), ()):
            row["functionalAck"] = "Success" if code in ("A", "E") else "Error"
            numbers.add(row["interchangeControlNumber"])
        if self._switches.track_acknowledgments:
            for number in numbers:
                for transfer in self._sends.get((partner, number), ()):
                    transfer["ackStatus"] = ACKNOWLEDGED.get(code, "Rejected")
