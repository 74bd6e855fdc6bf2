"""A customer's page: what it says, that it adds up, and that nothing a customer is called can break it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from customer_records import KEY, RUN, Row, file_of, reader, tables
from night_frames import HOSTILE_NAMES
from receivables import customer_wording
from receivables.chapters.customer_file import Field, customer_files
from receivables.charts import HEIGHT, WIDTH, spark
from receivables.customer_pages import listed, page_name, render_customer, render_index
from receivables.errors import UsageError
from receivables.language import language_in, plain
from receivables.policy.customer_type import FACTS, INTENTS
from receivables.schema import TABLES
from receivables.settings import LANGUAGES, TYPES

EN = language_in("en")


class Text(HTMLParser):
    """A page's text in lines, and its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.lines = [""]
        self._is_unread = False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._is_unread = tag in {"style", "script", "template"}
        if tag in {"p", "h1", "h2", "h3", "li", "tr", "dt", "caption", "figure"}:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self._is_unread &= tag not in {"style", "script", "template"}
        if tag in {"td", "th"}:
            self.lines[-1] += "|"

    def handle_data(self, data: str) -> None:
        if not self._is_unread:
            self.lines[-1] += data

    @property
    def told(self) -> list[str]:
        lines = (re.sub(r" ?\| ?", "|", " ".join(line.split())) for line in self.lines)
        return [line for line in lines if line]


def page(name: str = "Ultramarinos Peña", language: str = "en") -> str:
    return render_customer(file_of(tables(name)), RUN, language)


def test_what_is_open_adds_up_to_the_balance_and_the_chance_to_what_may_come() -> None:
    file = file_of(tables())
    assert file.of_all == file.who.balance == Decimal(900)
    assert file.position is not None
    assert [*map(int, (file.position.open, file.position.expected, file.position.at_most))] == [1000, 620, 720]
    few = file_of(tables(), listed=1)
    assert [len(few.items), few.others, int(few.rest), int(few.of_all)] == [1, 2, 200, 900]
    assert few.position == file.position, "what is not listed counts"
    lines = Text(render_customer(few, RUN, "en")).told
    assert any(line.startswith("2 other items|") and "|200.00|" in line for line in lines)
    assert any(line.startswith("Balance|") and "900.00" in line for line in lines)


def test_the_page_tells_every_part_of_the_file() -> None:
    lines = Text(page()).told
    for said in (
        "Ultramarinos Peña",
        "Score 41.3 of 100; facts are told for 75.0% of the points of the card. At the review before: C. Set by hand to E by Ana Gil until 31 Aug 2026: “asked by Ultramarinos Peña”. Confirmed by Luis Rey on 1 Jun 2026.",
        "Recommended limitEUR 300.00 by what it needs in force: EUR 900.00",
        "Days of credit15 agreed: 60",
        "SupplyBest-selling lines held",
        "Next review30 Sept 2026",
        "Much debt more than 90 days overdue: since 31 May 2026",
        "It pays later than agreed (−11.1 of 20)",
        "F-1|Invoice|5 Jan 2026|1 Feb 2026|1 Feb 2026|149|700.00|50.00|50.0%|",
        "R-1|Receipt|5 Jan 2026|–|–|–|-100.00|–|–|",
        "30 Jun 2026|48.5|9.0|50.0%|25.0%|1,000.00|700.00|125.0%|",
        "31 Mar 2026|–|9.0|50.0%|25.0%|1,000.00|700.00|125.0%|",
        "The kind cannot be told; likeliest is “In hardship”, with a chance of 40.0%. Cannot pay, with a chance of 70.0%.",
        "40.0% of its instalments more than 30 days late",
        "bought nothing for a quarter and owes what is more than 90 days late",
        "31 May 2026|30 Jun 2026|E|score 50.0 of 100, a hard event leaves E at best|",
        "31 Mar 2026|30 Apr 2026|C|score 50.0 of 100|",
        "First delivered on credit on 1 Mar 2021: since then the statements of account serve. 50.0% of its fields are told. 1 of them is stale.",
        "Basic information: 60.0% told|",
        "Annual turnover|EUR 250,000.00|register|30 Jun 2026|0 months|",
        "Founded|1 Feb 2004|–|30 Jun 2026|0 months|",
        "Line of business|Ultramarinos Peña|Ultramarinos Peña|1 Jan 2024|29 months, stale|",
        "Ownership|–|–|–|–|",
        "Debt to assets|55.0%|–|–|–|",
        "Lawsuits: amount|EUR 310.50|–|–|–|",
    ):
        assert said in lines, "\n".join(lines)
    assert "broken_plan" not in page(), "an event that no longer caps the grade is none of the rating's"


