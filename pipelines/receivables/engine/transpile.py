"""The models in Spark's SQL: what sqlglot transpiles, with the macros expanded and what the two engines do differently written out."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from receivables.assets import sql_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date


@cache
def macros() -> dict[str, tuple[tuple[str, ...], exp.Expr]]:
    """The macros of `macros.sql` by name: the names of their parameters, and what they stand for."""
    text = (sql_dir() / "macros.sql").read_text(encoding="utf-8")
    found = {}
    for create in sqlglot.parse(text, dialect="duckdb"):
        if isinstance(create, exp.Create):
            signature = create.this
            parameters = tuple(parameter.name for parameter in signature.expressions)
            name = signature.this.name.lower()
            body = sqlglot.parse_one(_FOR_SPARK[name], dialect="spark") if name in _FOR_SPARK else create.expression
            found[name] = (parameters, body)
    return found


_FOR_SPARK: Final = {
    "is_near_reference": "levenshtein(reference, other) = 1 or (length(reference) = length(other) and exists(sequence(1, greatest(length(reference) - 1, 1)),"
    " n -> concat(substr(reference, 1, n - 1), substr(reference, n + 1, 1), substr(reference, n, 1), substr(reference, n + 2)) = other and reference <> other))"
}
"""What a macro stands for in Spark where DuckDB's own body has a function that Spark lacks; a test holds both equal."""


def expanded(tree: exp.Expr) -> exp.Expr:
    """A query with every call of a macro replaced by what it stands for, macros inside macros too."""

    def expand(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.Anonymous) or node.name.lower() not in macros():
            return node
        parameters, body = macros()[node.name.lower()]
        given = dict(zip(parameters, (_bracketed(argument) for argument in node.expressions), strict=True))

        def fill(inner: exp.Expr) -> exp.Expr:
            if isinstance(inner, exp.Column) and not inner.table and inner.name in given:
                return given[inner.name].copy()
            return inner

        return expanded(_bracketed(body.copy().transform(fill)))

    return tree.transform(expand)


def _bracketed(node: exp.Expr) -> exp.Expr:
    plain = (exp.Column, exp.Literal, exp.Func, exp.Paren, exp.Cast)
    return node if isinstance(node, plain) else exp.Paren(this=node.copy())


def to_spark(sql: str, schema: MappingSchema, variables: Mapping[str, date]) -> str:
    """A model's query as Spark runs it; `schema` tells the columns of the tables it reads, `variables` are what `getvariable` reads."""
    tree = expanded(sqlglot.parse_one(sql, dialect="duckdb"))
    tree = tree.transform(_known, variables)
    tree = qualify(tree, schema=schema, dialect="duckdb", quote_identifiers=False)
    tree = annotate_types(tree, schema=schema, dialect="duckdb")
    # from the leaves up: what a rewrite looks at keeps its type until its own turn
    for node in reversed(list(tree.bfs())):
        made = _rewritten(node)
        if made is not node:
            if node.type is not None:
                made.type = node.type
            if node is tree:
                tree = made
            else:
                node.replace(made)
    return tree.sql(dialect="spark", comments=False, identify=True)


def spark_type(kind: str) -> str:
    """DuckDB's type as Spark names it; the largest integers are decimals there, and no time is of a zone."""
    if kind in _TYPES:
        return _TYPES[kind]
    return exp.DataType.build(kind, dialect="duckdb").sql(dialect="spark")


_TYPES: Final = {"HUGEINT": "DECIMAL(38, 0)", "UBIGINT": "DECIMAL(20, 0)", "TIMESTAMP": "TIMESTAMP_NTZ"}


def _known(node: exp.Expr, variables: Mapping[str, date]) -> exp.Expr:
    if isinstance(node, exp.Anonymous) and node.name.lower() == "getvariable":
        return exp.cast(exp.Literal.string(variables[node.expressions[0].name].isoformat()), "date")
    return node


def _rewritten(node: exp.Expr) -> exp.Expr:
    rewrite = _REWRITES.get(type(node))
    return rewrite(node) if rewrite else node


def _table(node: exp.Table) -> exp.Expr:
    """The tables of a build are views of the session, whose names have no schema."""
    if node.db:
        alias = node.alias or node.name
        return exp.alias_(exp.to_table(view_of(f"{node.db}.{node.name}")), alias, table=True)
    return node


def view_of(table: str) -> str:
    """The session's view of a table of the build."""
    return table.replace(".", "__")


