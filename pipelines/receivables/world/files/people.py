"""Our own people in the sample: the territories we sell in, who sells there and who collects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from receivables.world.draws import Ints
from receivables.world.ids import collector_ids, every
from receivables.world.ledger import Ledger
from receivables.world.names import salespeople, territories
from receivables.world.tables import Table
from receivables.world.text import Text, strings

COLLECTORS: Final = 6
MAIL_DOMAIN: Final = "distribuidora.example"
SALES_MAIL: Final = {
    "Begoña Iráizoz": ("b.iraizoz", "es"),
    "Jürgen Weißhaupt": ("j.weisshaupt", "de"),
    "Maeve O'Dowd": ("m.odowd", "en"),
    "Zofia Gąsiorek": ("z.gasiorek", "pl"),
    "李文澜": ("li.wenlan", "zh-CN"),
    "Tomás Roldán": ("t.roldan", "es"),
}
"""Mailbox and language of each of `names.SALESPEOPLE`."""


class Base(NamedTuple):
    """Who collects from a town of a territory: mailbox, town, degrees north and east."""

    name: str
    mail: str
    place: str
    lat: str
    lon: str


BASES: Final = {
    "ES-N": Base("Itziar Landáburu", "i.landaburu", "Logroño", "42.4627", "-2.4450"),
    "ES-S": Base("Rocío Cañamares", "r.canamares", "Málaga", "36.7213", "-4.4214"),
    "DE-N": Base("Henning Fußwinkel", "h.fusswinkel", "Hamburg", "53.5511", "9.9937"),
    "DE-S": Base("Gerlinde Mößbauer", "g.moessbauer", "München", "48.1351", "11.5820"),
    "PL-S": Base("Wit Krzemiński", "w.krzeminski", "Kraków", "50.0647", "19.9450"),
    "CN-N": Base("沈若兰", "shen.ruolan", "上海", "31.2304", "121.4737"),
    "GB-N": Base("Effie Strathmore-Bell", "e.strathmore", "Leeds", "53.8008", "-1.5491"),
    "GB-S": Base("Cyril O'Fenlow", "c.ofenlow", "Bristol", "51.4545", "-2.5879"),
}


def collector_of(ledger: Ledger) -> Ints:
    """Number the collector of each customer: everyone has some territories."""
    found: Ints = ledger.customers.territory % COLLECTORS
    return found


def collectors(ledger: Ledger) -> Text:
    """Name the collector of each customer."""
    return collector_ids(collector_of(ledger))


def territory_table(ledger: Ledger) -> Iterator[Table]:
    """Write the territories with the regions they cover."""
    sold = territories(ledger.spec.home)
    columns = {
        "territory_id": strings([t.territory_id for t in sold]),
        "name": strings([t.name for t in sold]),
        "country": strings([t.country for t in sold]),
        "region_codes": strings([";".join(t.regions) for t in sold]),
    }
    yield _always(ledger, columns)


def salesperson_table(ledger: Ledger) -> Iterator[Table]:
    """Write the salespeople; customers and documents name them by their names, so these are the ids."""
    people = salespeople(ledger.spec.only_codepage)
    columns = {
        "salesperson_id": strings(people),
        "name": strings(people),
        "email": strings([f"{SALES_MAIL[name][0]}@{MAIL_DOMAIN}" for name in people]),
        "language": strings([SALES_MAIL[name][1] for name in people]),
    }
    yield _always(ledger, columns)


def collector_table(ledger: Ledger) -> Iterator[Table]:
    """Write the collectors; each lives in the first of the territories that are theirs."""
    bases = [BASES[territory.territory_id] for territory in territories(ledger.spec.home)[:COLLECTORS]]
    columns = {
        "collector_id": collector_ids(every(len(bases))),
        "name": strings([base.name for base in bases]),
        "email": strings([f"{base.mail}@{MAIL_DOMAIN}" for base in bases]),
        "base_place": strings([base.place for base in bases]),
        "lat": strings([base.lat for base in bases]),
        "lon": strings([base.lon for base in bases]),
        "active": strings(["true"] * len(bases)),
    }
    yield _always(ledger, columns)


def _always(ledger: Ledger, columns: dict[str, Text]) -> Table:
    """Make a table that is told from the first day on."""
    size = len(next(iter(columns.values())))
    return Table(columns, np.full(size, ledger.spec.start_day, dtype=np.int64))
