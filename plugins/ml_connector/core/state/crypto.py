"""Encryption of payloads and credentials at rest with Fernet keys, several for rotation."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from ml_connector.core.errors import ConfigurationError

_PLAIN, _SEALED = b"p", b"e"


class Cipher:
    """Seals bytes when keys are configured; what was stored before stays readable.

    Args:
        keys: Fernet keys, the newest first: it encrypts, all of them decrypt.

    Raises:
        ConfigurationError: a key is not a Fernet key. The key itself is not shown.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None
        except ValueError:
            raise ConfigurationError(
                "a payload key is not a Fernet key",
                field="[ml_connector] payload_keys",
                expected="32 url-safe base64-encoded bytes, several separated by commas",
            ) from None

    @property
    def enabled(self) -> bool:
        """Whether new data is encrypted."""
        return self._fernet is not None

    def seal(self, data: bytes) -> bytes:
        """The form to store."""
        return _PLAIN + data if self._fernet is None else _SEALED + self._fernet.encrypt(data)

    def open(self, stored: bytes) -> bytes:
        """The bytes that were sealed.

        Raises:
            ConfigurationError: no configured key fits.
        """
        if stored[:1] == _PLAIN:
            return stored[1:]
        try:
            if self._fernet is None:
                raise InvalidToken
            return self._fernet.decrypt(stored[1:])
        except InvalidToken:
            raise ConfigurationError(
                "stored data cannot be decrypted with the configured keys",
                field="[ml_connector] payload_keys",
                expected="every key that has been in use since the data was written",
            ) from None