def _call(name: str, *arguments: exp.Expr) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _union_by_name(node: exp.Union) -> exp.Expr:
    """Spark knows no UNION BY NAME: the columns of the second part are put in the order of the first, and what one of both lacks is NULL."""
    if node.args.get("by_name"):
        left, right = node.left, node.right
        names = list(left.named_selects)
        names += [name for name in right.named_selects if name not in names]
        node = node.copy()
        node.set("by_name", None)
        _arrange(node.left, names)
        _arrange(node.right, names)
    return node


def _arrange(query: exp.Query, names: list[str]) -> None:
    if isinstance(query, exp.SetOperation):
        _arrange(query.left, names)
        _arrange(query.right, names)
        return
    told = dict(zip(query.named_selects, query.selects, strict=True))
    query.set("expressions", [told.get(name) or exp.alias_(exp.null(), name) for name in names])


def _folded(listed: exp.Expr, first: int, step: type[exp.Binary]) -> exp.Expr:
    """What becomes of a double as the elements of a list are taken in one by one."""
    taken = exp.Lambda(
        this=step(this=exp.column("so_far"), expression=exp.column("next")),
        expressions=[exp.to_identifier("so_far"), exp.to_identifier("next")],
    )
    return _call("aggregate", listed, exp.cast(exp.Literal.number(first), "double"), taken)


def _anonymous(node: exp.Anonymous) -> exp.Expr:
    name = node.name.lower()
    if name == "row":
        return _call("struct", *node.expressions)
    if name == "list_sum":
        return _folded(node.expressions[0], 0, exp.Add)
    if name == "lgamma":
        return _log_gamma(node.expressions[0])
    return node


_LANCZOS: Final = (
    0.99999999999980993,
    676.5203681218851,
    -1259.1392167224028,
    771.32342877765313,
    -176.61502916214059,
    12.507343278686905,
    -0.13857109526572012,
    9.9843695780195716e-6,
    1.5056327351493116e-7,
)
"""Lanczos' coefficients for g = 7, which give the logarithm of the gamma function of a positive number to fifteen digits."""


def _log_gamma(x: exp.Expr) -> exp.Expr:
    """What Spark has no function for, for positive numbers; by way of x + 1, where the series holds for any of them."""
    text = f"CAST({x.sql(dialect='duckdb')} AS DOUBLE)"
    series = " + ".join(
        [f"{_LANCZOS[0]!r}::DOUBLE", *(f"{c!r}::DOUBLE / ({text} + {i})" for i, c in enumerate(_LANCZOS[1:], start=1))]
    )
    sql = f"0.9189385332046727::DOUBLE + ({text} + 0.5) * ln({text} + 7.5) - ({text} + 7.5) + ln({series}) - ln({text})"
    return exp.Paren(this=sqlglot.parse_one(sql, dialect="duckdb"))


def _months(node: exp.Expr) -> exp.Expr | None:
    """The number of months where an expression is an interval of that many, or of years."""
    if isinstance(node, exp.Paren):
        return _months(node.this)
    if isinstance(node, exp.Anonymous) and node.name.lower() == "to_months":
        found: exp.Expr = node.expressions[0]
        return found
    if isinstance(node, exp.Interval) and node.text("unit").lower() in ("month", "months"):
        return exp.Literal.number(node.this.name) if isinstance(node.this, exp.Literal) else node.this
    return None


def _added(node: exp.Add | exp.Sub) -> exp.Expr:
    """A date and months, or two dates, of which Spark makes an interval and DuckDB a number of days."""
    months = _months(node.expression)
    if months is not None:
        months = exp.Paren(this=months.copy())
        return _call("add_months", node.this, months if isinstance(node, exp.Add) else exp.Neg(this=months))
    if isinstance(node, exp.Sub) and _is_date(node.this) and _is_date(node.expression):
        return _call("datediff", node.this, node.expression)
    return node


def _is_date(node: exp.Expr) -> bool:
    return node.is_type(exp.DType.DATE)


