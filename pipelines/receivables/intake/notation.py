"""How exports write numbers and dates: SQL that reads one cleaned text, NULL where it is not what it should be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from receivables.intake.sqltext import lit

if TYPE_CHECKING:
    from receivables.intake.profile import Locale

_EXACT: Final = "decimal(38, 14)"
"""What numbers are compared as: wide enough for any amount and any rate."""

_SIGNS: Final = "R[$]|S/[.]?|US[$]|MX[$]|NT[$]|HK[$]|Bs[.]?|Rs[.]?|kr[.]?|zł|Kč|Ft|RMB|人民币|美元|欧元|[€$£¥￥₹₩₽₺₱₫₪฿₡₲₴₦元円圆원]"
CODES: Final = (
    "AED|ARS|AUD|BGN|BOB|BRL|CAD|CHF|CLP|CNH|CNY|COP|CRC|CZK|DKK|DOP|EGP|EUR|GBP|GTQ|HKD|HNL|HUF|IDR|ILS|INR|JPY|KES|"
    "KRW|KWD|MAD|MXN|MYR|NGN|NIO|NOK|NZD|PAB|PEN|PHP|PKR|PLN|PYG|QAR|RON|RSD|RUB|SAR|SEK|SGD|THB|TND|TRY|TWD|UAH|USD|"
    "UYU|VES|VND|ZAR"
)
CURRENCY: Final = f"(?:{_SIGNS}|{CODES})"
"""What may stand beside an amount to say its currency."""

SIDES: Final = "CR|DR|HABER|DEBE|[借贷平]|H|S"
"""Words beside an amount for its side; credit, haber, 贷 and H make it negative."""

EXPONENT: Final = "^[-+(]*[0-9]+([.,][0-9]+)?[eE][-+]?[0-9]+[-)]*$"
"""A number a spreadsheet has shortened: digits are lost, or may be."""

_NEGATIVE: Final = "^(-#|#-|[(]#[)]|(CR|HABER|贷)#|#(CR|HABER|贷|H))$"
_POSITIVE: Final = "^([+]?#|#[+]|(DR|DEBE|借|平)#|#(DR|DEBE|借|平|S))$"
"""What may stand around the digits, currencies left out, the digits as #."""


def number(text: str, locale: Locale, kind: str = _EXACT) -> str:
    """SQL that reads a number as the locale writes it, rounded to `kind`; NULL where it is not one.

    Digits, separators and a minus before or behind take one look. Brackets, CR, 贷, currencies and unusual grouping are tried only
    where that fails; of all signs there may be one.
    """
    usual = f"regexp_matches({text}, {lit(usual_shape(locale))})"
    return f"(case when {usual} then {usual_number(text, locale, kind)} else {_odd_number(text, locale, kind)} end)"


def usual_shape(locale: Locale) -> str:
    """A regular expression for digits, grouped as the locale groups them or not, with a minus before or behind."""
    d, t = _class(locale.decimal), _class(locale.thousands)
    body = f"([0-9]+|[0-9]{{1,3}}({t}[0-9]{{3}})+)" if locale.thousands else "[0-9]+"
    return f"^(-?{body}({d}[0-9]+)?|{body}({d}[0-9]+)?-)$"


def usual_number(text: str, locale: Locale, kind: str, marks: str | None = None) -> str:
    """SQL that reads a number of the usual shape; of any other it makes no sense. `marks` are all the signs that stand in such texts, where that is known."""
    known = marks if marks is not None else locale.thousands + locale.decimal + "-"
    digits = text
    for character in locale.thousands + "-":  # on short texts three times as fast as translate()
        if character in known:
            digits = f"replace({digits}, {lit(character)}, '')"
    if locale.decimal != "." and locale.decimal in known:
        digits = f"replace({digits}, {lit(locale.decimal)}, '.')"
    if "-" in known:
        digits = f"case when contains({text}, '-') then '-' || {digits} else {digits} end"
    return f"try_cast({digits} as {kind})"


def _odd_number(text: str, locale: Locale, kind: str) -> str:
    plain = f"translate({text}, '\u2212\u2013\u2019', '--''')"
    grouping = "".join(dict.fromkeys(locale.thousands + " '"))
    d, t = _class(locale.decimal), _class(grouping)
    before = f"(?:[-+( ]|{CURRENCY}|{SIDES})*?"
    behind = f"(?:[-+) ]|{CURRENCY}|{SIDES})*"
    digits = f"(?:[0-9]{{1,3}}(?:{t}[0-9]{{2,3}})*{t}[0-9]{{3}}|[0-9]+)(?:{d}[0-9]*)?|{d}[0-9]+"
    whole = lit(f"(?i)^({before})({digits})({behind})$")
    part = [f"regexp_extract({plain}, {whole}, {n})" for n in (1, 2, 3)]
    marks = f"upper(regexp_replace({part[0]} || '#' || {part[2]}, {lit('(?i)' + CURRENCY + '| ')}, '', 'g'))"
    unsigned = f"nullif({_point(part[1], locale, grouping)}, '')"
    return (
        f"(case when regexp_matches({marks}, {lit(_POSITIVE)}) then try_cast({unsigned} as {kind})"
        f" when regexp_matches({marks}, {lit(_NEGATIVE)}) then try_cast('-' || {unsigned} as {kind}) end)"
    )


