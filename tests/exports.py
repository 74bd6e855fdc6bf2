"""Whole nights over export files of one company: what is open per customer, what became of every line, what was found."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import receivables
from receivables.land import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pytest

TRUTH_DAY: Final = date(2024, 10, 15)
"""The day of the ledger that all the small sample exports tell."""

SLICE: Final = os.environ.get("RECEIVABLES_SLICE", "") or "quick"
"""Which tests are asked for: `quick`, those of five minutes; `wide`, what continuous integration runs; `all`, every case of every test."""

WHOLE: Final = SLICE == "all"
"""Whether every case of every test is asked for."""

QUICK: Final = SLICE == "quick"
"""Whether only what five minutes hold is asked for."""

Row = tuple[Any, ...]


def is_named(config: pytest.Config, item: pytest.Item) -> bool:
    """Whether somebody named the test's file on the command line, or asked for tests by their words: who does means all of them."""
    files = {config.invocation_params.dir / argument.partition("::")[0] for argument in config.args}
    return bool(config.option.keyword) or item.path in files


def tried(usual: int, quick: int) -> int:
    """How many random cases a test tries: what RECEIVABLES_EXAMPLES says, else few in the quick slice and the usual number otherwise."""
    return int(os.environ.get("RECEIVABLES_EXAMPLES", "") or (quick if QUICK else usual))


def needs_reference(item: pytest.Item) -> bool:
    """Whether a test runs only where the reference data is."""
    return "reference_data" in getattr(item, "fixturenames", ())


@dataclass(frozen=True)
class Told:
    """What one night made of some files: `files` maps a file's name to its outcome and message."""

    home: Path
    files: dict[str, tuple[str, str]]

    def rows(self, sql: str) -> list[Row]:
        """Ask the published file."""
        with receivables.open_warehouse(self.home) as warehouse:
            return warehouse.con.execute(sql).fetchall()

    def open_by_customer(self) -> dict[str, Decimal]:
        """Open amount in ledger currency per customer, without those who owe nothing; customers without their company."""
        found = self.rows(
            "select substr(customer_id, strpos(customer_id, ':') + 1), sum(open_local) from marts.aging group by all"
        )
        return {customer: amount for customer, amount in found if amount}

    def lines_lost(self) -> int:
        """Physical lines read that are neither loaded nor in quarantine nor skipped with a reason; must be 0."""
        ((lost,),) = self.rows(
            "select coalesce(sum(lines_read - lines_loaded - lines_quarantined - lines_skipped), 0)::bigint from ops.batch"
        )
        return int(lost)

    def findings(self, action: str = "%") -> list[Row]:
        """Reason, column, count, value and raw line of every finding, but for closing rates, which no file of debts tells."""
        return self.rows(
            "select reason_code, column_name, count, raw_value, raw_line from ops.issue"
            f" where action like '{action}' and reason_code <> 'FX_CLOSING_MISSING' order by batch_id, line_no nulls first, reason_code"
        )

    def tied(self) -> dict[tuple[str, str], Row]:
        """Verdict, difference, what is unmatched and what is unexplained of every stated balance by customer and currency, in ledger currency where it is stated."""
        rows = self.rows(
            "select coalesce(substr(customer_id, strpos(customer_id, ':') + 1), ''), coalesce(currency, ''), verdict, coalesce(difference_local, difference_doc),"
            " coalesce(unmatched_local, unmatched_doc), coalesce(unexplained_local, unexplained_doc) from marts.tie_out"
        )
        return {(customer, currency): tuple(rest) for customer, currency, *rest in rows}

    def control_difference(self) -> Decimal:
        """What the buckets miss of the ledger, in ledger currency; must be 0."""
        ((difference,),) = self.rows("select coalesce(sum(abs(difference_local)), 0) from marts.aging_control")
        return Decimal(difference)


def told(  # a night has that many things a caller may want to say
    home: Path,
    files: Iterable[Path],
    *,
    company: str = "ES01",
    currency: str = "EUR",
    extract_as_of: date | None = TRUTH_DAY,
    as_of: date | None = None,
    names_company: bool = False,
    **reading: Any,
) -> Told:
    """Read files into a fresh home and build; `names_company` says that the files name their companies themselves."""
    home.mkdir(parents=True, exist_ok=True)
    own = home / "receivables.toml"
    if not names_company or not own.exists():
        # history is not what these nights are about, and two years of month ends are a third of such a build
        said = "[aging]\nmonth_ends = 2\n"
        if not names_company:
            said += f'[[company]]\nid = "{company}"\nname = "{company}"\nlocal_currency = "{currency}"\n'
        own.write_text(said, encoding="utf-8")
    outcome = receivables.ingest(list(files), home, reading=Reading(extract_as_of=extract_as_of, **reading))
    receivables.build(home, as_of=as_of)
    return Told(home, {file.file_name: (file.outcome, file.message) for file in outcome.files})


def truth(reference_data: Path, customers: Mapping[str, str]) -> dict[str, Decimal]:
    """The open balances every sample must give; `customers` maps C1, C2, C3 to the sample's own keys."""
    said = json.loads((reference_data / "erp" / "truth.json").read_text(encoding="utf-8"))
    return {customers[name]: Decimal(str(amount)) for name, amount in said["open_local_by_customer"].items()}


def samples(reference_data: Path, system: str, *names: str) -> list[Path]:
    """Files of one system's sample export, all of them or those named."""
    folder = reference_data / "erp" / "samples" / system
    return [folder / name for name in names] if names else sorted(folder.iterdir())
