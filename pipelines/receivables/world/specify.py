"""From what a user asks for to the specification of a world, or to a plain refusal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from receivables.errors import UsageError, nearest
from receivables.world.dials import CANONICAL, LIST, Dials, Spec
from receivables.world.draws import day_number
from receivables.world.fbl5n import CODEPAGE
from receivables.world.presets import PRESETS
from receivables.world.truth import month_end_before

DEFAULT_AS_OF: Final = date(2026, 10, 31)
DEFAULT_MONTHS: Final = 60
LEAST_MONTHS: Final = 6
FEWEST_INVOICES, MOST_INVOICES = 18, 100


class Dialect(NamedTuple):
    """What a dialect can say: where its company sits, how often each event happens, and in which encoding names must be written."""

    company_id: str
    home: str
    dials: Dials
    codepage: str | None


DIALECTS: Final = {
    "canonical": Dialect("ES01", "ES", CANONICAL, None),
    "sap_fbl5n": Dialect("DE01", "DE", LIST, CODEPAGE),
    "odoo": Dialect("ES02", "ES", CANONICAL, None),
}


@dataclass(frozen=True)
class World:
    """A world as a user asks for it.

    `company_id` defaults to the dialect's company. Without `invoices_per_customer` a world of 400 customers or more has 100 invoices for
    each, a smaller one fewer. Dates run over `months` whole months up to `as_of`. `plants_per_kind` anomalies of each kind are
    planted, by default as many as suit the size.
    """

    customers: int
    seed: int
    dialect: str = "canonical"
    preset: str = "distributor"
    company_id: str | None = None
    as_of: date = DEFAULT_AS_OF
    months: int = DEFAULT_MONTHS
    invoices_per_customer: int | None = None
    plants_per_kind: int | None = None

    def spec(self) -> Spec:
        """Specify the world.

        Raises:
            UsageError: the dialect or preset is unknown, or a size makes no world.
        """
        self._check()
        said = DIALECTS[self.dialect]
        return Spec(
            customers=self.customers,
            seed=self.seed,
            company_id=self.company_id or said.company_id,
            start_day=day_number(month_end_before(self.as_of, self.months)) + 1,
            as_of_day=day_number(self.as_of),
            invoices=self.customers * (self.invoices_per_customer or usual_invoices(self.customers)),
            dials=said.dials,
            home=said.home,
            preset=PRESETS[self.preset],
            only_codepage=said.codepage,
            plants_per_kind=self.plants_per_kind,
        )

    def _check(self) -> None:
        for name, value, known in (("dialect", self.dialect, DIALECTS), ("preset", self.preset, PRESETS)):
            if value not in known:
                try_ = f"--{name} {nearest(value, known)}"
                raise UsageError(got=f"{name} {value!r}", expected=" or ".join(known), try_=try_)
        sizes = (
            ("customers", self.customers, 1),
            ("months", self.months, LEAST_MONTHS),
            ("invoices", self.invoices_per_customer, 1),
        )
        for name, size, least in sizes:
            if size is not None and size < least:
                raise UsageError(got=f"{name} {size}", expected=f"at least {least}", try_=f"--{name} {least}")


def usual_invoices(customers: int) -> int:
    """Choose the invoices per customer: 18 in a world small enough to commit, 100 from 400 customers on."""
    return min(MOST_INVOICES, max(FEWEST_INVOICES, customers // 4))
