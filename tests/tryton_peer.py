"""Tryton's aged balance, in an environment of its own: the database it needs is made through its own models, the report read through them as a client reads it.

Each is a program for that environment; its first arguments are the server's process, the database's address and name. CPU seconds are those of the program and of all
processes of PostgreSQL together: nobody else asks that server for anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from peers import ENVIRONMENTS, environment
from postgres import USER
from tryton_ledger import COLUMNS, TERMS

if TYPE_CHECKING:
    from pathlib import Path

    from postgres import Server

PINNED: Final = (
    "trytond==8.2.1",
    "trytond-account==8.2.1",
    "trytond-company==8.2.0",
    "trytond-country==8.2.0",
    "trytond-currency==8.2.0",
    "trytond-party==8.2.0",
    "python-sql==1.8.1",
    "psycopg==3.3.9",
    "psycopg-binary==3.3.9",
    "psycopg-pool==3.3.3",
)

DATABASE: Final = "ledger"

_CLOCK: Final = """
import csv, json, os, resource, sys, time
from datetime import date
server, address, database, *given = sys.argv[1:]
os.environ["TRYTOND_DATABASE__URI"] = address
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    # of the server: what lives, to the nanosecond, and what its first process has buried (helpers of a query, connections), to a hundredth
    buried = sum(map(int, open(f"/proc/{server}/stat").read().rpartition(")")[2].split()[13:15])) / os.sysconf("SC_CLK_TCK")
    living = [server, *open(f"/proc/{server}/task/{server}/children").read().split()]
    return used.ru_utime + used.ru_stime, buried + sum(int(open(f"/proc/{each}/schedstat").read().split()[0]) for each in living) / 1e9
costs, loaded = {}, (0.0, cpu()[1], time.perf_counter())
def quiet():
    time.sleep(0.2)  # what helps with a query ends after its answer
    return cpu()
def spent():
    return *quiet(), time.perf_counter()
def tell(phase, begin):
    wall = time.perf_counter() - begin[2]
    own, other = quiet()
    costs[phase], costs[f"{phase}, server"] = (own - begin[0], wall), (other - begin[1], 0.0)
"""

_OPENED: Final = """
from trytond import config
from trytond.pool import Pool
from trytond.transaction import Transaction, TransactionError
pool = Pool(database)
get = pool.get
"""

PREPARE: Final = f"""{_CLOCK}{_OPENED}
from decimal import Decimal
from trytond import backend
backend.Database(database).init()
pool.init(update=["ir", "res", "account"], lang=["en"], activatedeps=True)
first, last = (date.fromisoformat(day) for day in given)
def make():
    def one(model, **values):
        return get(model).create([values])[0]
    user = one("res.user", login="clerk", name="Clerk")
    euro = one("currency.currency", name="Euro", code="EUR", numeric_code="978", symbol="EUR", rounding=Decimal("0.01"), digits=2)
    company = one("company.company", party=one("party.party", name="Company").id, currency=euro.id)
    group = get("ir.model.data").get_id("account", "group_account")
    get("res.user").write([user], {{"companies": [("add", [company.id])], "company": company.id, "groups": [("add", [group])]}})
    with Transaction().set_context(company=company.id):
        Chart = pool.get("account.create_chart", type="wizard")
        chart = Chart(Chart.create()[0])
        chart.account.account_template = get("account.account.template")(get("ir.model.data").get_id("account.account_template_root_en"))
        chart.account.company = company
        chart.transition_create_account()
        kind = get("ir.sequence.type").search([("name", "=", "Account Move")])[0]
        years = []
        for year in range(first.year, last.year + 1):
            sequence = one("ir.sequence.strict", name=str(year), sequence_type=kind.id, company=company.id)
            ends = {{"start_date": date(year, 1, 1), "end_date": date(year, 12, 31)}}
            years.append(one("account.fiscalyear", name=str(year), company=company.id, move_sequence=sequence.id, **ends))
        get("account.fiscalyear").create_period(years)
        def account(**asked):
            return get("account.account").search([("company", "=", company.id), *[(name.replace("_", "."), "=", value) for name, value in asked.items()]], limit=1)[0].id
        def journal(kind):
            return get("account.journal").search([("type", "=", kind)], limit=1)[0].id
        return {{
            "user": user.id, "company": company.id, "party": max(party.id for party in get("party.party").search([])),
            "receivable": account(type_receivable=True), "revenue": account(type_revenue=True), "bank": account(code="1.1.1"), "discount": account(type_expense=True),
            "sales": journal("revenue"), "cash": journal("cash"),
            "periods": [[period.id, period.start_date.isoformat(), period.end_date.isoformat()] for period in get("account.period").search([])],
        }}
