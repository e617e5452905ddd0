"""Registers the product with Airflow's own processes; the package is a provider (see pyproject.toml)."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from ml_connector.core.dag import listener


class MlConnectorPlugin(AirflowPlugin):
    """Alerts when a configuration file breaks: Airflow itself only shows it in its UI."""

    name = "ml_connector"
    listeners = [listener]  # noqa: RUF012 - Airflow reads a plain class attribute
