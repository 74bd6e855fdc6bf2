"""The products of the sample distributor, what they cost year by year, and what each customer chooses from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from receivables.world.customers import Customers
from receivables.world.dials import PER_MILLE, Spec
from receivables.world.draws import UNITS_PER_CENT, Ints, as_date, below, stream
from receivables.world.goods import PRODUCT_GROUPS, SEASON_TABLE
from receivables.world.plants import PlantKind, Plants


class Product(NamedTuple):
    """One product: the list price in cents of the ledger currency in the world's first year, its margin there in percent."""

    name: str
    brand: str
    uom: str
    list_cents: int
    margin: int


OIL_AND_PRESERVES: Final = (
    Product("Aceite de oliva virgen extra, 500 ml", "Almazara Tresríos", "botella", 645, 21),
    Product("Aceite de oliva suave, 1 l", "Almazara Tresríos", "botella", 780, 18),
    Product("Aceite de girasol, 1 l", "Molino Zarzuelo", "botella", 215, 18),
    Product("Aceitunas rellenas de anchoa, 150 g", "Olivar & Brisa", "lata", 118, 29),
    Product("Aceitunas negras en rodajas, 350 g", "Olivar & Brisa", "lata", 139, 28),
    Product("Atún claro en aceite, pack de 3", "Mar de Ortegal", "pack", 345, 24),
    Product("Mejillones en escabeche, 111 g", "Mar de Ortegal", "lata", 225, 27),
    Product('Sardinillas "A la brasa" en aceite & limón', "Mar de Ortegal", "lata", 168, 30),
    Product("Pimientos del piquillo, 225 g", "Huerta Peñalobos", "tarro", 249, 26),
    Product("Anchoas del Norte, 50 g", "Mar de Ortegal", "lata", 392, 23),
)
WINE: Final = (
    Product("Vino de mesa tinto, brik 1 l", "Tres Tinajas", "brik", 129, 20),
    Product("Vino de mesa blanco, brik 1 l", "Tres Tinajas", "brik", 125, 20),
    Product("Tinto joven, 75 cl", "Viña Lobezna", "botella", 285, 27),
    Product("Rosado de lágrima, 75 cl", "Viña Lobezna", "botella", 295, 28),
    Product("Verdejo, 75 cl", "Viña Lobezna", "botella", 365, 29),
    Product('Crianza "El Tejón", 75 cl', "Pago del Tejón", "botella", 690, 32),
    Product('Reserva "El Tejón", 75 cl', "Pago del Tejón", "botella", 1280, 35),
    Product("Espumoso brut, 75 cl", "Marquesado de Cierzo", "botella", 540, 31),
    Product("Vermut rojo, 1 l", "Marquesado de Cierzo", "botella", 475, 30),
    Product("Sidra natural, 70 cl", "Llagar Xunquera", "botella", 230, 25),
)
SOFT_DRINKS: Final = (
    Product("Refresco de cola, lata 33 cl", "Burbu", "lata", 46, 22),
    Product("Refresco de naranja, lata 33 cl", "Burbu", "lata", 46, 22),
    Product("Gaseosa de limón, 1,5 l", "Burbu", "botella", 98, 23),
    Product("Tónica, 20 cl", "Quinal", "botella", 58, 30),
    Product("Agua mineral, 1,5 l", "Fuente del Tejo", "botella", 38, 19),
    Product("Agua con gas, 50 cl", "Fuente del Tejo", "botella", 52, 24),
    Product("Néctar de melocotón, 1 l", "Huerta Peñalobos", "brik", 125, 25),
    Product("Horchata de chufa, 1 l", "La Chufera Alegre", "brik", 189, 27),
    Product("Té frío al limón, 1,5 l", "Burbu", "botella", 142, 26),
    Product("Bebida isotónica, 50 cl", "Quinal", "botella", 84, 28),
)
SWEETS_AND_GIFTS: Final = (
    Product("Turrón duro, 250 g", "Dulces Almendrera", "tableta", 490, 33),
    Product("Turrón blando, 150 g", "Dulces Almendrera", "tableta", 385, 33),
    Product("Mazapanes surtidos, 300 g", "Obrador Santelmo", "estuche", 560, 34),
    Product("Polvorones artesanos, a granel", "Obrador Santelmo", "kg", 720, 30),
    Product('Bombones "Noche y día", 200 g', "Cacao & Compañía", "caja", 595, 35),
    Product("Caramelos de miel y limón, 150 g", "Dulces Almendrera", "bolsa", 145, 31),
    Product("Galletas de mantequilla, 400 g", "Obrador Santelmo", "lata", 320, 28),
    Product("Chocolate a la taza, 300 g", "Cacao & Compañía", "tableta", 225, 27),
    Product("Regaliz rojo, 100 g", "Dulces Almendrera", "bolsa", 95, 32),
    Product('Cesta de regalo "Tres Valles", 8 piezas', "Cacao & Compañía", "cesta", 2450, 35),
)
ICE_CREAM_AND_FROZEN: Final = (
    Product("Conos de nata, 4 unidades", "Nevera Azul", "pack", 295, 31),
    Product("Polos de fruta, 8 unidades", "Nevera Azul", "pack", 215, 33),
    Product("Helado de vainilla, 1 l", "Nevera Azul", "tarrina", 340, 30),
    Product("Helado de turrón, 500 ml", "Nevera Azul", "tarrina", 310, 32),
    Product("Guisantes finos, 1 kg", "Huerta Peñalobos", "bolsa", 189, 22),
    Product("Espinacas en porciones, 750 g", "Huerta Peñalobos", "bolsa", 155, 22),
    Product("Croquetas de jamón, 500 g", "Cocina de Abril", "bolsa", 285, 28),
    Product("Calamares a la romana, 400 g", "Cocina de Abril", "bolsa", 395, 26),
    Product("Gambas peladas, a granel", "Mar de Ortegal", "kg", 1190, 20),
    Product("Pizza cuatro quesos, 360 g", "Cocina de Abril", "caja", 262, 27),
)
STORE_CUPBOARD: Final = (
    Product("Arroz redondo, 1 kg", "Molino Zarzuelo", "paquete", 132, 20),
    Product("Lentejas pardinas, 1 kg", "Molino Zarzuelo", "paquete", 198, 22),
    Product("Garbanzos cocidos, 570 g", "Huerta Peñalobos", "tarro", 92, 24),
    Product("Harina de trigo, 1 kg", "Molino Zarzuelo", "paquete", 74, 18),
    Product("Azúcar blanquilla, 1 kg", "Molino Zarzuelo", "paquete", 108, 18),
    Product("Tomate frito, 400 g", "Huerta Peñalobos", "brik", 79, 25),
    Product("Macarrones, 500 g", "Molino Zarzuelo", "paquete", 88, 24),
    Product('Café molido "Mezcla de la casa", 250 g', "Tostadero Ñandú", "paquete", 289, 26),
    Product("Sal marina, 1 kg", "Salinas del Alba", "paquete", 42, 27),
    Product("Caldo de pollo, 1 l", "Cocina de Abril", "brik", 118, 26),
)
BY_GROUP: Final = (OIL_AND_PRESERVES, WINE, SOFT_DRINKS, SWEETS_AND_GIFTS, ICE_CREAM_AND_FROZEN, STORE_CUPBOARD)
"""In the order of `goods.PRODUCT_GROUPS`, ten each."""

