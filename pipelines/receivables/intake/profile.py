"""What a profile says: how one ERP's export is written, as data that one engine reads."""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from receivables.assets import profiles_dir
from receivables.errors import SettingsError, nearest
from receivables.intake.expression import fault_of
from receivables.intake.questions import settled
from receivables.schema import TABLES
from receivables.settings import parse_toml, validated

if TYPE_CHECKING:
    from pathlib import Path

RoleType = Literal["text", "key", "currency", "date", "money", "decimal", "bool", "int"]
Shape = Literal["table", "rows", "invoices", "entries", "orders"]

_TEXTS: Final = ("customer_name", "city", "customer_group", "tax_id", "doc_type", "class", "status", "state", "flag", "special", "side",
                 "assignment", "customer_ref", "salesperson", "ship_region", "method", "text", "modified")  # fmt: skip
_KEYS: Final = ("company", "customer", "branch", "doc_no", "series", "entry_id", "doc_id", "line", "other_id", "other_type", "other_line",
                "clearing_no", "invoice_ref", "receipt_id", "reversed_id", "match_no", "order_no", "bank_ref", "instrument_no", "terms")  # fmt: skip
_DATES: Final = (
    "doc_date",
    "posting_date",
    "due_date",
    "baseline_date",
    "clearing_date",
    "settled_date",
    "cancelled_date",
    "instrument_due",
)
_MONEY: Final = ("amount", "amount_local", "amount_from", "debit", "credit", "debit_local", "credit_local", "open", "open_local", "paid",
                 "paid_local", "discount", "discount_local", "tax_local")  # fmt: skip
_INTS: Final = ("seq", "fiscal_year", "days1", "days2", "days3", "dunning_level")


def _roles(**kinds: tuple[RoleType, tuple[str, ...]]) -> dict[str, RoleType]:
    return {name: kind for kind, names in kinds.values() for name in names}


ROLES: Final[dict[str, dict[str, RoleType]]] = {
    "invoices": {
        "company": "key",
        "customer": "key",
        "customer_name": "text",
        "city": "text",
        "doc_no": "key",
        "doc_type": "text",
        "doc_date": "date",
        "posting_date": "date",
        "due_date": "date",
        "baseline_date": "date",
        "settled_date": "date",
        "currency": "currency",
        "local_currency": "currency",
        "amount": "money",
        "amount_local": "money",
        "is_open": "bool",
        "terms": "key",
        "text": "text",
        "modified": "text",
    },
    "entries": _roles(
        texts=("text", _TEXTS),
        keys=("key", _KEYS),
        dates=("date", _DATES),
        money=("money", _MONEY),
        ints=("int", _INTS),
        currencies=("currency", ("currency", "local_currency")),
        rates=("decimal", ("fx_rate",)),
        marks=("bool", ("is_open", "dispute", "dunning_block")),
    ),
    "orders": {
        "company": "key",
        "customer": "key",
        "customer_name": "text",
        "order_no": "key",
        "line": "key",
        "order_date": "date",
        "requested_date": "date",
        "product": "key",
        "product_name": "text",
        "product_group": "text",
        "qty": "decimal",
        "uom": "text",
        "unit_price": "decimal",
        "currency": "currency",
        "local_currency": "currency",
        "country": "text",
        "ship_region": "text",
        "status": "text",
        "cancels": "text",
    },
    "table": {},
    "rows": {},
}
"""The roles a shape knows, with their types: what a column of the export can mean."""

DERIVED_KEYS: Final = ("entry_key", "doc_key", "to_key", "from_key", "group_key", "allocation_key", "applies_to", "ref_key", "match_key",
                       "reverses_key", "reversed_by_key")  # fmt: skip
"""Keys of entries that a profile puts together from roles, beside `customer` and `clearing_no`, which it may."""


_BEYOND_RE2: Final = re.compile(r"\(\?(?:[=!>(]|<[=!]|P=)|\\[1-9]")


def _readable(expression: str) -> str:
    """Python compiles it, the engine's RE2 runs it, which knows neither look-around nor back-references."""
    try:
        re.compile(expression)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"a regular expression; this one cannot be read: {error}") from None
    if beyond := _BEYOND_RE2.search(expression):
        raise ValueError(f"a regular expression without {beyond[0]}, which cannot be read by the engine")
    if fault := fault_of(expression):
        raise ValueError(f"a regular expression that the engine can run; this one cannot be read: {fault}")
    return expression


