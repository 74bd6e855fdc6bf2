"""Invented businesses of five languages: where the sample's customers get their names and towns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from receivables.world.draws import Ints, shuffled


@dataclass(frozen=True)
class Country:
    """What names of one country are made of, words separated by bars; `pattern` arranges stem, trade and legal form.

    Each city has its region at the same place.
    """

    code: str
    language: str
    currency: int
    share: int
    pattern: str
    stems: str
    trades: str
    forms: str
    cities: str
    regions: str


SPAIN: Final = Country(
    code="ES",
    language="es",
    currency=0,
    share=450,
    pattern="{trade} {stem}{form}",
    stems=(
        "Valdeniebla|Peñarrubia de la Ría|Montecierzo|Río Zarzal|Núñez y Parrondo|Almadrava Vieja|"
        'Casa "El Güito"|Castañar Hondo|Viñas del Tórtoles|Hijos de I. Ordóñez|"La Cigüeña"|Sotoalegre|'
        "Ibarzábal|Tres Ñandúes|Serra d'Argençola|Fuente Búho|Brañalonga|O Carballón|Llanos de Añaza|"
        "Puigmalet"
    ),
    trades=("Distribuciones|Conservas|Bodegas|Ultramarinos|Frutas|Hostelería|Comercial|Panadería|Aceites|Suministros"),
    forms=", S.L.|, S.A.| S.L.U.|, S. Coop.",
    cities="Madrid|Cádiz|A Coruña|Logroño|Málaga|Lleida|Donostia|Almería",
    regions="MD|CA|C|LO|MA|L|SS|AL",
)
GERMANY: Final = Country(
    code="DE",
    language="de",
    currency=0,
    share=140,
    pattern="{stem} {trade}{form}",
    stems=(
        "Grünhagen|Käsbohrn & Söhne|Weißenrode|Büttelmann|Störtebecker Nachf.|Lüdersheim|Hollerdähl|Öhmichen|"
        "Nordkante|Fährwinkel|Quastenhof|Brückner-Vahl|Mühlgraben|Zöbeling|Altenstrauch|Süßmilch & Roth"
    ),
    trades="Feinkost|Großhandel|Getränke|Backwaren|Naturkost|Gastroservice|Weinkontor|Lebensmittel",
    forms=" GmbH| GmbH & Co. KG| e.K.| OHG",
    cities="Hamburg|Köln|München|Görlitz|Nürnberg|Düsseldorf",
    regions="HH|NW|BY|SN|BY|NW",
)
POLAND: Final = Country(
    code="PL",
    language="pl",
    currency=0,
    share=90,
    pattern="{trade} {stem}{form}",
    stems=(
        "Żurawina|Łąkowa Dolina|Brzezińscy|Złoty Kłos|Świerkowy Gaj|Trzy Gęsi|Jastrzębiec|Mąka i Miód|"
        "Cichy Staw|Dworek Śliwa|Polana|Nowa Spiżarnia"
    ),
    trades="Hurtownia|Delikatesy|Piekarnia|Przetwory|Sklepy|Gastronomia|Handel",
    forms=" Sp. z o.o.| S.A.| Sp.j.| i Wspólnicy",
    cities="Łódź|Kraków|Gdańsk|Wrocław|Poznań",
    regions="LD|MA|PM|DS|WP",
)
CHINA: Final = Country(
    code="CN",
    language="zh-CN",
    currency=1,
    share=80,
    pattern="{stem}{trade}{form}",
    stems="云栖山|锦澜|九畹|瑞喆|海棠渡|鼎堃|青梧桐|禾木里|东篱下|晴川阁|雁回|松月斋",
    trades="食品|贸易|进出口|酒业|商贸|餐饮管理|供应链",
    forms="有限公司|(上海)有限公司|股份有限公司|（深圳）有限公司",
    cities="上海|深圳|宁波|青岛|成都",
    regions="SH|GD|ZJ|SD|SC",
)
BRITAIN: Final = Country(
    code="GB",
    language="en",
    currency=2,
    share=140,
    pattern="{stem} {trade}{form}",
    stems=(
        'Marlow, Finch & Daughters|O\'Hanlon & Pryce|"The Copper Kettle"|Thistlebury|Wexcombe|'
        "Penhallow & Tregear|Ashdown Row|Brambleford|Larkrise|Gullane Point|Siôn & Angharad|Old Wharf"
    ),
    trades="Fine Foods|Provisions|Catering|Wholesale|Delicatessens|Wine Merchants|Farm Shops|Trading",
    forms=" Ltd| Limited| LLP| & Co.",
    cities="Leeds|Bristol|Cardiff|Glasgow|Norwich|London",
    regions="LDS|BST|CRF|GLG|NFK|LND",
)
AMERICA: Final = Country(
    code="US",
    language="en",
    currency=1,
    share=100,
    pattern="{stem} {trade}{form}",
    stems=(
        "Juniper Flats|Hollis & Vane|Cedar Spur|Bluewater Bend|Marrow Creek|Two Herons|Fennimore|Tallgrass|"
        "Osage Hill|Kettle Moraine"
    ),
    trades="Imports|Foods|Grocers|Specialty Foods|Distributors|Beverage|Kitchens|Markets",
    forms=", Inc.| LLC| Corp.|, L.P.",
    cities="Chicago|Portland|Tampa|Denver|Newark",
    regions="IL|OR|FL|CO|NJ",
)

COUNTRIES: Final = {
    "ES": (SPAIN, GERMANY, POLAND, CHINA, BRITAIN, AMERICA),
    "DE": (GERMANY, SPAIN, BRITAIN, AMERICA),
}
"""Who the customers of a company of that country are; most come from its own."""

HOME_SHARE: Final = 480
COMPANY_NAMES: Final = {
    "ES": "Distribuidora Ibérica Castañar & Brisa, S.A.",
    "DE": "Hollerbusch Genusskontor GmbH & Co. KG",
}
SALESPEOPLE: Final = ("Begoña Iráizoz", "Jürgen Weißhaupt", "Maeve O'Dowd", "Zofia Gąsiorek", "李文澜", "Tomás Roldán")
GROUPS: Final = ("retail", "wholesale", "hospitality", "online")


def salespeople(codepage: str | None) -> list[str]:
    """List the salespeople whose names the code page can write; None: any."""
    return [
        name for name in SALESPEOPLE if codepage is None or name == name.encode(codepage, "ignore").decode(codepage)
    ]


def business_names(rng: np.random.Generator, country: Country, size: int) -> list[str]:
    """Make different names: every stem once before any comes again, then with another trade or legal form."""
    stems, trades, forms = (words.split("|") for words in (country.stems, country.trades, country.forms))
    order, endings = shuffled(rng, len(stems)), len(trades) * len(forms)
    start = shuffled(rng, endings)
    names = []
    for row in range(size):
        lap, place = divmod(row, len(stems))
        trade, form = divmod(int(start[(place + lap) % endings]), len(forms))
        name = country.pattern.format(stem=stems[int(order[place])], trade=trades[trade], form=forms[form])
        names.append(name if lap < endings else f"{name} {lap // endings + 1}")
    return names


def towns(country: Country, drawn: Ints) -> list[tuple[str, str]]:
    """Pick a town of the country, with its region, for each draw."""
    places = list(zip(country.cities.split("|"), country.regions.split("|"), strict=True))
    return [places[int(number) % len(places)] for number in drawn]


class Territory(NamedTuple):
    """A sales territory: its country and the regions it covers, the larger countries being divided."""

    territory_id: str
    name: str
    country: str
    regions: tuple[str, ...]


_NORTH: Final = {"ES": ("C", "LO", "L", "SS"), "DE": ("HH", "NW"), "GB": ("LDS", "GLG"), "CN": ("SD", "SH")}
_DIRECTIONS: Final = (("N", "Norte", "Nord", "North", "北区"), ("S", "Sur", "Süd", "South", "南区"))
_SPOKEN: Final = {"es": 1, "de": 2, "en": 3, "pl": 3, "zh-CN": 4}


def territory_of(country: str, region: str) -> str:
    """Name the territory that a region belongs to."""
    return f"{country}-{'N' if region in _NORTH.get(country, ()) else 'S'}"


def territories(home: str) -> list[Territory]:
    """List the territories a company of that country sells in."""
    found = []
    for country in COUNTRIES[home]:
        for labels in _DIRECTIONS:
            territory_id = f"{country.code}-{labels[0]}"
            regions = tuple(
                sorted(
                    {code for code in country.regions.split("|") if territory_of(country.code, code) == territory_id}
                )
            )
            if regions:
                name = f"{country.code} {labels[_SPOKEN[country.language]]}"
                found.append(Territory(territory_id, name, country.code, regions))
    return found
