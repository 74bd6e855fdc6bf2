"""What a profile says: how one ERP's export is written, as data that one engine reads."""

from __future__ import annotations

import codecs
import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from receivables.assets import profiles_dir
from receivables.errors import SettingsError, nearest
from receivables.settings import parse_toml, validated

if TYPE_CHECKING:
    from pathlib import Path

RoleType = Literal["text", "key", "currency", "date", "money", "bool", "int"]
Shape = Literal["table", "invoices", "entries"]

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
    },
    "entries": {
        "company": "key",
        "customer": "key",
        "customer_name": "text",
        "city": "text",
        "doc_no": "key",
        "doc_type": "text",
        "doc_date": "date",
        "posting_date": "date",
        "due_date": "date",
        "currency": "currency",
        "local_currency": "currency",
        "amount": "money",
        "amount_local": "money",
        "clearing_no": "key",
        "clearing_date": "date",
        "invoice_ref": "key",
        "special": "text",
        "assignment": "text",
        "text": "text",
    },
    "table": {},
}
"""The roles a shape knows, with their types: what a column of the export can mean."""


_BEYOND_RE2: Final = re.compile(r"\(\?(?:[=!>(]|<[=!]|P=)|\\[1-9]")


def _readable(expression: str) -> str:
    """Python compiles it, the engine's RE2 runs it, which knows neither look-around nor back-references."""
    try:
        re.compile(expression)
    except re.error as error:
        raise ValueError(f"a regular expression; this one cannot be read: {error}") from None
    if beyond := _BEYOND_RE2.search(expression):
        raise ValueError(f"a regular expression without {beyond[0]}, which cannot be read by the engine")
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
    if not re.fullmatch(r"(%[dmYybBjHMSf]|[^%])+", fmt):
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
    """One column the export may have: the labels it goes by, whether the file is refused without it."""

    aliases: tuple[str, ...] = ()
    required: bool = False
    nulls: tuple[str, ...] = Field(default=(), description="texts that stand for nothing in this column only")
    strip_decimal: bool = Field(default=False, description="an id that a spreadsheet turned into a number: 17850.0")


class Assumed(_Part):
    """What the export does not say and the profile states; printed in the report as assumed."""

    company: str | None = None
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    local_currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    doc_type: str | None = None
    doc_date_from: Literal["due_date", "posting_date", "baseline_date", "settled_date"] | None = None
    doc_date_days: int = Field(default=0, description="calendar days added to doc_date_from")


class Kind(_Part):
    """What a type code means, tried in the order written: `type`, `special` and `text` narrow, `sign` is of the amount."""

    kind: str
    type: str | None = None
    special: str | None = None
    sign: Literal["+", "-"] | None = None
    text: Expression | None = Field(default=None, description="regular expression on the entry's text")

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        known = (*DOCUMENT_KINDS, *PAYMENT_KINDS, "write_off", "out_of_scope")
        if kind not in known:
            raise ValueError(f"one of the ledger's kinds; nearest: {nearest(kind, known)}")
        return kind


DOCUMENT_KINDS: Final = (
    "invoice", "debit_note", "credit_note", "finance_charge", "chargeback", "bill_of_exchange", "opening_balance", "refund",
    "adjustment", "fx_revaluation", "other",
)  # fmt: skip
PAYMENT_KINDS: Final = ("receipt", "prepayment", "bill_received", "direct_debit", "card", "netting")


class Rows(_Part):
    """Regular expressions on a whole line that tell rows without amounts apart; the first that fits names the row."""

    rule: Expression | None = Field(default=None, description="drawn lines")
    title: tuple[Expression, ...] = Field(default=(), description="titles, page heads, filters")
    total: tuple[Expression, ...] = Field(default=(), description="subtotals and totals")
    grand_total: Expression | None = Field(
        default=None, description="the one total of the whole file, held against what was read"
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
    mode: Literal["full", "open_items", "delta"] = "delta"
    history: Literal["always", "cleared_rows"] = Field(
        default="always", description="cleared_rows: a file without a single settled row is a list of open items only"
    )
    as_of_from: tuple[str, ...] = ("argument", "file_name")
    as_of_title: tuple[Bracket, ...] = Field(
        default=(),
        description="expressions on a title line whose first bracket is the date, the one that counts most first",
    )
    encodings: tuple[Encoding, ...] = Field(default=("utf-8",), min_length=1)
    containers: tuple[Literal["delimited", "pipe_list", "workbook", "parquet"], ...] = (
        "delimited",
        "workbook",
        "parquet",
    )
    delimiters: tuple[Annotated[str, Field(min_length=1, max_length=1)], ...] = (",", ";", "\t")
    locales: tuple[Locale, ...] = Field(default=(Locale(decimal="."),), min_length=1)
    date_formats: tuple[DateFormat, ...] = Field(default=("%Y-%m-%d",), min_length=1)
    null_tokens: tuple[str, ...] = ()
    key: tuple[str, ...] = Field(default=(), description="roles that name a row; none: content and occurrence")
    columns: dict[str, Role] = {}
    ignored_columns: tuple[str, ...] = Field(default=(), description="labels known and deliberately not read")
    rows: Rows = Rows()
    kinds: tuple[Kind, ...] = ()
    assume: Assumed = Assumed()
    reversal_text: Bracket | None = Field(
        default=None, description="expression on the text whose first bracket is the reversed number"
    )
    pad_keys: dict[str, int] = Field(default={}, description="role -> digits a numeric key is padded to")
    local_currency_from: Literal["column", "settings", "single_currency"] = "settings"

    @model_validator(mode="after")
    def _consistent(self) -> Profile:
        roles = ROLES[self.shape]
        for role in (*self.columns, *self.rows.group, *self.key):
            if self.shape != "table" and role not in roles:
                raise ValueError(f"role {role!r} is not known to shape {self.shape}; nearest: {nearest(role, roles)}")
        for role in self.rows.group:
            if roles.get(role) not in ("text", "key", "currency"):
                raise ValueError(f"role {role!r} stands in the rows, not in a group's head")
        return self


@lru_cache(maxsize=1 << 14)  # the same aliases are compared with every line of every file
def fold(label: str) -> str:
    """A header label without case, accents, width, spaces or punctuation, so that equal labels compare equal."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", label).casefold())
    return "".join(ch for ch in decomposed if ch.isalnum())


def read_profile(path: Path) -> Profile:
    """Read a profile file; one that says `extends = "<id>"` starts from that shipped profile.

    Raises:
        SettingsError: no TOML, an unknown key, or a value out of range.
    """
    return validated(Profile, _extended(parse_toml(path), path), str(path))


def _extended(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    base_id = raw.pop("extends", None)
    if base_id is None:
        return raw
    base_path = profiles_dir() / f"{base_id}.toml"
    if not base_path.is_file():
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
    """The profiles that come with the package, by id."""
    return tuple(read_profile(path) for path in sorted(profiles_dir().glob("*.toml")))


def available(home_profiles: Path | None) -> tuple[Profile, ...]:
    """The user's own profiles first, then the shipped ones.

    Raises:
        SettingsError: one of the user's profiles cannot be read.
    """
    own = [] if home_profiles is None else [read_profile(path) for path in sorted(home_profiles.glob("*.toml"))]
    taken = {profile.id for profile in own}
    return (*own, *(profile for profile in shipped() if profile.id not in taken))
