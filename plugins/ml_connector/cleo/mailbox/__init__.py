"""The mailbox at Cleo: folders with files, over REST or SFTP behind one interface."""

from ml_connector.cleo.mailbox.protocol import FileExists, FileGone, Mailbox, NoSuchFolder, RemoteFile

__all__ = ["FileExists", "FileGone", "Mailbox", "NoSuchFolder", "RemoteFile"]