PRODUCTS: Final = tuple(product for group in BY_GROUP for product in group)
PER_GROUP: Final = len(PRODUCTS) // len(PRODUCT_GROUPS)
GROUP_OF: Final = np.arange(len(PRODUCTS), dtype=np.int64) // PER_GROUP

LIST_FACTORS: Final = (1000, 1100, 860)
"""Per mille of the price in the ledger currency that the list asks in each of `records.CURRENCIES`; it does not follow the market."""

FLOOR_SHARE: Final = 30
"""Percent of the way from the cost to the list price at which the lowest permitted resale price stands."""

LEAST_RISE: Final = 20
RISES: Final = 21
"""Prices rise each January 1 by 20 to 40 per mille."""


@dataclass(frozen=True)
class Catalogue:
    """What products cost, by currency, calendar year (counted from `first_year`) and product, in units of 0.0001.

    List prices are in whole cents, so that a discount in whole percent leaves an exact unit price.
    """

    first_year: int
    list_price: Ints
    unit_cost: Ints
    floor: Ints

    def year(self, day: Ints) -> Ints:
        """Number the price years: prices are new each January 1."""
        years: Ints = day.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970 - self.first_year
        return years


def draw_catalogue(spec: Spec) -> Catalogue:
    """Draw the prices of all years of the world; costs rise with them."""
    first, last = (as_date(day).year for day in (spec.start_day, spec.as_of_day))
    rise = PER_MILLE + LEAST_RISE + below(stream(spec.seed, "price rises"), RISES, (last - first) * len(PRODUCTS))
    factor = np.array(LIST_FACTORS, dtype=np.int64)[:, np.newaxis]
    cents = [(np.array([product.list_cents for product in PRODUCTS]) * factor + PER_MILLE // 2) // PER_MILLE]
    for by_product in rise.reshape(last - first, len(PRODUCTS)):
        cents.append((cents[-1] * by_product + PER_MILLE // 2) // PER_MILLE)
    listed = np.stack(cents, axis=1) * UNITS_PER_CENT
    margin = np.array([product.margin for product in PRODUCTS], dtype=np.int64)
    cost = listed * (100 - margin) // 100
    return Catalogue(first, listed, cost, cost + (listed - cost) * FLOOR_SHARE // 100)


MAIN_SLOTS: Final = 8
OTHER_SLOTS: Final = 6
SLOTS: Final = MAIN_SLOTS + OTHER_SLOTS
LEAST_MAIN: Final = 5
LEAST_OTHER: Final = 3
LIKINGS: Final = np.array((9, 8, 7, 6, 5, 4, 3, 2, 6, 5, 4, 3, 2, 2), dtype=np.int64)
"""How much each slot of an assortment is bought, within the main group and within the others."""

MAIN_SHARE: Final = 70
CHANGED_SHARE: Final = 96
"""Percent of the lines that are of the main product group: usually, and once the customer's business has changed."""

SMALLEST_CAP: Final = 400
ORDERS_PER_CAP: Final = 12
"""No unit a customer buys costs more than a twelfth of its median order, or 4.00."""


@dataclass(frozen=True)
class Assortments:
    """The products each customer chooses from, its main group's in the first slots, the most bought first; one row per customer.

    `weight` says by row, calendar month and slot how often; 0: never. Rows beyond the customers belong to a plant: `of_plant` gives the
    row by which the plant's customer buys while it shows.
    """

    product: Ints
    weight: Ints
    of_plant: dict[int, int]


def draw_assortments(spec: Spec, customers: Customers, plants: Plants) -> Assortments:
    """Draw what each customer buys; a change of mix is to the group it bought least of, bulk out of season is of its own group."""
    rng = stream(spec.seed, "assortments")
    product, used = _slots(rng, customers.product_group, customers.scale)
    weight = _weights(product, used, MAIN_SHARE)
    products, weights, of_plant, rows = [product], [weight], {}, len(product)
    for number, plant in enumerate(plants.rows):
        row = np.array([plant.customer], dtype=np.int64)
        if plant.kind == PlantKind.OFF_SEASON_BULK:
            products.append(product[row])
            weights.append(weight[row] * (np.arange(SLOTS) < MAIN_SLOTS))
        elif plant.kind == PlantKind.MIX_CHANGE:
            held = np.bincount(GROUP_OF[product[row][used[row]]], minlength=len(PRODUCT_GROUPS))
            new, kept = _slots(rng, np.argmin(held, keepdims=True).astype(np.int64), customers.scale[row])
            products.append(new)
            weights.append(_weights(new, kept, CHANGED_SHARE))
        else:
            continue
        of_plant[number], rows = rows, rows + 1
    return Assortments(np.concatenate(products), np.concatenate(weights), of_plant)


def _slots(rng: np.random.Generator, main_group: Ints, scale: Ints) -> tuple[Ints, Ints]:
    """Put products into the slots, affordable ones first; say which slots are used."""
    size, total = len(main_group), len(PRODUCTS)
    cents = np.array([product.list_cents for product in PRODUCTS], dtype=np.int64)
    dear = cents > np.maximum(SMALLEST_CAP, scale // ORDERS_PER_CAP)[:, np.newaxis]
    other = main_group[:, np.newaxis] != GROUP_OF
    key = below(rng, 1 << 32, size * total).reshape(size, total) + (dear + 2 * other << 32)
    order = np.argsort(key, axis=1, kind="stable")
    places = np.concatenate([np.arange(MAIN_SLOTS), PER_GROUP + np.arange(OTHER_SLOTS)])
    product = order[:, places].astype(np.int64)
    main, others = LEAST_MAIN + below(rng, 4, size), LEAST_OTHER + below(rng, 4, size)
    slot = np.arange(SLOTS)
    wanted = np.where(slot < MAIN_SLOTS, slot < main[:, np.newaxis], slot - MAIN_SLOTS < others[:, np.newaxis])
    affordable = ~np.take_along_axis(dear, product, axis=1)
    return product, (wanted & (affordable | (slot < LEAST_MAIN))).astype(np.bool_)


def _weights(product: Ints, used: Ints, main_share: int) -> Ints:
    """Weigh the slots month by month: the main group its share, the other products by their season."""
    liking = LIKINGS * used
    is_main = np.arange(SLOTS) < MAIN_SLOTS
    of_main, of_others = (np.maximum((liking * part).sum(axis=1, keepdims=True), 1) for part in (is_main, ~is_main))
    share = np.where(is_main, main_share * 1000 // of_main, (100 - main_share) * 1000 // of_others) * liking
    season = np.where(is_main, 100, SEASON_TABLE[GROUP_OF[product]].transpose(2, 0, 1))
    weight: Ints = (share * season // 100).transpose(1, 0, 2)
    return weight
