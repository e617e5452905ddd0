"""The folder outside the repository that holds keys and Airflow's own files."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

KEYS = {
    "fernet_key": "AIRFLOW__CORE__FERNET_KEY",
    "jwt_secret": "AIRFLOW__API_AUTH__JWT_SECRET",
    "api_secret_key": "AIRFLOW__API__SECRET_KEY",
    "payload_key": "AIRFLOW__ML_CONNECTOR__PAYLOAD_KEYS",
}
"""File name of each key, and the environment variable by which Airflow learns it."""


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _secret() -> str:
    # Airflow warns about a JWT secret below 64 bytes.
    return secrets.token_urlsafe(64)


_MAKERS: dict[str, Callable[[], str]] = {
    "fernet_key": _fernet_key,
    "jwt_secret": _secret,
    "api_secret_key": _secret,
    "payload_key": _fernet_key,
}


@dataclass(frozen=True, slots=True)
class Home:
    """``~/.ml-connector``, or wherever ``ML_CONNECTOR_HOME`` points."""

    path: Path

    @classmethod
    def default(cls) -> Home:
        """The user's own."""
        return cls(Path(os.environ.get("ML_CONNECTOR_HOME") or "~/.ml-connector").expanduser().resolve())

    @property
    def airflow(self) -> Path:
        """AIRFLOW_HOME of ``make run``."""
        return self.path / "airflow"

    def prepare(self) -> None:
        """Create the folder and whatever key is missing; an existing key is never touched."""
        for folder in (self.path, self.path / "keys", self.airflow):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, make in _MAKERS.items():
            _write_once(self.path / "keys" / name, make)

    def keys(self) -> dict[str, str]:
        """The keys as environment variables."""
        folder = self.path / "keys"
        return {
            variable: (folder / name).read_text(encoding="ascii").strip() for name, variable in KEYS.items()
        }


def _write_once(path: Path, make: Callable[[], str]) -> None:
    """Two starts at once must agree on one key: the file appears whole, or is the other one's."""
    if path.exists():
        return
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(make())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # the other start was first, and its key is as good
    finally:
        draft.unlink()
