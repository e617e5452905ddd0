"""Cleo and the trading partners behind it: REST API, mailbox over REST and SFTP, routing of X12."""

from __future__ import annotations
