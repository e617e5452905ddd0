"""One round of the inbound side: take files in, answer them, follow what was sent."""

from __future__ import annotations

from ml_connector.cleo.connect import Cleo
from ml_connector.cleo.inbound.context import InboundContext
from ml_connector.cleo.inbound.intake import Intake
from ml_connector.cleo.inbound.outbox import Outbox
from ml_connector.cleo.inbound.transfers import TransferWatch
from ml_connector.core.contract import CaughtUp
from ml_connector.core.errors import AuthenticationError, ConnectorError, RateLimited


class Round:
    """What every back flow of a tenant does before it reads; a second time in a row changes nothing."""

    def __init__(self, cleo: Cleo, context: InboundContext) -> None:
        self._intake = Intake(cleo.mailbox, context)
        self._outbox = Outbox(cleo.mailbox, cleo.api, context)
        self._watch = TransferWatch(cleo.mailbox, cleo.api, context)

    async def run(self) -> CaughtUp:
        """Go once around.

        Returns:
            Sentences for people, and the first failure: what was taken in before it is kept, and what it
            did not concern was done.
        """
        alerts: list[str] = []
        failure: ConnectorError | None = None
        for step in (self._intake.collect, self._outbox.send, self._watch.follow):
            try:
                await step(alerts)
            except ConnectorError as error:
                failure = failure or error
                if isinstance(error, AuthenticationError | RateLimited):
                    break
        return CaughtUp(alerts=alerts, failure=failure)
