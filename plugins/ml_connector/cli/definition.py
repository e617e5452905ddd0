"""The commands and their arguments. Airflow reads this at every ``airflow`` command, so it stays light."""

from __future__ import annotations

from airflow.cli.cli_config import ActionCommand, Arg, CLICommand, GroupCommand, lazy_load_command

_OUTPUT = Arg(("-o", "--output"), help="table (default) or json", choices=("table", "json"), default="table")
_TENANT = Arg(("--tenant",), help="only this tenant")
_FLOW = Arg(("--flow",), help="only this flow: bill.bills, or bills")
_STATUS = Arg(("--status",), help="only these statuses, separated by commas")
_LIMIT = Arg(("--limit",), help="at most so many (default 50)", type=int, default=50)
_KEYS = Arg(("keys",), help="natural keys, in quotes: 'US001|00001234'", nargs="*")
_YES = Arg(("--yes",), help="do not ask", action="store_true")


def get_commands() -> list[CLICommand]:
    """Entry of ``cli`` in the provider's description."""
    return [
        GroupCommand(
            name="ml-connector",
            help="Keep PeopleSoft in step with other systems",
            subcommands=(*_setup(), *_questions(), *_decisions(), *_groups()),
        )
    ]


def _command(name: str, text: str, where: str, *args: Arg) -> ActionCommand:
    return ActionCommand(
        name=name, help=text, func=lazy_load_command(f"ml_connector.cli.{where}"), args=(*args, _OUTPUT)
    )


def _setup() -> tuple[ActionCommand, ...]:
    restored = Arg(
        ("--restored",),
        help="the state database was restored from a backup: compare the targets before the next create, "
        "and leave out the control numbers that may have been used since the backup",
        action="store_true",
    )
    skip = Arg(
        ("--skip-control-numbers",),
        help="with --restored: how many to leave out for each partner; more than any got since the backup "
        "(default 1000)",
        type=int,
        default=1000,
    )
    ping = Arg(("--ping",), help="also call every system through its connection", action="store_true")
    return (
        _command(
            "init",
            "Create or upgrade the state database, and create the pools",
            "setup.init",
            restored,
            skip,
            _TENANT,
        ),
        _command("check", "Look for everything that would keep a run from working", "setup.check", ping),
        _command(
            "provision",
            "Create in other systems what tenants' options name and is not there yet, such as boards",
            "provisioning.provision",
            _TENANT,
            Arg(("--integration",), help="only this integration: monday"),
            Arg(("--dry-run",), help="only say what would be made", action="store_true"),
        ),
        _command(
            "export-schemas",
            "Write JSON Schemas of tenant, dataset and mapping files, for editors",
            "setup.export_schemas",
            Arg(("directory",), help="where to", nargs="?", default="schemas"),
        ),
        _command(
            "purge",
            "Remove payloads and closed audit chains older than the retention",
            "setup.purge",
            Arg(("--days",), help="instead of [ml_connector] retention_days", type=int),
        ),
    )


def _questions() -> tuple[ActionCommand, ...]:
    return (
        _command(
            "status",
            "Age of each flow's last success, open documents, watermarks",
            "questions.status",
            _TENANT,
        ),
        _command(
            "records",
            "List documents",
            "questions.records",
            _TENANT,
            _FLOW,
            _STATUS,
            Arg(("--open",), help="only what is not settled", action="store_true"),
            Arg(("--search",), help="part of a key or label: an invoice number, a name"),
            _LIMIT,
        ),
        _command(
            "show",
            "Everything about one document: where is invoice 4711?",
            "questions.show_story",
            Arg(("key",), help="natural key, label (invoice number) or id in the target"),
            _TENANT,
            _FLOW,
        ),
        _command("plan", "What the latest dry run would do", "questions.plan", _TENANT, _FLOW, _LIMIT),
        _command(
            "reconciliation",
            "Latest report of each flow; exit status 1 when a difference is not explained",
            "questions.reconciliation",
            _TENANT,
            _FLOW,
            Arg(("--any",), help="exit status 0 whatever the reports say", action="store_true"),
        ),
    )


def _decisions() -> tuple[ActionCommand, ...]:
    return (
        _command(
            "replay",
            "Send documents again: rejected, dead, failed, held, in conflict or drifted ones",
            "decisions.replay",
            _KEYS,
            _TENANT,
            _FLOW,
            _STATUS,
            _YES,
        ),
        _command(
            "release",
            "Confirm what waits for a person: a mass change, held documents, a changed query",
            "decisions.release",
            _KEYS,
            _TENANT,
            _FLOW,
            Arg(("--held",), help="let all held documents of the flow go", action="store_true"),
            Arg(("--adopt",), help="id of the target's object that the document in conflict is"),
            Arg(("--create",), help="create the object of this document anew", action="store_true"),
            Arg(("--columns",), help="accept the columns that the query has now", action="store_true"),
            _YES,
        ),
    )


def _groups() -> tuple[GroupCommand, ...]:
    name = Arg(("--name",), help="crosswalk, such as bill.vendors", required=True)
    tenant = Arg(("--tenant",), help="the tenant", required=True)
    return (
        GroupCommand(
            name="audit",
            help="The audit trail",
            subcommands=(
                _command(
                    "verify",
                    "Check the hash chains; names the first bad event",
                    "questions.verify",
                    Arg(
                        ("--anchors",),
                        help="also against the heads kept in Airflow's database",
                        action="store_true",
                    ),
                ),
            ),
        ),
        GroupCommand(
            name="crosswalk",
            help="Source keys and their target ids",
            subcommands=(
                _command(
                    "list",
                    "List entries",
                    "crosswalk.list_entries",
                    tenant,
                    Arg(("--name",), help="crosswalk"),
                ),
                _command(
                    "set",
                    "Set one entry by hand; a run never replaces it",
                    "crosswalk.set_entry",
                    tenant,
                    name,
                    Arg(("key",), help="source key"),
                    Arg(("target_id",), help="id in the target, or - to remove the entry"),
                ),
                _command(
                    "import",
                    "Import entries from a CSV file with the columns key and target_id, and optionally label",
                    "crosswalk.import_entries",
                    tenant,
                    name,
                    Arg(("file",), help="CSV file, UTF-8"),
                ),
            ),
        ),
    )