def test_fields_come_in_the_order_of_a_file_and_amounts_after_what_they_are_of() -> None:
    file = file_of(tables()).integrity
    assert file is not None
    names = [told.name for told in file.fields]
    assert names.index("founded_date") < names.index("business_scope") < names.index("ownership")
    assert names.index("lawsuit") + 1 == names.index("lawsuit_amount")


def test_who_is_known_by_open_items_alone_has_a_page() -> None:
    nothing: dict[str, list[Row]] = {name: [] for name in set(tables()) - {"core.company", "marts.rating_attribute"}}
    file = file_of(tables() | nothing)
    lines = Text(render_customer(file, RUN, "en")).told
    assert "Not rated: neither invoices nor an integrity file of it are told." in lines
    assert "Nothing is open." in lines
    assert (file.standing, file.payer, file.integrity, file.courses, file.position) == (None, None, None, (), None)


def test_what_is_assessed_individually_has_no_chance_of_the_curve() -> None:
    file = file_of(tables())
    who = replace(file.who, assessed="insolvency", assessed_since=date(2026, 2, 1))
    lines = Text(render_customer(replace(file, who=who), RUN, "en")).told
    assert (
        "Insolvency on 1 Feb 2026: what it owes is assessed individually, and the collection curve says nothing of it."
        in lines
    )
    assert not any("collection curve EUR" in line for line in lines)


def test_files_are_made_in_one_passing_of_customers_and_tables_that_miss_some() -> None:
    told = tables()
    (head,) = told["core.company"]
    others = [(KEY[0], f"ES01:C{number}", f"name {number}", *head[3:]) for number in (0, 2, 3)]
    heads = sorted([head, *others])
    items = [(row[0], key, *row[2:]) for key in ("ES01:A", "ES01:C1", "ES01:C3") for row in told["marts.open_item"]]
    files = list(customer_files(reader(told | {"core.company": heads, "marts.open_item": items}), 50))
    assert [(file.who.customer_id, len(file.items), file.standing is None) for file in files] == [
        ("ES01:C0", 0, True),
        ("ES01:C1", 3, False),
        ("ES01:C2", 0, True),
        ("ES01:C3", 3, True),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(set(HOSTILE_NAMES)), ids=lambda name: ascii(name)[:30])
