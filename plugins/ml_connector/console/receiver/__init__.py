"""Receives the webhooks of other systems: ``POST /ml-connector/webhooks/{system}/{tenant}[/{type}]``.

A delivery is verified by its system's own verifier, put into the inbox, and answered once that is
committed. It runs inside Airflow's api-server, on the event loop of Airflow's UI: everything that
blocks runs in a thread. What the events mean is left to the runs that they wake.
"""

from ml_connector.console.receiver.handler import Receiver
from ml_connector.console.receiver.installation import AirflowInstallation
from ml_connector.console.receiver.limits import Limits
from ml_connector.console.receiver.routes import create
from ml_connector.console.receiver.verifiers import Installation, MakeVerifier

__all__ = ["Installation", "Limits", "MakeVerifier", "Receiver", "create", "router"]

router = create(Receiver(AirflowInstallation()))
"""The receiver of this Airflow; the console's application includes it."""
