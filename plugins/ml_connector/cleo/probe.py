"""Trying a connection out: log in, look at the folders, count the connections, in plain sentences."""

from __future__ import annotations

from ml_connector.cleo.api import HOSTS
from ml_connector.cleo.connect import Cleo, connect_alone
from ml_connector.cleo.errors import NotFound, NotOffered
from ml_connector.cleo.options import CleoOptions, Timeouts
from ml_connector.cleo.settings import CleoSettings
from ml_connector.core.errors import ConfigurationError, NotActivated

_OPTIONS = CleoOptions(timeouts=Timeouts(read=20.0, upload=20.0))


async def probe(settings: CleoSettings, options: CleoOptions = _OPTIONS) -> str:
    """What is there, as a sentence or two.

    Raises:
        ConnectorError: the sentence says what is wrong.
    """
    async with connect_alone(settings, options) as cleo:
        sentences = [await _folders(cleo, settings)]
        if cleo.api is not None:
            sentences.append(await _connections(cleo))
        if cleo.provider is not None:
            sentences.append("The API Provider is not asked: every call to it is a document.")
    return " ".join(sentences)


async def _folders(cleo: Cleo, settings: CleoSettings) -> str:
    way = "over SFTP" if settings.sftp else "over REST"
    try:
        folders = await cleo.mailbox.folders()
    except (NotFound, NotOffered) as error:
        raise ConfigurationError(
            f"{error}. The log-in worked, and this Cleo lists no folders there",
            field="folders_path",
            expected="another path, or transport sftp",
        ) from None
    if not folders:
        raise NotActivated(
            "The log-in worked, and the user sees no folder. Give the mailbox user folders with the rights "
            "to upload, download and delete; an administrator of Cleo has none of its own",
            operation="folders of the mailbox",
        )
    shown = ", ".join(folders[:10])
    more = f" and {len(folders) - 10} more" if len(folders) > 10 else ""
    return f"Logged in {way}; the mailbox shows {shown}{more}."


async def _connections(cleo: Cleo) -> str:
    """The user of a mailbox need not see connections: the flows then do without."""
    if cleo.api is None:
        return ""
    try:
        count = await cleo.api.count_connections()
    except (NotActivated, NotFound, NotOffered):
        return (
            "The user may not see the connections of Cleo: set check_connections: false, or grant "
            f"{HOSTS} in Cleo."
        )
    return f"{'An unknown number of' if count is None else count} connections are visible."
