"""``python -m launcher demo|run|airflow``; the Makefile calls it with the virtual environment's Python."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from launcher import demo, run
from launcher.environment import airflow_environment
from launcher.home import Home
from launcher.processes import Failed


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m launcher", description=__doc__)
    modes = parser.add_subparsers(dest="mode", required=True)
    demonstration = modes.add_parser("demo", help="everything against the bundled sandbox")
    demonstration.add_argument(
        "--exit", action="store_true", help="stop by itself; 0 only if every flow reconciled"
    )
    demonstration.add_argument("--vouchers", type=int, default=200, help="size of the sandbox")
    modes.add_parser("run", help="Airflow on your own tenants and connections")
    modes.add_parser("airflow", help="one airflow command in the environment of `run`", add_help=False)
    options, rest = parser.parse_known_args(words)
    if rest and options.mode != "airflow":
        parser.error(f"unknown argument {rest[0]}")
    options.rest = rest
    return options


def main(words: list[str]) -> int:
    """Exit status of the chosen mode."""
    if words[:1] == ["airflow"]:
        home = Home.default()
        home.prepare()
        os.execvpe("airflow", ["airflow", *words[1:]], airflow_environment(home, home.airflow))  # noqa: S606
    options = _arguments(words)
    for number in (signal.SIGTERM, signal.SIGINT):  # SIGINT too: a shell's background job ignores it
        signal.signal(number, _interrupt)
    try:
        return (
            demo.main(leave=options.exit, vouchers=options.vouchers) if options.mode == "demo" else run.main()
        )
    except KeyboardInterrupt:
        return 130
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1


def _interrupt(*_: object) -> None:
    """A termination is handled like Ctrl-C, so that everything started is ended."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
