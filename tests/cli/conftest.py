"""Runs commands as Airflow does, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.airflow.conftest import Installation, airflow_database, installation
from tests.airflow.shop import World
from tests.core.stages.support import order

__all__ = ["airflow_database", "installation"]

Run = Callable[..., tuple[int, str, str]]
Ask = Callable[..., Any]


@pytest.fixture
def run(installation: Installation, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs ``airflow ml-connector <words>``: exit status, output, errors."""
    from airflow.cli.cli_parser import get_parser

    def command(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        args = get_parser().parse_args(["ml-connector", *words])
        status = 0
        try:
            args.func(args)
        except SystemExit as left:
            status = int(left.code or 0)
        output = capsys.readouterr()
        return status, output.out, output.err

    return command


@pytest.fixture
def ask(run: Run) -> Ask:
    """Runs a command with ``-o json`` and reads its answer."""

    def answer(*words: str) -> Any:
        return json.loads(run(*words, "-o", "json")[1])

    return answer


@pytest.fixture
def moved(installation: Installation) -> Installation:
    """After one run: two orders in both targets, and one that is refused."""
    World.source.put(order(1), order(2), order(3, NAME="far too long for the other system"))
    installation.run("erp_shop__acme")
    return installation
