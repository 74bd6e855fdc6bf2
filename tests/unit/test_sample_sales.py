from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path
from statistics import correlation, median
from typing import Final

import pytest

import receivables.world
from receivables.schema import TABLES as DICTIONARY
from receivables.world.customers import CustomerType, Settlement
from receivables.world.draws import NONE, as_date, day_number
from receivables.world.goods import MONTHS, PRODUCT_GROUPS
from receivables.world.ledger import Ledger, build
from receivables.world.names import SALESPEOPLE, territories
from receivables.world.plants import Plant, PlantKind
from receivables.world.products import PRODUCTS
from receivables.world.records import CURRENCIES, State
from receivables.world.sales_tables import TABLES
from receivables.world.specify import World
from receivables.world.tables import write_table

CENT: Final = Decimal("0.01")
SEASONAL: Final = range(1, 5)
OWN_MODULES: Final = ("products", "sales", "sales_tables", "sell_through")

Row = dict[str, str]
Cells = dict[str, list[Row]]


def world(customers: int, seed: int, per: int) -> Ledger:
    return build(World(customers=customers, seed=seed, invoices_per_customer=per).spec())


def written(ledger: Ledger, folder: Path, day: int | None = None, names: Iterable[str] = TABLES) -> Cells:
    found = {}
    for name in names:
        path = folder / f"{name}.csv"
        write_table(path, TABLES[name](ledger), ledger.spec.as_of_day if day is None else day)
        with path.open(encoding="utf-8", newline="") as file:
            found[name] = list(csv.DictReader(file, strict=True))
    return found


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    return world(customers=200, seed=5, per=60)


