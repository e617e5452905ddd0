"""The key by which an SFTP server proves to be the one that was meant."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import asyncssh

from ml_connector.core.errors import ConfigurationError

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")
_EXPECTED = "a line as in known_hosts, or a fingerprint such as SHA256:..."


@dataclass(frozen=True, slots=True)
class HostKeys:
    """Keys and fingerprints that are believed; the server needs one of them."""

    keys: tuple[asyncssh.SSHKey, ...] = ()
    fingerprints: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def parse(cls, text: str) -> HostKeys:
        """From the lines of a connection's field.

        Raises:
            ConfigurationError: a line is neither a key nor a fingerprint.
        """
        keys: list[asyncssh.SSHKey] = []
        fingerprints: set[str] = set()
        for line in filter(None, map(str.strip, text.splitlines())):
            if line.startswith("#"):
                continue
            found = _FINGERPRINT.findall(line)
            if found:
                fingerprints.update(one.rstrip("=") for one in found)
            else:
                keys.append(_key(line))
        if not keys and not fingerprints:
            raise ConfigurationError("it names no key", field="sftp_host_key", expected=_EXPECTED)
        return cls(tuple(keys), frozenset(fingerprints))

    def believe(self, key: asyncssh.SSHKey) -> bool:
        """Whether a key is one of these."""
        return key.get_fingerprint() in self.fingerprints or key in self.keys


def _key(line: str) -> asyncssh.SSHKey:
    """The key of ``host type base64`` or ``type base64``; the host is the connection's in any case."""
    if line.startswith("@"):
        raise ConfigurationError("markers are not supported", field="sftp_host_key", expected=_EXPECTED)
    for text in (line, line.partition(" ")[2]):
        try:
            return asyncssh.import_public_key(text)
        except asyncssh.KeyImportError:
            continue
    raise ConfigurationError("a line is no public key", field="sftp_host_key", expected=_EXPECTED)