def _with_bracket(expression: str) -> str:
    if not re.compile(expression).groups:
        raise ValueError("a regular expression with a bracket around the value")
    return expression


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError("an encoding Python knows, such as utf-8, cp1252, gb18030") from None
    return name


def _known_format(fmt: str) -> str:
    if fmt not in ("%epoch_s", "%epoch_ms") and not re.fullmatch(r"(%[dmYybBjHMSf]|[^%])+", fmt):
        raise ValueError("a date format of %d, %m, %Y, %y, %b, %B, %j, %H, %M, %S, %f and separators")
    return fmt


Expression = Annotated[str, AfterValidator(_readable)]
Bracket = Annotated[Expression, AfterValidator(_with_bracket)]
Encoding = Annotated[str, AfterValidator(_known_encoding)]
DateFormat = Annotated[str, AfterValidator(_known_format)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Locale(_Part):
    """One way numbers are written; `thousands` are all the characters that may group digits."""

    decimal: str = Field(min_length=1, max_length=1)
    thousands: str = ""

    @model_validator(mode="after")
    def _distinct(self) -> Locale:
        if self.decimal in self.thousands or re.search(r"[0-9()+-]", self.decimal + self.thousands):
            raise ValueError("a decimal sign that is no thousands sign, and neither of them a digit, bracket or sign")
        return self


class Role(_Part):
    """One column the export may have: the labels it goes by, whether the file is refused without it, and how its text is cleaned."""

    aliases: tuple[str, ...] = ()
    required: bool = False
    nulls: tuple[str, ...] = Field(default=(), description="texts that stand for nothing in this column only")
    null_when: dict[str, tuple[str, ...]] = Field(
        default={}, description="role -> values with which this column says nothing"
    )
    zero_is_null: bool = Field(default=False, description="an amount of zero stands for none")
    strip_decimal: bool = Field(default=False, description="an id that a spreadsheet turned into a number: 17850.0")
    take: Bracket | None = Field(default=None, description="expression whose first bracket is the value")
    drop: str = Field(default="", description="characters that are no part of the value")
    join: tuple[tuple[str, ...], ...] = Field(
        default=(), description="labels of several columns that make the value together, joined with a hyphen"
    )
    first_of: tuple[tuple[str, ...], ...] = Field(
        default=(),
        description="labels of several columns, of which the first that is neither blank nor zero is the value",
    )
    complement: int | None = Field(default=None, description="the value is this number less the one in the file")
    indirect: bool = Field(
        default=False, description="a negative rate, or one after a slash, is the price the other way round"
    )
    times: tuple[str, ...] = Field(default=(), description="labels of a column that a rate is multiplied by")
    over: tuple[str, ...] = Field(default=(), description="labels of a column that a rate is divided by")
    sum_matching: Expression | None = Field(
        default=None, description="the value is the sum of all columns whose label fits"
    )


class Assumed(_Part):
    """What the export does not say and the profile states; printed in the report as assumed."""

    company: str | None = None
    customer: str | None = Field(default=None, description="account for rows without one, such as walk-in customers")
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    local_currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    doc_type: str | None = None
    doc_date_from: Literal["due_date", "posting_date", "baseline_date", "settled_date", "extract", "first"] | None = (
        Field(default=None, description="another role, the day of the extract, or the first day of the file")
    )
    doc_date_days: int = Field(default=0, description="calendar days added to doc_date_from")


Conditions = dict[str, tuple[str, ...]]
"""Role -> the values, in any case, one of which it must have; an empty text stands for a blank cell, {role} for the value of another role."""


class Kind(_Part):
    """What a type code means, tried in the order written: `type`, `special`, `text` and `when` narrow, `sign` is of the amount."""

    kind: str
    type: str | None = None
    special: str | None = None
    sign: Literal["+", "-"] | None = None
    text: Expression | None = Field(default=None, description="regular expression on the entry's text")
    when: Conditions = {}
    negate: bool = Field(
        default=False, description="amounts of this kind are told without their sign: they are credits, negative"
    )
    applies: bool = Field(default=True, description="whether a reference of this kind settles what it refers to")
    allocation_kind: str | None = Field(
        default=None, description="of kind allocation: what happened, where not a payment"
    )

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        known = (
            *DOCUMENT_KINDS,
            *PAYMENT_KINDS,
            *ORDER_KINDS,
            "write_off",
            "by_sign",
            "allocation",
            "allocation_reversal",
            "out_of_scope",
        )
        if kind not in known:
            raise ValueError(f"one of the ledger's kinds; nearest: {nearest(kind, known)}")
        return kind


class State(_Part):
    """Which rows are drafts, cancelled or reversed, tried in the order written."""

    state: Literal["draft", "posted", "cancelled", "reversed"]
    when: Conditions = {}


class Sides(_Part):
    """Values of the role `side` that say which way an unsigned amount goes; debit raises what is owed."""

    debit: tuple[str, ...] = ()
    credit: tuple[str, ...] = ()


DOCUMENT_KINDS: Final = (
    "invoice", "debit_note", "credit_note", "finance_charge", "chargeback", "bill_of_exchange", "opening_balance", "refund",
    "adjustment", "fx_revaluation", "other",
)  # fmt: skip
PAYMENT_KINDS: Final = ("receipt", "prepayment", "bill_received", "direct_debit", "card", "netting")
ORDER_KINDS: Final = ("sale", "cancellation")


class Rows(_Part):
    """Regular expressions on a whole line that tell rows without amounts apart; the first that fits names the row."""

    rule: Expression | None = Field(default=None, description="drawn lines")
    title: tuple[Expression, ...] = Field(default=(), description="titles, page heads, filters")
    total: tuple[Expression, ...] = Field(default=(), description="subtotals and totals")
    trailer: tuple[Expression, ...] = Field(
        default=(), description="lines after the rows: print time, page foot, basis"
    )
    fill_down: tuple[str, ...] = Field(
        default=(), description="roles whose blank cells take the value of the row above"
    )
    child_of: str | None = Field(
        default=None,
        description="a row without this role goes on telling of the record above and takes its blank roles from it",
    )
    grand_total: Expression | None = Field(
        default=None, description="the one total of the whole file, held against what was read"
    )
    total_warns: bool = Field(
        default=False, description="a total that differs from the rows is a finding, not a refusal"
    )
    group: dict[str, Bracket] = Field(
        default={}, description="role -> expression whose first bracket is its value for the rows below"
    )
    group_start: str | None = Field(
        default=None,
        description="the role a block is about; what its head says of others, save the company, holds for it alone",
    )


class Profile(_Part):
    """One export dialect."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    version: str
    system: str
    title: str
    status: Literal["verified", "unverified"]
    based_on: str
    shape: Shape
    table: str | None = Field(default=None, description="shape rows: the canonical table its rows belong to")
    mode: Literal["full", "open_items", "delta", "report"] = "delta"
    history: Literal["always", "cleared_rows"] = Field(
        default="always", description="cleared_rows: a file without a single settled row is a list of open items only"
    )
    level: Literal["line", "document"] = Field(
        default="line", description="shape entries: document is a header, which completes lines"
    )
    rank: int = Field(
        default=1,
        ge=1,
        description="shape entries: counted only where the system tells no entries of a lower rank, or older ones, and it tells all debts;"
        " a use, where none of a lower rank names its source",
    )
    file_name: Expression | None = Field(
        default=None, description="decides between profiles whose columns fit a header equally well"
    )
    as_of_from: tuple[str, ...] = ("argument", "file_name")
    as_of_title: tuple[Bracket, ...] = Field(
        default=(),
        description="expressions on a title line whose first bracket is the date, the one that counts most first",
    )
    company_title: Bracket | None = Field(
        default=None, description="expression on a title line whose first bracket is the company, where rows name none"
    )
    encodings: tuple[Encoding, ...] = Field(default=("utf-8",), min_length=1)
    containers: tuple[
        Literal["delimited", "pipe_list", "fixed_width", "workbook", "parquet", "dbf", "html", "xml2003"], ...
    ] = (
        "delimited",
        "workbook",
        "html",
        "xml2003",
        "parquet",
        "dbf",
    )
    delimiters: tuple[Annotated[str, Field(min_length=1, max_length=1)], ...] = (",", ";", "\t")
    columns_at: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(),
        description="container fixed_width: the character (from 1) each column begins at; the last one goes to the end of the line",
    )
    header: tuple[str, ...] = Field(
        default=(),
        description="the labels of a file that has none, in order; such a file is known by its name (file_name), or by being asked for",
    )
    locales: tuple[Locale, ...] = Field(default=(Locale(decimal="."),), min_length=1)
    date_formats: tuple[DateFormat, ...] = Field(default=("%Y-%m-%d",), min_length=1)
    null_tokens: tuple[str, ...] = ()
    key: tuple[str, ...] = Field(default=(), description="roles that name a row; none: content and occurrence")
    columns: dict[str, Role] = {}
    also: dict[str, dict[str, Role]] = Field(
        default={},
        description="shape rows: another canonical table -> its columns; a row told of the first one tells a row of it too, where it has what it needs",
    )
    keys: dict[str, tuple[str, ...]] = Field(
        default={}, description="key -> templates over roles such as {doc_no}/{seq}; the first whose roles are all told"
    )
    ignored_columns: tuple[str, ...] = Field(default=(), description="labels known and deliberately not read")
    rows: Rows = Rows()
    kinds: tuple[Kind, ...] = ()
    states: tuple[State, ...] = ()
    sides: Sides = Sides()
    currencies: dict[str, str] = Field(
        default={}, description="text of a currency column -> ISO code; an empty code is the ledger currency"
    )
    values: dict[str, dict[str, str]] = Field(
        default={},
        description="role or column -> text in the file, in any case -> the text read instead; * is any other text, an empty key a blank cell",
    )
    only: dict[str, tuple[str, ...]] = Field(
        default={},
        description="shape rows: label -> values of rows in scope; an empty text is a blank cell, 43* is how it begins",
    )
    completes: bool = Field(
        default=False,
        description="shape rows: rows may leave out what the table needs: other files of the system tell it",
    )
    fixed: dict[str, str] = Field(
        default={}, description="shape rows: column -> value of every row; {file} and {extract} are known"
    )
    due_rule: Literal["terms_days"] | None = Field(
        default=None,
        description="terms_days: baseline plus the first non-zero of days3, days2, days1 where no due date is told",
    )
    fx_rate_per: int = Field(default=1, ge=1, description="units of document currency that fx_rate is the price of")
    unit: Bracket | None = Field(
        default=None, description="expression on a title whose first bracket names the unit of amounts"
    )
    raw_decimals: bool = Field(
        default=False, description="amounts are stored with two decimals whatever the currency has (SAP tables)"
    )
    assume: Assumed = Assumed()
    reversal_text: Bracket | None = Field(
        default=None, description="expression on the text whose first bracket is the reversed number"
    )
    pad_keys: dict[str, int] = Field(default={}, description="role -> digits a numeric key is padded to")
    local_currency_from: Literal["column", "settings", "single_currency", "equal_amounts"] = "settings"

    @field_validator("keys", mode="before")
    @classmethod
    def _one_or_several(cls, keys: Any) -> Any:
        return (
            {name: (told,) if isinstance(told, str) else told for name, told in keys.items()}
            if isinstance(keys, dict)
            else keys
        )

    @model_validator(mode="after")
    def _readable_layout(self) -> Profile:
        if bool(self.columns_at) != ("fixed_width" in self.containers):
            raise ValueError("columns_at with the container fixed_width, and neither without the other")
        if any(b <= a for a, b in pairwise(self.columns_at)):
            raise ValueError("columns_at in rising order")
        if self.header and self.columns_at and len(self.header) != len(self.columns_at):
            raise ValueError(f"as many labels in header as columns_at has places, {len(self.columns_at)}")
        return self

    @model_validator(mode="after")
    def _consistent(self) -> Profile:
        if self.shape == "rows":
            return self._of_a_table()
        roles = ROLES[self.shape]
        templates = [role for told in self.keys.values() for template in told for role in placeholders(template)]
        whens = (*(k.when for k in self.kinds), *(s.when for s in self.states))
        conditions = [role for when in whens for role in when]
        conditions += [role for when in whens for values in when.values() for v in values for role in placeholders(v)]
        nulls = [role for column in self.columns.values() for role in column.null_when]
        named = (
            *self.columns,
            *self.rows.group,
            *self.key,
            *self.rows.fill_down,
            *self.values,
            *templates,
            *conditions,
            *nulls,
        )
        for role in named:
            if self.shape != "table" and role not in roles:
                raise ValueError(f"role {role!r} is not known to shape {self.shape}; nearest: {nearest(role, roles)}")
        for name in self.keys:
            if name not in (*DERIVED_KEYS, "customer", "clearing_no", "doc_no"):
                raise ValueError(f"key {name!r} is not known; nearest: {nearest(name, DERIVED_KEYS)}")
        for role in self.rows.group:
            if roles.get(role) not in ("text", "key", "currency"):
                raise ValueError(f"role {role!r} stands in the rows, not in a group's head")
        return self

    @cached_property
    def labels(self) -> frozenset[str]:
        """Every label a column may go by, folded: a line with none of them is no header of this profile."""
        names = [
            label
            for role in self.columns.values()
            for part in (role.aliases, *role.join, *role.first_of)
            for label in part
        ]
        return frozenset(fold(label) for label in names)

    def _of_a_table(self) -> Profile:
        if self.table == NOWHERE:
            return self
        named = {str(self.table): (*self.columns, *self.values, *self.fixed), **self.also}
        for table, columns in named.items():
            if table not in TABLES:
                raise ValueError(f"table {table!r} is not in the dictionary; nearest: {nearest(table, TABLES)}")
            known = ("company_id", *TABLES[table].columns)
            for column in columns:
                if column not in known:
                    raise ValueError(f"table {table} has no column {column!r}; nearest: {nearest(column, known)}")
        return self

    def of_another(self) -> dict[str, Profile]:
        """The same file read into each of the other tables that its rows tell of as well."""
        return {
            table: self.model_copy(update={"table": table, **_OF_ANOTHER, "columns": columns})
            for table, columns in self.also.items()
        }


_OF_ANOTHER: Final[dict[str, Any]] = {"also": {}, "values": {}, "fixed": {}, "completes": True}

NOWHERE: Final = "none"
"""The table of rows that belong to no canonical table: known, counted, and out of scope."""


def placeholders(template: str) -> list[str]:
    """The roles a key's template is made of, in order."""
    return re.findall(r"[{](\w+)[}]", template)


@lru_cache(maxsize=1 << 14)  # the same aliases are compared with every line of every file
def fold(label: str) -> str:
    """A header label without case, accents, width, spaces or punctuation, so that equal labels compare equal."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", label).casefold())
    return "".join(ch for ch in decomposed if ch.isalnum())


def read_profiles(path: Path) -> tuple[Profile, ...]:
    """Read a profile file: one profile, or one for each `[part.<name>]`, which goes by `<id>_<name>` and overrides what stands above it.

    A file that says `extends = "<id>"` starts from that shipped file; `[labels]` says of one label after another which role it names.

    Raises:
        SettingsError: no TOML, questions of a draft left open, an unknown key, or a value out of range.
    """
    raw = _extended(settled(parse_toml(path), path), path)
    parts = raw.pop("part", None)
    if not parts:
        return (validated(Profile, raw, str(path)),)
    return tuple(
        validated(Profile, _merged({**raw, "id": f"{raw.get('id')}_{name}"}, part), f"{path} [part.{name}]")
        for name, part in parts.items()
    )


def _extended(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    base_id = raw.pop("extends", None)
    if base_id is None:
        return raw
    base_path = profiles_dir() / f"{base_id}.toml"
    if base_id not in {path.stem for path in profiles_dir().glob("*.toml")}:  # a name, never a way to another file
        guess = nearest(str(base_id), (p.stem for p in profiles_dir().glob("*.toml")))
        raise SettingsError(got=f"extends = {base_id!r} in {path}", expected="a shipped profile", try_=guess)
    return _merged(parse_toml(base_path), raw)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for name, value in over.items():
        inner = both.get(name)
        both[name] = _merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return both


@cache
def shipped() -> tuple[Profile, ...]:
    """The profiles that come with the package, by file and part."""
    return tuple(profile for path in sorted(profiles_dir().glob("*.toml")) for profile in read_profiles(path))


def available(home_profiles: Path | None) -> tuple[Profile, ...]:
    """The user's own profiles first, then the shipped ones.

    Raises:
        SettingsError: one of the user's profiles cannot be read.
    """
    paths = [] if home_profiles is None else sorted(home_profiles.glob("*.toml"))
    own = [profile for path in paths for profile in read_profiles(path)]
    taken = {profile.id for profile in own}
    return (*own, *(profile for profile in shipped() if profile.id not in taken))