def _date_diff(node: exp.DateDiff) -> exp.Expr:
    """DuckDB counts the edges of months and years that are crossed."""
    unit = node.text("unit").lower() or "day"
    later, earlier = node.this, node.expression
    if unit == "day":
        return exp.cast(_call("datediff", later, earlier), "bigint")
    years = exp.Sub(this=_call("year", later), expression=_call("year", earlier))
    if unit == "year":
        return exp.cast(exp.Paren(this=years), "bigint")
    if unit == "month":
        twelve = exp.Mul(this=exp.Paren(this=years), expression=exp.Literal.number(12))
        month = exp.Sub(
            this=exp.Add(this=twelve, expression=_call("month", later.copy())),
            expression=_call("month", earlier.copy()),
        )
        return exp.cast(exp.Paren(this=month), "bigint")
    raise ValueError(f"date_diff by {unit} has no rule")


def _truncated(node: exp.TimestampTrunc) -> exp.Expr:
    """The first day of a date's month or year is a date."""
    return _call("trunc", node.this, exp.Literal.string(node.text("unit"))) if _is_date(node.this) else node


def _cast(node: exp.Cast) -> exp.Expr:
    """DuckDB rounds a fraction that becomes an integer, Spark cuts it; Spark's largest integer is a decimal."""
    if node.to.is_type(exp.DType.INT128):
        return exp.cast(_whole(node.this), "decimal(38, 0)")
    if node.to.is_type(*exp.DataType.INTEGER_TYPES):
        return exp.cast(_whole(node.this), node.to)
    if node.to.is_type(exp.DType.DECIMAL) and node.this.is_type(exp.DType.DOUBLE) and len(node.to.expressions) == 2:
        return _rounded(node.this, node.to)
    return node


def _rounded(node: exp.Expr, kind: exp.DataType) -> exp.Expr:
    """A double as a decimal: DuckDB rounds as many times the double, Spark the digits that a double is written with."""
    places = int(kind.expressions[1].name)
    times = exp.Mul(this=exp.Paren(this=node), expression=exp.cast(exp.Literal.number(10**places), "double"))
    parts = exp.cast(exp.Round(this=times, decimals=exp.Literal.number(0)), "decimal(38, 0)")
    one = exp.cast(exp.Literal.number(f"1e-{places}"), f"decimal({places + 1}, {places})")
    return exp.cast(exp.Paren(this=exp.Mul(this=parts, expression=one)), kind)


def _whole(node: exp.Expr) -> exp.Expr:
    if node.is_type(exp.DType.DECIMAL):
        return exp.Round(this=node, decimals=exp.Literal.number(0))
    return _call("rint", node) if node.is_type(*exp.DataType.FLOAT_TYPES) else node


def _divided(node: exp.IntDiv) -> exp.Expr:
    """A branch that is not taken may be computed nonetheless, and Spark refuses to divide by zero."""
    return exp.IntDiv(this=node.this, expression=_not_zero(node.expression))


def _division(node: exp.Div) -> exp.Expr:
    return exp.Div(this=node.this, expression=_not_zero(node.expression), typed=True)


def _not_zero(divisor: exp.Expr) -> exp.Expr:
    inner = divisor.unnest()
    return (
        divisor
        if isinstance(inner, exp.Literal | exp.Nullif)
        else exp.Nullif(this=inner, expression=exp.Literal.number(0))
    )


def _best(node: exp.ArgMax | exp.ArgMin) -> exp.Expr:
    """DuckDB looks only at rows that have the value too."""
    told, by = node.this, node.expression
    is_told = exp.Not(this=exp.Is(this=told.copy(), expression=exp.null()))
    name = "max_by" if isinstance(node, exp.ArgMax) else "min_by"
    return _call(name, told, exp.Case(ifs=[exp.If(this=is_told, true=by)]))


def _sign(node: exp.Sign) -> exp.Expr:
    """Spark's own is a double, which would make one of a product of decimals."""
    ifs = [
        exp.If(
            this=comparison(this=node.this.copy(), expression=exp.Literal.number(0)),
            true=exp.cast(exp.Literal.number(sign), "int"),
        )
        for comparison, sign in ((exp.GT, 1), (exp.LT, -1), (exp.EQ, 0))
    ]
    return exp.Case(ifs=ifs)


def _negative(node: exp.Neg) -> exp.Expr:
    """Sail takes the opposite of a decimal for one of another type where it joins by it."""
    if not node.this.is_type(exp.DType.DECIMAL):
        return node
    return exp.Paren(
        this=exp.Mul(
            this=exp.cast(exp.Literal.number(-1), "decimal(1, 0)"), expression=exp.Paren(this=node.this.unnest().copy())
        )
    )


def _average(node: exp.Avg) -> exp.Expr:
    return exp.Avg(this=exp.cast(node.this, "double"))


