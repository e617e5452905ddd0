"""PeopleSoft and Basware: what moves, in its order. Two Airflow dags for each tenant."""

from ml_connector.basware import flows as basware
from ml_connector.basware.inspection import inspect
from ml_connector.basware.master.fitting import adapt
from ml_connector.basware.master.options import KindName
from ml_connector.basware.options import BaswareOptions
from ml_connector.basware.responses.fitting import adapt as named_answers
from ml_connector.core.dag.address import base_url
from ml_connector.core.dag.builder import Back, Flow, System, integration
from ml_connector.peoplesoft import flows as peoplesoft
from ml_connector.peoplesoft.writers.options import VoucherOptions


class Options(BaswareOptions):
    """What a tenant may set under ``integrations.basware.options``."""

    vouchers: VoucherOptions = VoucherOptions()


def _record(kind: KindName, dataset: str, *, needs: str | None = None) -> Flow:
    return Flow(
        f"basware.{kind}",
        dataset=dataset,
        mapping=kind,
        target=basware.records(kind),
        needs=needs,
        adapt=adapt(kind),
    )


integration(
    source=System("peoplesoft", "PeopleSoft", slots=4),
    target=System("basware", "Basware", slots=3, task_slots=1),
    read=peoplesoft.open_source,
    options=Options,
    flows=[
        _record("payment_terms", "payment_terms"),
        _record("tax_codes", "tax_codes"),
        _record("accounts", "gl_accounts"),
        _record("cost_centers", "departments"),
        _record("operating_units", "operating_units", needs="master.lists.operating_units"),
        _record("products", "products", needs="master.lists.products"),
        _record("funds", "funds", needs="master.lists.funds"),
        _record("classes", "classes", needs="master.lists.classes"),
        _record("programs", "programs", needs="master.lists.programs"),
        _record("projects", "projects", needs="master.projects"),
        _record("vendors", "payees"),
        Flow(
            "basware.payments",
            dataset="voucher_payments",
            mapping="payments",
            target=basware.payments,
            adapt=named_answers,
        ),
    ],
    back=Back(
        read=basware.back(base_url),
        flows=[
            Flow(
                "basware.invoices",
                dataset="invoices",
                mapping="vouchers",
                target=basware.vouchers(peoplesoft.chosen_vouchers("basware.invoices")),
                look_ups=("vouchers", "vouchers_by_invoice", "vouchers_in_staging"),
            ),
            Flow(
                "basware.transfers",
                dataset="decisions",
                mapping="transfers",
                target=basware.transfers,
                adapt=named_answers,
                follows=True,
                answers=True,
            ),
            Flow(
                "basware.attachments",
                dataset="files",
                mapping="attachments",
                target=basware.attachments,
                needs="attachments.path",
                follows=True,
                answers=True,
            ),
        ],
        webhook=basware.verifier,
    ),
    inspect=inspect,
)
