"""One round of the inbound side: take files in, answer them, follow what was sent."""

from __future__ import annotations

from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.intake import Intake
from ml_connector.cleo.inbound.outbox import Outbox
from ml_connector.cleo.inbound.transfers import TransferWatch
from ml_connector.core.contract import CaughtUp


class Round:
    """What every back flow of a tenant does before it reads; a second time in a row changes nothing."""

    def __init__(self, cleo: Cleo, context: InboundContext) -> None:
        self._intake = Intake(cleo.mailbox, context)
        self._outbox = Outbox(cleo.mailbox, context.store, context.name)
        self._watch = TransferWatch(cleo.mailbox, cleo.api, context)

    async def run(self) -> CaughtUp:
        """Go once around.

        Raises:
            ConnectorError: whatever stops Cleo; what was taken in before is kept.
        """
        alerts = [*await self._intake.collect(), *await self._outbox.send(), *await self._watch.follow()]
        return CaughtUp(alerts=alerts)
