"""Settings of the installation. The Airflow side reads them from its configuration and hands them in."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """What ``[ml_connector]`` in airflow.cfg holds.

    Attributes:
        tenants_path: directory of the tenant files.
        mappings_paths: directories of datasets and mappings; the customer's before the shipped ones.
        state_url: SQLAlchemy URL of the state database; may hold a password.
        payload_keys: Fernet keys for payloads at rest, the first one encrypts; empty: not encrypted.
        retention_days: days after which payloads of closed documents are removed.
    """

    tenants_path: Path
    mappings_paths: tuple[Path, ...]
    state_url: str = field(repr=False)
    payload_keys: tuple[str, ...] = field(default=(), repr=False)
    retention_days: int = 400
