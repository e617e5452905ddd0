"""Reads ``[ml_connector]`` of Airflow's configuration, and opens the state database with it."""

from __future__ import annotations

import os
from pathlib import Path

from airflow.sdk.configuration import conf
from airflow.sdk.log import mask_secret

import ml_connector
from ml_connector.core.config import Settings
from ml_connector.core.errors import ConfigurationError
from ml_connector.core.state.crypto import Cipher
from ml_connector.core.state.database import Database
from ml_connector.core.state.store import Store

SECTION = "ml_connector"
SHIPPED = Path(ml_connector.__file__).parents[2] / "include"
"""Tenants and mappings that come with the product; it is always installed in place (editable)."""


def read_settings() -> Settings:
    """The installation's settings.

    Raises:
        ConfigurationError: a value cannot be used; secrets are not shown.
    """
    own_mappings = _option("mappings_path")
    keys = tuple(key.strip() for key in _option("payload_keys").split(",") if key.strip())
    for key in keys:
        mask_secret(key)
    return Settings(
        tenants_path=Path(_option("tenants_path") or SHIPPED / "tenants").expanduser(),
        mappings_paths=(*((Path(own_mappings).expanduser(),) if own_mappings else ()), SHIPPED / "mappings"),
        state_url=_option("state_conn") or f"sqlite:///{airflow_home() / 'ml_connector.db'}",
        payload_keys=keys,
        retention_days=_days(_option("retention_days") or "400"),
    )


def airflow_home() -> Path:
    """Airflow's own folder, found as Airflow finds it."""
    return Path(os.environ.get("AIRFLOW_HOME") or "~/airflow").expanduser()


def open_database(settings: Settings) -> Database:
    """The state database; engines are made in the process that uses them."""
    return Database(settings.state_url)


def open_store(settings: Settings, actor: str) -> Store:
    """State of one task or command; closing it gives the head of its audit chain.

    Raises:
        ConfigurationError: the database was not initialised, or a payload key is no key.
    """
    return Store(open_database(settings), Cipher(settings.payload_keys), actor=actor)


def _option(name: str) -> str:
    # A value from a command keeps its trailing newline.
    return str(conf.get(SECTION, name, fallback="") or "").strip()


def _days(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ConfigurationError(
            f"{text!r} is no number of days",
            field=f"[{SECTION}] retention_days",
            expected="a whole number such as 400",
        )
    return int(text)
