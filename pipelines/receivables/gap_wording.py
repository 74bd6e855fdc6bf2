"""The sentences that say what of a company is missing in what was told, as message ids in English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables.language import shortened
from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from receivables.chapters.completeness import Gap
    from receivables.language import Language

SENTENCES: Final[Mapping[tuple[str, str], str]] = {
    ("silent", "clearing"): N_(
        "%(company)s: nothing is cleared since %(first)s although business goes on; %(observed)s business days, where at most %(expected)s are usual."
    ),
    ("silent", "receipt"): N_(
        "%(company)s: no receipt since %(first)s although business goes on; %(observed)s business days, where at most %(expected)s are usual."
    ),
    ("silent", "document"): N_(
        "%(company)s: no document since %(first)s although money keeps coming in; %(observed)s business days, where at most %(expected)s are usual."
    ),
    ("gone", "currency"): N_(
        "%(company)s: documents in %(name)s are missing since %(first)s; earlier extracts had them."
    ),
    ("gone", "kind"): N_(
        "%(company)s: documents of kind %(name)s are missing since %(first)s; earlier extracts had them."
    ),
    ("gone", "extract"): N_("%(company)s: no extract since %(first)s, while those of other companies keep coming."),
    ("month_missing", "clearing"): N_(
        "%(company)s: nothing was cleared from %(first)s to %(last)s; the months beside have about %(expected)s clearings."
    ),
    ("month_missing", "receipt"): N_(
        "%(company)s: no receipt from %(first)s to %(last)s; the months beside have about %(expected)s."
    ),
    ("month_missing", "document"): N_(
        "%(company)s: no document from %(first)s to %(last)s; the months beside have about %(expected)s."
    ),
    ("fall", "clearing"): N_("%(company)s: only %(observed)s clearings since %(first)s, where %(expected)s are usual."),
    ("cut", "instalment"): N_(
        "%(company)s: the data are cut at %(last)s. Of what fell due in the month before, %(observed)s items are open on that day, where %(expected)s are usual: what is overdue looks smaller, and payment more punctual, than it was."
    ),
}
"""What is missing, by test and subject."""

_COLUMNS: Final = 60


def gap_sentence(gap: Gap, company: str, words: Language) -> str:
    """What is missing, of which company, since when, and how much less there is than usual."""
    return words.text(
        SENTENCES[gap.test, gap.subject],
        company=shortened(company, _COLUMNS),
        name=shortened(gap.name, _COLUMNS),
        first=words.day(gap.first_day),
        last=words.day(gap.last_day),
        observed=words.count(gap.observed),
        expected=words.count(gap.expected),
    )
