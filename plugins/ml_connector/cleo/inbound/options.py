"""What a tenant may set about files that come in, and about those that should have left."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class InboundOptions(BaseModel):
    """Taking files from Cleo, and watching over what was sent.

    Cleo says nowhere how long a file may lie; fifteen minutes is what its pollers need at most.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    duplicate_days: int = Field(
        365,
        ge=1,
        description="An interchange number or invoice number counts as the same within so many days",
    )
    stuck_minutes: int = Field(
        15, ge=1, le=10_080, description="A file is stuck when Cleo has not taken it so long after the upload"
    )
