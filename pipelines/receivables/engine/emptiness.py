"""When a model has no row because of tables that have none: what its SELECT says by its form alone, whatever the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Set

    Empty = Callable[[Set[str]], bool]
    """Whether a query has no row, given the full names of tables that have none; False where its form does not say."""


UNKNOWN_AGGREGATES: Final = frozenset({"product"})
"""Aggregates of the engine that the parser takes for any function."""


def emptiness(query: exp.Expr) -> Empty:
    """Read off a query when it is empty: an inner join with either side, an outer one with what it keeps, a union with all its parts."""
    return _of(query, {})


def _never(_: Set[str]) -> bool:
    return False


def _any(parts: list[Empty]) -> Empty:
    return lambda empty: any(part(empty) for part in parts)


def _all(parts: list[Empty]) -> Empty:
    return lambda empty: all(part(empty) for part in parts)


def _of(query: exp.Expr | None, known: Mapping[str, Empty]) -> Empty:
    if isinstance(query, exp.Subquery):
        return _of(query.this, known) if not query.args.get("joins") else _never
    if isinstance(query, exp.Table):
        return _of_table(query, known)
    if isinstance(query, exp.Select | exp.SetOperation):
        seen = dict(known)
        with_ = query.args.get("with_")
        is_recursive = with_ is not None and with_.args.get("recursive")
        for cte in with_.expressions if with_ else ():
            inside = seen
            if is_recursive:
                inside = seen | {cte.alias: lambda _: True}  # what it adds to itself begins with its first part
            seen[cte.alias] = _of(cte.this, inside)
        return _of_select(query, seen) if isinstance(query, exp.Select) else _of_set(query, seen)
    return _never


def _of_table(table: exp.Table, known: Mapping[str, Empty]) -> Empty:
    if not table.db:
        return known.get(table.name, _never)
    name = f"{table.db}.{table.name}"
    return lambda empty: name in empty


def _of_set(query: exp.SetOperation, known: Mapping[str, Empty]) -> Empty:
    parts = [_of(query.left, known), _of(query.right, known)]
    return _all(parts) if isinstance(query, exp.Union) else parts[0]


def _of_select(select: exp.Select, known: Mapping[str, Empty]) -> Empty:
    from_ = select.args.get("from_")
    if from_ is None or _has_a_row_of_nothing(select):
        return _never
    found = _of(from_.this, known)
    for join in select.args.get("joins") or ():
        other = _of(join.this, known)
        if join.side == "FULL":
            found = _all([found, other])
        elif join.side == "RIGHT":
            found = other
        elif join.side != "LEFT" and join.kind != "ANTI":
            found = _any([found, other])
    return found


def _has_a_row_of_nothing(select: exp.Select) -> bool:
    """Whether it sums up even no row: aggregates without a group, or a group of all."""
    group = select.args.get("group")
    if group is not None:
        return any(True for _ in group.find_all(exp.GroupingSets, exp.Cube, exp.Rollup))
    if select.args.get("having") is not None:
        return True
    return any(
        isinstance(node, exp.AggFunc) or node.name.lower() in UNKNOWN_AGGREGATES
        for column in select.expressions
        for node in column.find_all(exp.AggFunc, exp.Anonymous)
        if _is_of_all_rows(node, select)
    )


def _is_of_all_rows(aggregate: exp.Expr, select: exp.Select) -> bool:
    node = aggregate.parent
    while node is not None and node is not select:
        if isinstance(node, exp.Window | exp.Select):
            return False
        node = node.parent
    return True