def _weekday(node: exp.DayOfWeekIso) -> exp.Expr:
    return exp.Paren(this=exp.Add(this=_call("weekday", node.this), expression=exp.Literal.number(1)))


def _series(node: exp.GenerateSeries) -> exp.Expr:
    """DuckDB's range ends before its last number, and has none where that is the first."""
    if not node.args.get("is_end_exclusive"):
        return node
    first, last = (exp.cast(node.args[end], "bigint") for end in ("start", "end"))
    last_but_one = exp.Sub(this=last, expression=exp.Literal.number(1))
    nothing = exp.cast(exp.Array(expressions=[]), "array<bigint>")
    return exp.Case(
        ifs=[
            exp.If(this=exp.LT(this=first, expression=last.copy()), true=_call("sequence", first.copy(), last_but_one))
        ],
        default=nothing,
    )


def _length(node: exp.Length) -> exp.Expr:
    """Spark has one word for the length of a text and another for that of a list."""
    return _call("size", node.this) if node.this.is_type(exp.DType.ARRAY, exp.DType.LIST) else node


_BELOW: Final = "try_element_at(told, nullif(cast((size(told) + 1) div 2 as int), 0))"
_ABOVE: Final = "try_element_at(told, nullif(cast(size(told) div 2 as int) + 1, size(told) + 1))"
"""The two elements about the middle of a sorted list, which are one where their number is odd; NULL of an empty list."""


def _median(node: exp.Median) -> exp.Expr:
    """DuckDB cuts the median of decimals to their own places; Spark's is a double."""
    is_moving = isinstance(node.parent, exp.Window)
    return (
        node
        if is_moving or _places(node.this) is None
        else _middle(_call("collect_list", node.this), _places(node.this))
    )


def _window(node: exp.Window) -> exp.Expr:
    """Spark takes the minus after a window's name for a part of it, and knows neither a product nor a median of a moving window."""
    if isinstance(node.this, exp.Median):
        rows, value = node.copy(), node.this.this
        rows.set("this", _call("collect_list", value.copy()))
        return _middle(rows, _places(value))
    if isinstance(node.this, exp.Anonymous) and node.this.name.lower() == "product":
        rows = node.copy()
        rows.set("this", _call("collect_list", exp.cast(node.this.expressions[0].copy(), "double")))
        return _folded(rows, 1, exp.Mul)
    return exp.Paren(this=node.copy()) if node.alias and not isinstance(node.parent, exp.Paren) else node


def _places(node: exp.Expr) -> int | None:
    """The decimal places of an expression's type; None where it is no decimal, or its places are not known."""
    if not node.is_type(exp.DType.DECIMAL) or node.type is None or len(node.type.expressions) != 2:
        return None
    return int(node.type.expressions[1].name)


def _middle(listed: exp.Expr, places: int | None) -> exp.Expr:
    """The median of a list; of decimals cut to so many places."""
    sql = f"({_BELOW} + {_ABOVE}) / 2"
    if places is not None:
        sql = f"cast(cast(({_BELOW} + {_ABOVE}) * {10**places} as bigint) div 2 as decimal(18, 0)) * cast(1e-{places} as decimal({places + 1}, {places}))"
    told = _call("array_sort", listed)
    middle = sqlglot.parse_one(sql, dialect="spark")
    return exp.Paren(this=middle.transform(lambda part: told.copy() if isinstance(part, exp.Column) else part))


def _overlap(node: exp.ArrayOverlaps) -> exp.Expr:
    return _call("arrays_overlap", node.this, node.expression)


_REWRITES: Final[dict[type[exp.Expr], Callable[[Any], exp.Expr]]] = {
    exp.Add: _added,
    exp.Anonymous: _anonymous,
    exp.ArgMax: _best,
    exp.ArgMin: _best,
    exp.ArrayOverlaps: _overlap,
    exp.Avg: _average,
    exp.Cast: _cast,
    exp.DateDiff: _date_diff,
    exp.DayOfWeekIso: _weekday,
    exp.GenerateSeries: _series,
    exp.Div: _division,
    exp.IntDiv: _divided,
    exp.Length: _length,
    exp.Median: _median,
    exp.Neg: _negative,
    exp.Sign: _sign,
    exp.Sub: _added,
    exp.Table: _table,
    exp.TimestampTrunc: _truncated,
    exp.Union: _union_by_name,
    exp.Window: _window,
}
