"""Registers the product with Airflow's own processes; the package is a provider (see pyproject.toml).

Every process loads this module, so it must stay light: the console is imported with its first request.
"""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from ml_connector.console import PREFIX, LazyApp
from ml_connector.core.dag import listener


class MlConnectorPlugin(AirflowPlugin):
    """The console and the receiver of webhooks, and an alert when a configuration file breaks.

    The addresses of the views are relative, so that they hold where Airflow stands below a path.
    """

    name = "ml_connector"
    listeners = [listener]  # noqa: RUF012 - Airflow reads plain class attributes
    fastapi_apps = [{"name": "ml-connector", "url_prefix": PREFIX, "app": LazyApp()}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "ml-connector",
            "href": f"{PREFIX.lstrip('/')}/",
            "destination": "nav",
            "url_route": "ml-connector",
        },
        {
            "name": "Documents",
            "href": f"{PREFIX.lstrip('/')}/dag/{{DAG_ID}}",
            "destination": "dag",
            "url_route": "ml-connector-dag",
        },
    ]
