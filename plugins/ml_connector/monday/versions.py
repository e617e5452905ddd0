"""The version of the API that answers must be the one that was asked for.

monday.com answers with another one without a word: an asked-for version that does not exist becomes the
current one, a deprecated one the one in maintenance (developer.monday.com/api-reference/docs/api-versioning).
"""

from __future__ import annotations

import logging

from ml_connector.core.errors import ContractChanged
from ml_connector.core.http import Response

log = logging.getLogger(__name__)

VERSION_HEADER = "API-Version"


class PinnedVersion:
    """Compares the version of each answer.

    Args:
        version: that is asked for.
    """

    def __init__(self, version: str) -> None:
        self.version = version
        self.answered = ""
        """What the last answer named; empty before one did."""

        self._mismatch = ""

    def check(self, name: str) -> None:
        """Nothing is sent any more once another version has answered.

        Raises:
            ContractChanged: one has.
        """
        if self._mismatch:
            raise ContractChanged(f"{name} was not sent: {self._mismatch}")

    def compare(self, name: str, response: Response, *, executed: bool) -> None:
        """Look at an answer. One without the header proves nothing, and need not: errors may lack it.

        Args:
            name: of the operation.
            response: of the API.
            executed: a write that may have been executed. Its outcome must reach whoever asked, so another
                version is told with the next call only.

        Raises:
            ContractChanged: another version answered.
        """
        found = response.header(VERSION_HEADER).strip()
        if not found:
            return
        self.answered = found
        if found == self.version:
            return
        self._mismatch = (
            f"monday.com answered with version {found} of its API instead of {self.version}, which it no "
            "longer serves, or not yet. Read its release notes, put a version that is served into "
            "api_version of the connection, and try it on a board for tests first"
        )
        if not executed:
            raise ContractChanged(f"{name}: {self._mismatch}")
        log.error("%s: %s. Nothing more is sent", name, self._mismatch)
