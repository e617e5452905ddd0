"""PeopleSoft and the partners behind Cleo: what moves, in its order. Two Airflow dags for each tenant."""

from ml_connector.cleo import flows as cleo
from ml_connector.cleo.alignment.flows import cost_objects, partners
from ml_connector.cleo.options import CleoOptions
from ml_connector.cleo.partners.directory import check as check_partner_files
from ml_connector.cleo.partners.profile import Profile
from ml_connector.cleo.partners.rules import partner_rules
from ml_connector.core.dag.builder import Back, Choice, Flow, System, Variant, integration
from ml_connector.peoplesoft import flows as peoplesoft
from ml_connector.peoplesoft.matching.flows import open_matcher
from ml_connector.peoplesoft.matching.options import MatchingOptions
from ml_connector.peoplesoft.records.flows import order_statuses, trading_partners
from ml_connector.peoplesoft.records.options import RecordOptions
from ml_connector.peoplesoft.writers.options import VoucherOptions


class Options(CleoOptions):
    """What a tenant may set under ``integrations.cleo.options``."""

    matching: MatchingOptions = MatchingOptions()
    records: RecordOptions = RecordOptions()
    vouchers: VoucherOptions = VoucherOptions()


integration(
    source=System("peoplesoft", "PeopleSoft", slots=4),
    target=System("cleo", "Cleo", slots=4, task_slots=2),
    read=peoplesoft.open_source,
    options=Options,
    flows=[
        Flow(
            "cleo.partners",
            dataset="suppliers",
            mapping="partners",
            target=partners,
            rules=partner_rules,
        ),
        Flow(
            "cleo.cost_objects",
            dataset="departments",
            mapping="cost_objects",
            target=cost_objects,
        ),
        Flow(
            "cleo.purchase_orders",
            dataset="purchase_orders",
            mapping="purchase_orders",
            target=cleo.purchase_orders,
            rules=partner_rules,
        ),
        Flow(
            "cleo.invoices",
            dataset="vouchers",
            mapping="invoices",
            target=cleo.invoices,
            rules=partner_rules,
            choice=Choice(
                "invoices.mode",
                {
                    "voucher_copy": Variant("vouchers", "invoices"),
                    "billing": Variant("customer_invoices", "customer_invoices"),
                },
            ),
        ),
    ],
    back=Back(
        read=cleo.back(match=open_matcher),
        flows=[
            Flow(
                "cleo.supplier_invoices",
                dataset="supplier_invoices",
                mapping="vouchers",
                target=peoplesoft.chosen_vouchers("cleo.supplier_invoices"),
                look_ups=("purchase_orders", "vouchers", "vouchers_by_invoice", "vouchers_in_staging"),
            ),
            Flow("cleo.statuses", dataset="statuses", mapping="order_statuses", target=order_statuses),
            Flow("cleo.profiles", dataset="profiles", mapping="trading_partners", target=trading_partners),
        ],
    ),
    check=check_partner_files,
    schemas={"partner": Profile},
)
