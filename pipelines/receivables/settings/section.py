"""What every section of the settings is: frozen, and closed to keys it does not know."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One table of `receivables.toml`; each field's description says its unit and reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")
