"""What a workbook says of itself: its sheets, their columns and what these mean, and whose receivables it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.mail_wording import part_sentence
from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from receivables.language import Language
    from receivables.page_model import Part

ABOUT: Final = N_("About")

SHEETS: Final[Mapping[str, tuple[str, str]]] = {
    "totals": (
        N_("Totals"),
        N_("One row per company and document currency, in that currency and in ledger currency; held against the ledger where the whole company is in sight."),
    ),
    "aging": (N_("Aging"), N_("One row per customer and document currency, in that currency.")),
    "open-items": (N_("Open items"), N_("One row per open instalment, credit note or receipt.")),
    "ratings": (N_("Ratings"), N_("One row per customer that owes money or was reviewed.")),
    "flags": (N_("Flags"), N_("One row per flag: open ones first, then those that wait, then closed ones.")),
    "expected-cash": (N_("Expected cash"), N_("One row per company and week ahead: cash expected from what is open now.")),
    "findings": (N_("Findings"), N_("One row per finding about the files and the ledger; repaired ones are left out.")),
}  # fmt: skip
"""The name of each sheet and what one row of it is, in the order of the workbook."""

SUM_SHOWN: Final = N_("Sum of the rows shown")
ALL_CURRENCIES: Final = N_("All")

NOTES: Final = (
    N_("The row above a header adds up the rows that a filter leaves, in columns that hold one currency alone."),
    N_("Amounts of more than 15 digits are text, exact: a spreadsheet would round them."),
    N_("Nothing from the files is a formula or a link; control characters are blanks."),
)


def whose(part: Part | None, words: Language) -> str:
    """Whose receivables a workbook holds."""
    if part is None:
        return words.text(N_("All companies and customers"))
    return part_sentence(part, words)


def left_out(names: list[str], words: Language) -> str:
    """Which sheets are not told to a reader of some customers."""
    return words.text(
        N_("Not in this workbook, since it is measured over whole companies: %(sheets)s."), sheets=words.listed(names)
    )


def continued(title: str, place: int) -> str:
    """The name of a further sheet, where one holds no more rows."""
    return f"{title} ({place})"


def expected_cash_basis(basis: str | None, words: Language) -> str | None:
    """How the interval of expected cash was found."""
    return words.text(_BASES[basis]) if basis in _BASES else basis


_BASES: Final[Mapping[str | None, str]] = {
    "record": N_("as wide as past errors"),
    "customers": N_("customers who pay or stay away together"),
}