locks = {{}}
while True:
    with Transaction().start(database, 0, **locks) as transaction:
        try:
            made = make()
        except TransactionError as error:
            transaction.rollback()
            error.fix(locks)
            continue
    break
print(json.dumps(made))
"""
"""Make the database: modules, a user, a company in euro with Tryton's chart of accounts, a fiscal year per year of the ledger. Told: the first and last day. Tells the ids."""

REPORT: Final = f"""{_CLOCK}{_OPENED}
out, bare, day, user = given
pool.init()
with Transaction().start(database, int(user), readonly=True):
    context = get("res.user").get_preferences(context_only=True) | {{
        "date": date.fromisoformat(day), "type": "customer", "unit": "day", "posted": False,
        "term1": {TERMS[0]}, "term2": {TERMS[1]}, "term3": {TERMS[2]}, "_check_access": True,
    }}
tell("start", loaded)
begin = spent()
with Transaction().start(database, int(user), readonly=True, context=context):
    Balance = get("account.aged_balance")
    found = Balance.read([record.id for record in Balance.search([])], ["party.rec_name", *{COLUMNS!r}])
tell("report", begin)
names = [row["id"] for row in found]
begin = spent()
with Transaction().start(database, int(user), readonly=True, context=context):
    get("account.aged_balance", type="report").execute(names, {{"model": "account.aged_balance"}})
tell("print", begin)
from psycopg import ClientCursor
with Transaction().start(database, int(user), readonly=True, context=context) as transaction:
    with open(bare, "w") as file:
        file.write(ClientCursor(transaction.connection).mogrify(*Balance.table_query()))
    codes = {{party.id: party.code for party in get("party.party").browse(names)}}
with open(out, "w", newline="") as file:
    rows = csv.writer(file, lineterminator="\\n")
    rows.writerow(["customer_id", *{COLUMNS!r}])
    rows.writerows(sorted([codes[row["id"]], *(row[name] for name in {COLUMNS!r})] for row in found))
print(json.dumps(costs))
"""
"""The report by a user with the rights of an accountant: searched and read as a client does, then printed to its document. Told: where rows and its bare SQL go, the day, the user."""

BARE: Final = f"""{_CLOCK}
import psycopg
out, bare = given
query = open(bare).read()
with psycopg.connect(f"{{address}}/{{database}}") as connection:
    tell("start", loaded)
    begin = spent()
    cursor = connection.execute(query)
    found = cursor.fetchall()
    tell("query", begin)
    names = [column.name for column in cursor.description]
    codes = dict(connection.execute("select id, code from party_party"))
with open(out, "w", newline="") as file:
    rows = csv.writer(file, lineterminator="\\n")
    rows.writerow(["customer_id", *{COLUMNS!r}])
    rows.writerows(sorted([codes[row[names.index("party")]], *(row[names.index(name)] for name in {COLUMNS!r})] for row in found))
print(json.dumps(costs))
"""
"""The query behind the report and nothing else, through the same driver. Told: where rows go, the query that the report wrote."""


def command(program: str, server: Server, *given: object, environments: Path = ENVIRONMENTS) -> list[str]:
    """The command that runs one of the programs; the environment is made if need be."""
    python = environment("tryton", PINNED, environments)
    address = f"postgresql://{USER}@{quote(str(server.folder), safe='')}"
    return [str(python), "-c", program, str(server.process), address, DATABASE, *map(str, given)]
