"""What a request passes before it leaves: a free slot, then a call counted in every quota."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager

from ml_connector.core.limits.quota import Quota
from ml_connector.core.limits.slots import Slots


class Gate:
    """The ``gate`` seam of ``core.http``: ``async with gate(request): ...``.

    Args:
        slots: requests in flight; None where the other side sets no such limit.
        quotas: calls per window; each request counts in all of them.
    """

    def __init__(self, slots: Slots | None = None, quotas: Sequence[Quota] = ()) -> None:
        self._slots, self._quotas = slots, tuple(quotas)

    def __call__(self, _request: object = None) -> AbstractAsyncContextManager[None]:
        return self._pass()

    @contextlib.asynccontextmanager
    async def _pass(self) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            if self._slots is not None:
                await stack.enter_async_context(self._slots.use())
            for quota in self._quotas:
                await quota.take()
            yield

    async def aclose(self) -> None:
        """Give back what is held and was not used."""
        if self._slots is not None:
            await self._slots.aclose()
        for quota in self._quotas:
            await quota.aclose()
