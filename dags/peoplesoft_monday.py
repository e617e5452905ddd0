"""PeopleSoft and Monday.com: what moves, in the order in which it moves. One Airflow dag for each tenant."""

from ml_connector.core.dag.builder import Flow, System, integration
from ml_connector.monday import flows as monday
from ml_connector.monday.fields import adapt
from ml_connector.monday.inspection import inspect
from ml_connector.monday.options import MondayOptions
from ml_connector.monday.provision import provision
from ml_connector.monday.ways import ways
from ml_connector.peoplesoft import flows as peoplesoft

integration(
    source=System("peoplesoft", "PeopleSoft", slots=4),
    target=System("monday", "Monday.com", slots=4),
    read=peoplesoft.open_source,
    options=MondayOptions,
    flows=[
        Flow(
            "monday.suppliers",
            dataset="suppliers",
            mapping="suppliers",
            target=monday.items("suppliers"),
            needs="boards.suppliers",
            adapt=adapt("suppliers", "suppliers"),
            ways=ways("suppliers"),
        ),
        Flow(
            "monday.gl_accounts",
            dataset="gl_accounts",
            mapping="gl_accounts",
            target=monday.items("gl_accounts"),
            needs="boards.gl_accounts",
            adapt=adapt("gl_accounts", "gl_accounts"),
            ways=ways("gl_accounts"),
        ),
        Flow(
            "monday.invoices",
            dataset="vouchers",
            mapping="invoices",
            target=monday.items("invoices"),
            needs="boards.invoices",
            adapt=adapt("invoices", "invoices"),
            ways=ways("invoices"),
        ),
        Flow(
            "monday.purchase_orders",
            dataset="purchase_orders",
            mapping="purchase_orders",
            target=monday.items("purchase_orders"),
            needs="boards.purchase_orders",
            adapt=adapt("purchase_orders", "purchase_orders"),
            ways=ways("purchase_orders"),
        ),
        Flow(
            "monday.payment_status",
            dataset="vouchers",
            mapping="payment_status",
            target=monday.payment_status,
            needs="boards.invoices",
            adapt=adapt("payment_status", "invoices"),
            ways=ways("payment_status"),
        ),
    ],
    inspect=inspect,
    provision=provision,
)