@pytest.fixture(scope="module")
def cells(ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Cells:
    return written(ledger, tmp_path_factory.mktemp("sales"))


@pytest.fixture(scope="module")
def sold(cells: Cells) -> dict[str, list[Row]]:
    """The lines that were sold, by order."""
    return by(cells["order_line"], "order_id", lambda row: row["cancelled"] == "false")


def by(rows: list[Row], column: str, keep: Callable[[Row], bool] = bool) -> dict[str, list[Row]]:
    found = defaultdict(list)
    for row in rows:
        if keep(row):
            found[row[column]].append(row)
    return dict(found)


def customer_id(row: int) -> str:
    return f"C{row + 1:05d}"


def order_id(row: int) -> str:
    return f"PV-{row + 1:07d}"


def day_of(cell: str) -> int:
    return day_number(date.fromisoformat(cell))


def carriers(ledger: Ledger, *kinds: PlantKind) -> dict[str, Plant]:
    return {customer_id(plant.customer): plant for plant in ledger.plants.of(*kinds)}


def touched(ledger: Ledger, kind: PlantKind) -> set[str]:
    numbers = [number for number, plant in enumerate(ledger.plants.rows) if plant.kind == kind]
    found = {order_id(row) for number in numbers for row in ledger.sales.touched[number]}
    assert all(ledger.sales.touched[number] for number in numbers)
    assert numbers
    return found


def inside(plant: Plant, row: Row) -> bool:
    """A month is part of a plant if its middle is."""
    return plant.day <= day_of(row["period_start"]) + 14 <= plant.until


def test_the_files_have_columns_of_the_dictionary(cells: Cells) -> None:
    for name, rows in cells.items():
        spelled = {column.alias or column.name for column in DICTIONARY[name].columns.values()}
        assert set(rows[0]) <= spelled, name
        assert len(
            {tuple(row[DICTIONARY[name].columns[key].alias or key] for key in DICTIONARY[name].key) for row in rows}
        ) == len(rows)


def test_the_lines_of_an_order_add_up_to_its_document_less_tax(
    ledger: Ledger, cells: Cells, sold: dict[str, list[Row]]
) -> None:
    sales, home = ledger.sales, ledger.spec.home
    documents = by(cells["document_line"], "order_id")
    assert len(documents) == len(sold) == len(sales.gross)
    for row, (doc, customer) in enumerate(zip(sales.orders.row.tolist(), sales.orders.customer.tolist(), strict=True)):
        lines = sold[order_id(row)]
        for line in lines:
            worth = Decimal(line["qty"]) * Decimal(line["unit_price"])
            assert Decimal(line["net_amount"]) == worth.quantize(CENT, ROUND_HALF_UP)
        net = sum(Decimal(line["net_amount"]) for line in lines)
        rate = Decimal("0.10") if ledger.customers.country[customer] == home else Decimal(0)
        tax = (net * rate).quantize(CENT, ROUND_HALF_UP)
        assert tax == int(sales.tax[row]) * CENT
        assert net + tax == int(sales.gross[row]) * CENT == int(ledger.documents.amount[doc]) * CENT
        invoiced = documents[order_id(row)]
        assert [line["net_amount"] for line in invoiced] == [line["net_amount"] for line in lines]
        assert {line["doc_id"] for line in invoiced} == {f"FV-{int(ledger.documents.serial[doc]):07d}"}


def test_orders_have_three_lines_on_average_and_are_worth_what_was_wanted(
    ledger: Ledger, sold: dict[str, list[Row]]
) -> None:
    counts = [len(lines) for lines in sold.values()]
    assert 2.9 <= sum(counts) / len(counts) <= 3.1
    assert set(counts) == {1, 2, 3, 4, 5, 6}
    pairs = list(zip(ledger.sales.gross.tolist(), ledger.sales.orders.wanted.tolist(), strict=True))
    assert all(gross >= 1 for gross, _ in pairs)
    assert all(0.9 <= gross / wanted <= 1.1 for gross, wanted in pairs if wanted >= 20_000)
    assert abs(sum(gross for gross, _ in pairs) / sum(wanted for _, wanted in pairs) - 1) < 0.001


def test_prices_keep_their_order_and_are_what_was_agreed(ledger: Ledger, cells: Cells) -> None:
    agreed = {
        (row["contract_id"][1:], row["product_id"], row["valid_from"][:4]): row for row in cells["contract_price"]
    }
    orders = {row["order_id"]: row for row in cells["sales_order"]}
    off = touched(ledger, PlantKind.PRICE_OFF_CONTRACT)
    found, compared = set(), 0
    for line in cells["order_line"]:
        order = orders[line["order_id"]]
        paid, listed, cost = (Decimal(line[name]) for name in ("unit_price", "list_price", "unit_cost"))
        assert cost < paid <= listed
        assert paid == listed * (100 - Decimal(line["discount_pct"])) / 100
        key = (order["customer_id"][1:], line["product_id"], order["order_date"][:4])
        if key in agreed:
            price = Decimal(agreed[key]["unit_price"])
            assert agreed[key]["currency"] == line["currency"]
            assert agreed[key]["valid_from"] <= order["order_date"] <= agreed[key]["valid_to"]
            assert Decimal(agreed[key]["min_price"]) > cost
            compared += 1
            if paid != price:
                found.add(line["order_id"])
                assert Decimal("1.05") <= paid / price <= Decimal("1.12")
    assert compared > len(cells["order_line"]) // 3
    assert found == off


def test_agreed_prices_rise_a_little_every_new_year(cells: Cells) -> None:
    for rows in by(cells["contract_price"], "contract_id").values():
        for prices in by(rows, "product_id").values():
            years = [Decimal(row["unit_price"]) for row in prices]
            assert all(1 < after / before < Decimal("1.06") for before, after in pairwise(years))


def test_product_groups_sell_by_their_season() -> None:
    ledger = world(customers=900, seed=8, per=60)
    sales = ledger.sales
    lines, months = sales.lines, [as_date(day).month for day in sales.orders.day.tolist()]
    counts: Counter[tuple[int, int]] = Counter()
    bounds = lines.first.tolist()
    products = lines.product.tolist()
    of_main = 0
    for order, customer in enumerate(sales.orders.customer.tolist()):
        for product in products[bounds[order] : bounds[order + 1]]:
            counts[product // 10, months[order]] += 1
            of_main += product // 10 == int(ledger.customers.product_group[customer])
    assert 0.62 < of_main / len(products) < 0.76
    for group in SEASONAL:
        by_month = [counts[group, month] for month in range(1, MONTHS + 1)]
        season = PRODUCT_GROUPS[group].season
        assert correlation(by_month, season) > 0.8
        high, low = season.index(max(season)), season.index(min(season))
        assert by_month[high] > 1.5 * by_month[low]


def test_product_season_says_what_the_goods_say(cells: Cells) -> None:
    assert len(cells["product_season"]) == len(PRODUCT_GROUPS) * MONTHS
    for row in cells["product_season"]:
        group = next(group for group in PRODUCT_GROUPS if group.name == row["product_group"])
        assert Decimal(row["index_value"]) == Decimal(group.season[int(row["month"]) - 1]) / 100


def test_bulk_out_of_season_is_of_the_customers_own_group(ledger: Ledger, sold: dict[str, list[Row]]) -> None:
    planted = touched(ledger, PlantKind.OFF_SEASON_BULK)
    for identifier, plant in carriers(ledger, PlantKind.OFF_SEASON_BULK).items():
        own = PRODUCT_GROUPS[int(ledger.customers.product_group[plant.customer])]
        worth: dict[bool, list[Decimal]] = {True: [], False: []}
        for order, lines in sold.items():
            if lines[0]["ship_to_id"].startswith(identifier):
                worth[order in planted].append(sum((Decimal(line["net_amount"]) for line in lines), Decimal(0)))
                if order in planted:
                    assert {line["product_group"] for line in lines} == {own.name}
        assert median(worth[True]) > 3 * median(worth[False])


def test_a_change_of_mix_is_to_another_group_and_nobody_else_changes(ledger: Ledger, cells: Cells) -> None:
    day = {row["order_id"]: day_of(row["order_date"]) for row in cells["sales_order"]}
    planted = carriers(ledger, PlantKind.MIX_CHANGE)
    changed = touched(ledger, PlantKind.MIX_CHANGE)
    middle = ledger.spec.start_day + (ledger.spec.as_of_day - ledger.spec.start_day) // 2
    bought: dict[str, dict[bool, Counter[str]]] = defaultdict(lambda: {False: Counter(), True: Counter()})
    for line in cells["order_line"]:
        if line["cancelled"] == "false":
            identifier = line["ship_to_id"][:6]
            late = line["order_id"] in changed if identifier in planted else day[line["order_id"]] >= middle
            bought[identifier][late][line["product_group"]] += 1
    for identifier, halves in bought.items():
        main = PRODUCT_GROUPS[int(ledger.customers.product_group[int(identifier[1:]) - 1])].name
        before, after = halves[False], halves[True]
        if identifier in planted:
            new, times = after.most_common(1)[0]
            assert times > 0.8 * after.total()
            assert new != main
            assert before[new] < 0.3 * before.total()
        elif min(before.total(), after.total()) >= 40:
            assert min(before[main] / before.total(), after[main] / after.total()) > 0.4


def test_goods_go_out_of_the_territory_only_where_that_is_planted(ledger: Ledger, cells: Cells) -> None:
    areas = territories(ledger.spec.home)
    deliveries = {row["order_id"]: row for row in cells["delivery"]}
    found = set()
    for line in cells["order_line"]:
        area = areas[int(ledger.customers.territory[int(line["ship_to_id"][1:6]) - 1])]
        assert deliveries[line["order_id"]]["ship_to_region"] == line["ship_to_region"]
        if line["ship_to_region"] not in area.regions:
            found.add(line["order_id"])
            assert line["ship_to_id"].endswith("-2")
    assert found == touched(ledger, PlantKind.CROSS_REGION)
    for identifier, plant in carriers(ledger, PlantKind.CROSS_REGION).items():
        window = [
            row["order_id"]
            for row in cells["delivery"]
            if row["customer_id"] == identifier
            and plant.day + 10 <= day_of(row["ship_date"] or "1970-01-01") <= plant.until - 10
        ]
        assert 0.2 <= sum(order in found for order in window) / len(window) <= 0.8


def test_a_salesperson_releases_goods_only_to_those_planted_to_get_credit_on_cash_terms(
    ledger: Ledger, cells: Cells
) -> None:
    released = {row["order_id"]: row for row in cells["delivery"] if row["released_by"]}
    by_person = {order for order, row in released.items() if row["released_by"] in SALESPEOPLE}
    assert by_person == touched(ledger, PlantKind.CREDIT_ON_CASH_TERMS)
    others = [row for order, row in released.items() if order not in by_person]
    assert {row["released_by"] for row in others} == {"credit desk"}
    settlement = ledger.customers.settlement
    assert all(settlement[int(row["customer_id"][1:]) - 1] != Settlement.CASH for row in others)
    held = {row["order_id"] for row in cells["sales_order"] if row["credit_status"] == "held"}
    assert held == set(released)


def test_deliveries_say_what_became_of_the_goods(ledger: Ledger, cells: Cells) -> None:
    documents = ledger.documents
    statuses = Counter(row["status"] for row in cells["delivery"])
    for row, doc in zip(cells["delivery"], ledger.sales.orders.row.tolist(), strict=True):
        state, dated = State(int(documents.state[doc])), int(documents.cancel_day[doc]) != NONE
        assert (row["status"] == "cancelled") == (state == State.CANCELLED and not dated)
        assert state != State.REVERSED or row["status"] == "returned"
        assert bool(row["doc_id"]) == (state != State.DRAFT)
        if row["status"] == "cancelled":
            assert not row["ship_date"] + row["delivered_date"] + row["signed_by"] + row["proof_ref"]
        elif row["delivered_date"]:
            assert abs(day_of(row["delivered_date"]) - int(documents.doc_day[doc])) <= 4
        net = int(ledger.sales.gross[int(row["order_id"][3:]) - 1] - ledger.sales.tax[int(row["order_id"][3:]) - 1])
        if row["value_local"]:
            assert abs(Decimal(row["value_local"]) - net * CENT * int(documents.rate_ppm[doc]) / 1_000_000) <= CENT
    assert {"delivered", "returned", "cancelled"} <= set(statuses)
    assert statuses["returned"] < 0.02 * statuses["delivered"]


def test_dates_follow_each_other_and_no_order_is_placed_in_another_price_year(ledger: Ledger, cells: Cells) -> None:
    handling, orders = ledger.sales.handling, ledger.sales.orders
    rows = zip(
        handling.ordered.tolist(),
        handling.shipped.tolist(),
        handling.delivered.tolist(),
        orders.day.tolist(),
        strict=True,
    )
    for ordered, shipped, delivered, day in rows:
        assert ledger.spec.start_day - 10 <= ordered <= shipped <= delivered
        assert ordered <= day <= ordered + 6
        assert as_date(ordered).year == as_date(day).year
    assert [row["order_date"] for row in cells["sales_order"][:50]] == [
        str(as_date(day)) for day in handling.ordered.tolist()[:50]
    ]


def test_cancelled_lines_are_few_and_of_small_worth(cells: Cells, sold: dict[str, list[Row]]) -> None:
    cancelled = [row for row in cells["order_line"] if row["cancelled"] == "true"]
    assert 0 < len(cancelled) < 0.01 * len(cells["order_line"])
    assert max(Decimal(row["net_amount"]) for row in cancelled) < 100
    assert all(int(row["line_no"]) == len(sold[row["order_id"]]) + 1 for row in cancelled)


def test_deliveries_bring_what_was_sold(cells: Cells, sold: dict[str, list[Row]]) -> None:
    for identifier, lines in by(cells["delivery_line"], "delivery_id").items():
        ordered = sold[f"PV-{identifier[3:]}"]
        columns = ("line_no", "product_id", "qty", "uom")
        assert [[line[name] for name in columns] for line in lines] == [
            [line[name] for name in columns] for line in ordered
        ]


def test_reported_stocks_add_up_month_by_month(cells: Cells) -> None:
    assert len({row["customer_id"] for row in cells["sell_through"]}) >= 200 // 4
    for rows in by(cells["sell_through"], "customer_id").values():
        for reports in by(rows, "product_id").values():
            for row in reports:
                opening, received, gone, closing = (
                    int(row[f"{name}_qty"]) for name in ("opening", "received", "sold", "closing")
                )
                assert min(opening, received, gone, closing) >= 0
                assert closing == opening + received - gone
                assert bool(row["retail_price"]) == (gone > 0)
            for before, after in pairwise(reports):
                assert before["closing_qty"] == after["opening_qty"]
                assert date.fromisoformat(before["period_end"]) + timedelta(days=1) == date.fromisoformat(
                    after["period_start"]
                )


def test_what_is_received_is_what_was_delivered_and_kept(ledger: Ledger, cells: Cells) -> None:
    arrived: Counter[tuple[str, str, str]] = Counter()
    deliveries = {row["delivery_id"]: row for row in cells["delivery"]}
    for line in cells["delivery_line"]:
        row = deliveries[line["delivery_id"]]
        if row["status"] == "delivered":
            arrived[row["customer_id"], line["product_id"], row["delivered_date"][:7]] += int(line["qty"])
    for row in cells["sell_through"]:
        key = (row["customer_id"], row["product_id"], row["period_start"][:7])
        assert int(row["received_qty"]) == arrived[key]
    assert ledger.spec.as_of_day >= max(day_of(row["report_date"]) for row in cells["sell_through"])


def test_those_in_trouble_sell_ever_less_of_what_they_receive(ledger: Ledger, cells: Cells) -> None:
    shares: dict[bool, list[float]] = {True: [], False: []}
    planted = carriers(ledger, *PlantKind)
    for identifier, rows in by(cells["sell_through"], "customer_id").items():
        customer = int(identifier[1:]) - 1
        troubled = int(ledger.customers.type[customer]) in {CustomerType.HARDSHIP, CustomerType.CHAIN_DEBT}
        turn = int(ledger.customers.turn_day[customer])
        late = [row for row in rows if not troubled or day_of(row["period_start"]) > turn]
        received = sum(int(row["received_qty"]) for row in late)
        if received and (troubled or identifier not in planted):
            shares[troubled].append(sum(int(row["sold_qty"]) for row in late) / received)
        if troubled:
            assert all(int(row["closing_qty"]) >= int(row["opening_qty"]) for row in late)
    assert len(shares[True]) >= 5
    assert max(shares[True]) < 0.7
    assert median(shares[False]) > 0.9


def test_only_those_planted_dump_prices_and_only_in_their_time(ledger: Ledger, cells: Cells) -> None:
    catalogue = ledger.sales.pricing.catalogue
    dumpers, found = carriers(ledger, PlantKind.PRICE_DUMPING), set()
    clearers = carriers(ledger, PlantKind.CLEARANCE)
    for row in cells["sell_through"]:
        if not row["retail_price"]:
            continue
        year, product = int(row["period_start"][:4]) - catalogue.first_year, int(row["product_id"][1:]) - 1
        floor, cost = (int(table[0, year, product]) for table in (catalogue.floor, catalogue.unit_cost))
        price, plant = int(Decimal(row["retail_price"]) * 10_000), dumpers.get(row["customer_id"])
        if plant and inside(plant, row):
            assert price < cost < floor
            found.add(row["customer_id"])
        elif row["customer_id"] not in clearers or not inside(clearers[row["customer_id"]], row):
            assert price > floor
    assert found == set(dumpers)


def test_clearance_sells_a_multiple_at_a_cut_price_until_nothing_is_left(ledger: Ledger, cells: Cells) -> None:
    reports = by(cells["sell_through"], "customer_id")
    for identifier, plant in carriers(ledger, PlantKind.CLEARANCE).items():
        window = [row for row in reports[identifier] if inside(plant, row)]
        before = [row for row in reports[identifier] if day_of(row["period_start"]) + 14 < plant.day]
        gone = by(window, "period_start")
        usual = sum(int(row["sold_qty"]) for row in before) / len({row["period_start"] for row in before})
        assert max(sum(int(row["sold_qty"]) for row in rows) for rows in gone.values()) > 3 * usual
        for row in window:
            assert int(row["closing_qty"]) <= 1 + (int(row["opening_qty"]) + int(row["received_qty"])) * 3 // 100
        for product, rows in by(window, "product_id").items():
            told = {
                row["retail_price"] for row in reports[identifier] if row["product_id"] == product and row not in window
            }
            prices = [Decimal(price) for price in told if price]
            for row in rows:
                if row["retail_price"] and prices:
                    assert Decimal(row["retail_price"]) < Decimal("0.75") * max(prices)


def test_goods_are_resold_elsewhere_only_where_that_is_planted(ledger: Ledger, cells: Cells) -> None:
    areas, planted = territories(ledger.spec.home), carriers(ledger, PlantKind.CROSS_REGION)
    found = set()
    for row in cells["sell_through"]:
        area = areas[int(ledger.customers.territory[int(row["customer_id"][1:]) - 1])]
        plant = planted.get(row["customer_id"])
        shows = plant is not None and inside(plant, row)
        assert (row["sold_region"] not in area.regions) == shows
        if shows:
            found.add(row["customer_id"])
    assert found == set(planted)


@pytest.mark.parametrize("days_before", [60, 400, 401])
def test_nothing_is_told_before_it_happens(ledger: Ledger, cells: Cells, days_before: int, tmp_path: Path) -> None:
    day = ledger.spec.as_of_day - days_before
    told, said = written(ledger, tmp_path, day), str(as_date(day))
    happened = {
        "sales_order": ("order_date",),
        "delivery": ("ship_date", "delivered_date"),
        "sell_through": ("period_end", "report_date"),
    }
    for name, columns in happened.items():
        assert all(row[column] <= said for row in told[name] for column in columns), name
    posted = {
        f"FV-{int(ledger.documents.serial[row]):07d}": int(ledger.documents.post_day[row])
        for row in ledger.sales.orders.row.tolist()
    }
    for name in ("delivery", "document_line"):
        assert all(posted[row["doc_id"]] <= day for row in told[name] if row["doc_id"])
    for row in told["delivery"]:
        assert bool(row["delivered_date"]) == bool(row["signed_by"])
        assert row["delivered_date"] or row["status"] in {"planned", "shipped", "cancelled"}
    given_up = {row["delivery_id"] for row in cells["delivery"] if row["status"] == "cancelled"}
    for row in told["delivery"]:
        if row["delivery_id"] in given_up and row["doc_id"] and posted[row["doc_id"]] > day - 20:
            assert row["status"] == "planned"
    # what is told later was told the same before, unless it waited for something to happen
    for name, key in (
        ("order_line", ("order_id", "line_no")),
        ("contract_price", ("contract_id", "product_id", "valid_from")),
    ):
        final = {tuple(row[column] for column in key): row for row in cells[name]}
        for row in told[name]:
            assert {**row, "cancelled": ""} == {**final[tuple(row[column] for column in key)], "cancelled": ""}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    bytes_of = []
    for number, seed in enumerate((3, 3, 4)):
        folder = tmp_path / str(number)
        folder.mkdir()
        written(world(customers=60, seed=seed, per=18), folder)
        bytes_of.append({name: (folder / f"{name}.csv").read_bytes() for name in TABLES})
    assert bytes_of[0] == bytes_of[1]
    assert all(bytes_of[0][name] != bytes_of[2][name] for name in TABLES if name != "product_season")


def test_every_stream_of_random_numbers_is_named_once() -> None:
    folder = Path(receivables.world.__file__).parent
    names = Counter(
        name
        for path in folder.rglob("*.py")
        for name in re.findall(r'stream\([^()]*?, "([^"]+)"\)', path.read_text(encoding="utf-8"))
    )
    own = [
        name
        for module in OWN_MODULES
        for name in re.findall(r'stream\([^()]*?, "([^"]+)"\)', (folder / f"{module}.py").read_text(encoding="utf-8"))
    ]
    assert len(own) >= 8
    assert [name for name in own if names[name] > 1] == []


def test_products_are_about_sixty_with_sound_margins(cells: Cells) -> None:
    assert len(cells["product"]) == len(PRODUCTS) == 60
    assert len({product.name for product in PRODUCTS}) == len(PRODUCTS)
    assert all(12 <= product.margin <= 35 for product in PRODUCTS)
    assert Counter(row["product_group"] for row in cells["product"]) == {group.name: 10 for group in PRODUCT_GROUPS}
    assert {row["currency"] for row in cells["product"]} == {CURRENCIES[0]}
