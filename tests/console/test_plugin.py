"""How Airflow learns of the console, and that no other process pays for it."""

from __future__ import annotations

import json
import subprocess
import sys

from airflow.api_fastapi.app import RESERVED_URL_PREFIXES
from airflow.api_fastapi.core_api.datamodels.plugins import PluginResponse
from airflow.plugins_manager import get_plugin_info

from ml_connector.console import PREFIX
from ml_connector.console.rendering import FOLDER
from tests.environment import REPOSITORY


def test_loading_the_plugin_imports_no_page() -> None:
    """Scheduler, DAG processor, triggerer and every task load it too."""
    code = (
        f"import sys, json; sys.path[:0] = [{str(REPOSITORY / 'plugins')!r}]\n"
        "import airflow.plugins_manager\n"
        "before = set(sys.modules)\n"
        "import ml_connector_plugin\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert {name.partition(".")[0] for name in loaded} == {"airflow", "ml_connector", "ml_connector_plugin"}
    assert not [name for name in loaded if name.startswith("ml_connector.console.")]
    assert not [name for name in loaded if name.startswith("airflow.api_fastapi")]


def test_airflow_accepts_what_the_plugin_says() -> None:
    (info,) = [item for item in get_plugin_info() if item["name"] == "ml_connector"]
    plugin = PluginResponse.model_validate(info)
    assert [app.url_prefix for app in plugin.fastapi_apps] == [PREFIX]
    assert not any(PREFIX.startswith(prefix) for prefix in RESERVED_URL_PREFIXES)
    assert {view.destination for view in plugin.external_views} == {"nav", "dag"}
    assert len({view.url_route for view in plugin.external_views}) == 2
    assert all(
        not view.href.startswith("/") for view in plugin.external_views
    )  # Airflow may stand below a path


def test_templates_and_styles_belong_to_the_package() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert 'ml_connector = ["console/templates/*.html", "console/static/*"]' in text
    assert {path.suffix for path in (FOLDER / "templates").iterdir()} == {".html"}
    assert {path.suffix for path in (FOLDER / "static").iterdir()} == {".css", ".js"}
