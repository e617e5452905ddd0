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
        15, ge=1, le=10_080, description="A file is stuck when it has not been taken for so long"
    )
    largest_megabytes: int = Field(
        5, ge=1, le=50,
        description="Larger files are left in their folder: reading takes many times its size in memory",
    )  # fmt: skip

    @property
    def largest(self) -> int:
        """Bytes of the largest file that is read."""
        return self.largest_megabytes * 1024 * 1024