def _point(text: str, locale: Locale, ignored: str) -> str:
    """Digits with a decimal point and without the characters ignored."""
    return f"replace(translate({text}, {lit(ignored)}, ''), {lit(locale.decimal)}, '.')"


def _class(characters: str) -> str:
    """A regular expression for one of the characters."""
    return f"[{re.escape(characters)}]"


_MONTHS: Final = (
    "january jan enero ene januar jänner janvier janv janeiro 一月 正月",
    "february feb febrero februar février fevrier févr fevr fév fevereiro fev 二月",
    "march mar marzo märz maerz mär mrz mars março marco 三月",
    "april apr abril abr avril avr 四月",
    "may mayo mai maio 五月",
    "june jun junio juni juin junho 六月",
    "july jul julio juli juillet juil julho 七月",
    "august aug agosto ago août aout aoû 八月",
    "september sept sep septiembre setiembre set septembre setembro 九月",
    "october oct octubre oktober okt octobre outubro out 十月",
    "november nov noviembre novembre novembro 十一月",
    "december dec diciembre dic dezember dez décembre decembre déc dezembro 十二月",
)
"""Names of the months in English, Spanish, German, French, Portuguese and Chinese, whole and short."""

_MONTH_OF: Final = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_NAMED: Final = "(?:^|[^\\p{Latin}])(" + "|".join(sorted(_MONTH_OF, key=len, reverse=True)) + ")(?:[^\\p{Latin}]|$)"
_EPOCHS: Final = {"%epoch_s": ("{9,10}", 1), "%epoch_ms": ("{11,13}", 1000)}

TIME_OF_DAY: Final = (
    "[ T]+(?:[上下]午 ?)?[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?"
    "( ?[AaPp][.]? ?[Mm][.]?)?( ?(Z|UTC|GMT)?([+-][0-9]{2}:?[0-9]{2})?)?$"
)
"""What stands behind a day and is no part of it."""


def day(text: str, fmt: str) -> str:
    """SQL that reads a date (a timestamp at midnight) in one format; NULL where it is not one.

    Without separators every digit must be there. `%b` and `%B` read the month's name or its short form in any of the languages
    known, `%y` a year from 1970 to 2069, `%epoch_s` and `%epoch_ms` the day of a moment. A time behind the date is not looked at.
    """
    if fmt in _EPOCHS:
        digits, per_second = _EPOCHS[fmt]
        moment = f"regexp_extract({text}, '^([0-9]{digits})([.]0+)?$', 1)"
        return (
            f"date_trunc('day', make_timestamp(try_cast(nullif({moment}, '') as bigint) * {1_000_000 // per_second}))"
        )
    shown = re.sub(r"[ T]*%H.*$", "", fmt)
    if re.search("%[bB]", shown):
        text, shown = _with_month_number(text, shown)
    parsed = f"try_strptime({text}, {lit(shown)})"
    if "%y" in shown:
        parsed = f"(case when year({parsed}) = 1969 then {parsed} + interval 100 year else {parsed} end)"
    if re.fullmatch("(%[dmYy])+", shown):
        width = sum(4 if code == "Y" else 2 for code in shown.split("%")[1:])
        return f"(case when length({text}) = {width} then {parsed} end)"
    return parsed


def _with_month_number(text: str, fmt: str) -> tuple[str, str]:
    """The text in lower case with its month as a number, and the format that reads it."""
    low = f"lower({text})"
    name = f"regexp_extract({low}, {lit(_NAMED)}, 1)"
    numbers = "map {" + ", ".join(f"{lit(month)}: '{number:02}'" for month, number in _MONTH_OF.items()) + "}"
    found = f"coalesce({numbers}[{name}], '')"
    shown = re.sub("%[bB]", "%m", "".join(c if p == "%" else c.lower() for p, c in zip(" " + fmt, fmt, strict=False)))
    short = name if "%m." in shown else f"{name} || '.'"
    return f"replace(replace({low}, {short}, {found}), {name}, {found})", shown


def serial_day(text: str) -> str:
    """SQL for a day that a spreadsheet left as a number: its count of days since 1900 (45427), or 20240515 once read as a number."""
    count = f"try_cast(regexp_extract({text}, '^[0-9]+') as integer)"
    return (
        f"(case when regexp_matches({text}, '^[2-5][0-9]{{4}}([.][0-9]+)?$') then date '1899-12-30' + {count}"
        f" when regexp_matches({text}, '^(19|20)[0-9]{{6}}$') then try_strptime({text}, '%Y%m%d')::date end)"
    )
