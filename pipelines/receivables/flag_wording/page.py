"""What reports say of flags as such: how grave, in which state, how many, and how good their detectors are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from receivables import wording
from receivables.flag_wording import TESTED
from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from receivables.chapters.flags import Flag, Flags, Health, OwnFlag, Picture, Record
    from receivables.language import Language

SEVERITIES: Final[Mapping[str, str]] = {"low": N_("Low"), "medium": N_("Medium"), "high": N_("High")}
STATES: Final[Mapping[str, str]] = {
    "new": N_("New"),
    "acknowledged": N_("Being looked into"),
    "closed": N_("Closed"),
}
VERDICTS: Final[Mapping[str, str]] = {
    "confirmed": N_("Found true"),
    "dismissed": N_("False alarm"),
    "lapsed": N_("No longer seen"),
}
MEASURES: Final[Mapping[str, str]] = {
    "overdue_local": N_("Overdue"),
    "recent_purchases_local": N_("Bought in three months"),
    "days_beyond_terms": N_("Days beyond terms"),
}
"""What is drawn beside a flag, at the last month ends."""
_HELD: Final[Mapping[str, str]] = {
    "cap": N_("Waits: other flags come first"),
    "cool_down": N_("Waits: the same detector spoke of this customer a short while ago"),
}
"""Why a flag is not raised yet."""
_MADE: Final[Mapping[str, str]] = {
    "buying_month": N_("orders or invoices of customers"),
    "buying_group_month": N_("orders with product groups"),
    "payment_day": N_("receipts that settle invoices"),
}
"""What a table that is made of several is made of."""
_SHORTAGES: Final[Mapping[str, str]] = {
    "table": N_("Not evaluated: needs %(need)s"),
    "months": N_("Not evaluated: %(has)s of %(wanted)s months"),
    "customers": N_("Not evaluated: %(has)s of %(wanted)s customers"),
    "orders": N_("Not evaluated: %(has)s of %(wanted)s orders"),
    "product_groups": N_("Not evaluated: %(has)s of %(wanted)s product groups"),
    "season": N_("Not evaluated: no product group is out of season in the months looked at"),
    "payments": N_("Not evaluated: %(has)s of %(wanted)s payments"),
}
"""What a detector lacks, by code."""


def detector_tests(detector: str, words: Language) -> str:
    """What a detector looks for."""
    return wording.named(TESTED, detector, words.text)


def need_text(need: str, words: Language) -> str:
    """What a company must tell: the name of the table, and in brackets the columns as files name them."""
    table = need.partition(".")[0]
    if table in _MADE:
        return words.text(_MADE[table])
    return words.text(
        N_("%(table)s (%(columns)s)"), table=wording.named(wording.TABLES, table, words.text), columns=need
    )


def flags_summary(found: Flags, words: Language) -> str:
    """How many flags are open, whose, and how many wait."""
    return words.sentences([*_open(found, words), *_waiting(found, words)])


def _open(found: Flags, words: Language) -> Iterable[str]:
    ngettext = words.texts
    if not found.open:
        yield words.text(N_("No flag is open."))
        return
    yield ngettext(
        "%(number)s flag is open, %(new)s of them new; the customers concerned owe %(amount)s.",
        "%(number)s flags are open, %(new)s of them new; the customers concerned owe %(amount)s.",
        found.open,
        new=words.count(found.new),
        amount=words.money(found.exposure, found.currency),
    )


def _waiting(found: Flags, words: Language) -> Iterable[str]:
    ngettext = words.texts
    if found.waiting:
        yield ngettext(
            "%(number)s more sign waits: a night raises few, and the same detector is silent about a customer for a while.",
            "%(number)s more signs wait: a night raises few, and the same detector is silent about a customer for a while.",
            found.waiting,
        )


def flag_state(flag: Flag | OwnFlag, words: Language) -> str:
    """The state of a flag, and since when."""
    if flag.is_graver:
        return words.text(N_("New: graver than before"))
    state = wording.named(STATES, flag.state, words.text)
    if flag.state == "acknowledged" and flag.decided_by:
        return words.text(N_("%(state)s by %(name)s"), state=state, name=flag.decided_by)
    return state


def own_state(flag: OwnFlag, words: Language) -> str:
    """The state of a flag on its customer's page: who closed it and why, or why it waits."""
    if flag.held_by:
        return wording.named(_HELD, flag.held_by, words.text)
    if flag.state != "closed":
        return flag_state(flag, words)
    verdict = wording.named(VERDICTS, flag.verdict or "lapsed", words.text)
    if flag.verdict == "lapsed" or flag.decided_by is None:
        return words.text(N_("Closed: %(verdict)s"), verdict=verdict)
    return words.text(
        N_("Closed by %(name)s on %(day)s: %(verdict)s"),
        name=flag.decided_by,
        day=words.day(flag.decided_on),
        verdict=verdict,
    )


def more_evidence(flag: Flag | OwnFlag, words: Language) -> str:
    """How much evidence is not shown."""
    ngettext = words.texts
    return ngettext("and %(number)s more", "and %(number)s more", flag.more)


def picture_text(picture: Picture, currency: str, words: Language) -> str:
    """What is drawn, in words."""
    low, high, last = (
        "–"
        if value is None
        else words.money(value, currency)
        if picture.unit == "money"
        else words.measure(value, "days")
        for value in (picture.low, picture.high, picture.last)
    )
    name = wording.named(MEASURES, picture.measure, words.text)
    return words.text(
        N_("%(measure)s: last %(last)s, between %(low)s and %(high)s"), measure=name, last=last, low=low, high=high
    )


def lack_text(line: Health, words: Language) -> str:
    """What a detector that is not evaluated lacks."""
    told = {
        "need": need_text(line.need or "", words),
        "has": words.count(line.has or 0),
        "wanted": words.count(line.wanted or 0),
    }
    return words.text(_SHORTAGES.get(line.code or "", _SHORTAGES["table"]), **told)


def record_text(record: Record | None, words: Language) -> str:
    """What persons found of a detector's flags."""
    if record is None or record.precision is None or record.low is None or record.high is None:
        return "–"
    return words.text(
        N_("%(share)s (%(low)s to %(high)s)"),
        share=words.whole_share(record.precision),
        low=words.whole_share(record.low),
        high=words.whole_share(record.high),
    )