def test_no_name_is_more_than_letters(language: str, name: str) -> None:
    html = page(name, language)
    document = Text(html)
    tags = {tag for tag, _ in document.elements}
    assert not tags & {"img", "iframe", "object"}
    assert [tag for tag, _ in document.elements].count("script") == 1
    assert not any(attribute.startswith("on") for _, attributes in document.elements for attribute in attributes)
    assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]", html)
    links = {attributes["href"] for tag, attributes in document.elements if tag == "a"}
    assert {link for link in links if not (link or "").startswith("#")} == {
        "index.html",
        f"../../receivables-{language}.html",
    }
    assert plain(name)[:20] in " ".join(document.told)
    assert len(html) < 60_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_loaded_and_only_our_style_stands(language: str) -> None:
    html = page(language=language)
    (sheet,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    (policy,) = [a["content"] or "" for tag, a in Text(html).elements if tag == "meta" and "http-equiv" in a]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    (program,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'sha256-{base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()}'"
    assert rules["style-src"] == f"'sha256-{digest}'"
    assert "url(" not in sheet
    assert "style=" not in html
    assert not re.search(r"\s(?:src|srcset|data|action)=", html)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_says_its_language_and_has_landmarks(language: str) -> None:
    document = Text(page(language=language))
    tags = [tag for tag, _ in document.elements]
    assert all(tags.count(tag) == 1 for tag in ("header", "nav", "main", "footer", "h1"))
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in attributes for tag, attributes in document.elements if tag == "th")
    ids = [attributes["id"] for _, attributes in document.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] or "" for tag, attributes in document.elements if tag == "a"]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    pictures = [attributes for tag, attributes in document.elements if tag == "svg"]
    assert len(pictures) == 7
    assert all(attributes["aria-label"] for attributes in pictures)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_a_customer_has_words(language: str) -> None:
    words = language_in(language)
    kinds = {*(TABLES["document"].columns["kind"].choices or ()), *(TABLES["payment"].columns["kind"].choices or ())}
    assert set(customer_wording.KINDS) == kinds
    assert set(customer_wording.TYPES) == {*TYPES, "unknown"}
    assert set(customer_wording.INTENTS) == {*INTENTS, "unknown"}
    said = [customer_wording.evidence_text((fact, Decimal(1)), words) for fact in FACTS]
    assert len(set(said)) == len(FACTS)
    records = TABLES["integrity_record"].columns["event_kind"].choices or ()
    told = [customer_wording.field_name(name, words) for name in (*records, *(f"{name}_amount" for name in records))]
    assert len(set(told)) == len(told)
    assert not [text for text in (*said, *told) if "_" in text]


def test_a_value_is_written_by_what_it_is() -> None:
    def said(name: str, value: str | None, currency: str | None = None) -> str:
        told = Field("basic", name, value, currency, None, None, None, is_stale=False)
        return customer_wording.field_value(told, language_in("es")).replace("\u00a0", " ")

    assert said("fixed_assets", "1234.50", "EUR") == "1.234,50 EUR"
    assert said("return_on_operating_assets", "-0.003") == "-0,3 %"
    assert said("current_ratio", "2.39") == "2,39"
    assert said("employees", "1200") == "1.200"
    assert said("founded_date", "2004-02-01") == "1 feb 2004"
    assert said("ownership", "two\nbrothers") == "two brothers"
    assert said("employees", None) == "–"


def test_a_line_starts_at_zero_and_has_gaps_where_nothing_is_told() -> None:
    drawn = spark([Decimal(0), None, Decimal(50), Decimal(100)], 100)
    assert len(drawn.parts) == 2
    assert drawn.end == (WIDTH - 4, 4)
    assert drawn.zero == HEIGHT - 4
    assert spark([Decimal("0.5"), Decimal("0.5")], 1).end == (WIDTH - 4, HEIGHT / 2), (
        "half of a whole share is half way up"
    )
    below = spark([Decimal(-10), Decimal(10)])
    assert below.zero == HEIGHT / 2
    assert spark([Decimal(1), None]).end is None


def test_a_file_is_named_by_a_hash_whatever_the_id_holds() -> None:
    names = {
        page_name(*key) for key in (("ES01", "../../etc/passwd"), ("ES01", "a/b\0c"), ("ES0", "1a"), ("ES01", "a"))
    }
    assert len(names) == 4
    assert all(re.fullmatch(r"[0-9a-f]{20}\.html", name) for name in names)
    assert page_name(*KEY) == page_name(*KEY)


def test_the_list_leads_to_every_page_who_owes_most_first() -> None:
    line = listed(file_of(tables(HOSTILE_NAMES[2])))
    lines = [replace(line, balance=Decimal(amount), page=f"{amount}.html") for amount in (5, 70, 600)]
    document = Text(render_index(lines, RUN, "en"))
    links = [attributes["href"] for tag, attributes in document.elements if tag == "a"]
    assert [link for link in links if link and link[0].isdigit()] == ["600.html", "70.html", "5.html"]


def test_a_language_nobody_has_is_refused() -> None:
    with pytest.raises(UsageError, match="one of en, es, zh"):
        render_customer(file_of(tables()), RUN, "fr")
