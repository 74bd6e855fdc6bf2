"""Business days: which days of a company's calendar are weekends or public holidays, told for the countries that are needed and no other."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from receivables.errors import SettingsError, nearest

if TYPE_CHECKING:
    from datetime import date

WEEKEND: Final = frozenset((6, 7))
"""Days off where nothing else is told, as ISO weekday numbers."""

_COUNTRIES: Final = "holidays.countries"


@dataclass(frozen=True)
class Calendar:
    """The days off of one country or region; `is_known` says whether its public holidays are.

    `workdays` are days of a weekend that are worked, as China makes up for its long holidays.
    """

    holidays: frozenset[date]
    workdays: frozenset[date]
    is_known: bool


_WEEKENDS_ONLY: Final = Calendar(frozenset(), frozenset(), is_known=False)


def weekdays_off(text: str | None) -> frozenset[int]:
    """The ISO weekday numbers in a text such as `6,7`; Saturday and Sunday where it names none."""
    named = {int(part) for part in (text or "").replace(";", ",").split(",") if part.strip() in set("1234567")}
    return frozenset(named) or WEEKEND


@cache
def calendar(country: str | None, region: str, first: int, last: int) -> Calendar:
    """The public holidays of a country, and of a region of it, in the years from `first` to `last`.

    Raises:
        SettingsError: the country has no such region.
    """
    kind = _country(country) if country else None
    if kind is None:
        return _WEEKENDS_ONLY
    known = (*kind.subdivisions, *getattr(kind, "subdivisions_aliases", {}))
    if region and region not in known:
        raise SettingsError(
            got=f"region {region!r} of a company in {country}",
            expected=f"a subdivision of {country}, such as {', '.join(kind.subdivisions[:4]) or 'none'}",
            try_=nearest(region, known) if known else "leaving region out",
        )
    days = kind(subdiv=region or None, years=range(first, last + 1))
    return Calendar(frozenset(days), frozenset(days.weekend_workdays), is_known=True)


def _country(code: str) -> Any:
    """The class of a country; None where its holidays are not known."""
    from holidays.registry import COUNTRIES

    found = next(((module, names[0]) for module, names in COUNTRIES.items() if code in names[1:]), None)
    if found is None:
        return None
    module, name = found
    with_all = sys.modules.get(_COUNTRIES)
    if with_all is None:
        # the package itself loads 250 countries, which takes ten times as long as all else here
        sys.modules[_COUNTRIES] = _empty_package()
    try:
        return getattr(importlib.import_module(f"{_COUNTRIES}.{module}"), name)
    finally:
        if with_all is None:
            del sys.modules[_COUNTRIES]


def _empty_package() -> ModuleType:
    import holidays

    package = ModuleType(_COUNTRIES)
    package.__path__ = [str(Path(holidays.__file__).parent / "countries")]
    return package
