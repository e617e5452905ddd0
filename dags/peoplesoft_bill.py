"""PeopleSoft and BILL: what moves, in the order in which it moves. Two Airflow dags for each tenant."""

from ml_connector.bill import flows as bill
from ml_connector.bill.options import BillOptions
from ml_connector.core.dag.address import base_url
from ml_connector.core.dag.builder import Back, Flow, System, integration
from ml_connector.peoplesoft import flows as peoplesoft
from ml_connector.peoplesoft.settlement.flows import settlements
from ml_connector.peoplesoft.settlement.options import SettlementOptions


class Options(BillOptions):
    """What a tenant may set under ``integrations.bill.options``."""

    settlement: SettlementOptions = SettlementOptions()


integration(
    source=System("peoplesoft", "PeopleSoft", slots=4),
    target=System("bill", "BILL", slots=3, task_slots=2),
    read=peoplesoft.open_source,
    options=Options,
    flows=[
        Flow("bill.accounts", dataset="gl_accounts", mapping="accounts", target=bill.accounts),
        Flow("bill.departments", dataset="departments", mapping="departments", target=bill.departments),
        Flow("bill.locations", dataset="operating_units", mapping="locations", target=bill.locations),
        Flow("bill.classes", dataset="classes", mapping="classes", target=bill.classes),
        Flow("bill.vendors", dataset="suppliers", mapping="vendors", target=bill.vendors),
        Flow("bill.bills", dataset="vouchers", mapping="bills", target=bill.bills),
        Flow("bill.vendor_credits", dataset="vouchers", mapping="vendor_credits", target=bill.vendor_credits),
    ],
    back=Back(
        read=bill.payments(base_url),
        flows=[
            Flow(
                "bill.payments",
                dataset="payments",
                mapping="settlements",
                target=settlements,
                look_ups=("journals", "vouchers", "open_periods"),
            )
        ],
        webhook=bill.verifier,
    ),
)
