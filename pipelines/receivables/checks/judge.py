"""The one place where contracts are judged, by Great Expectations; its import takes seconds, so it waits until there is something to judge."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from receivables.errors import NightFailed, SettingsError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from receivables.checks.contract import Contract

Row = dict[str, Any]
Measured = dict[str, list[Any]]

_RULES: Final = "correcting it where it is declared: contracts/*.toml in the home, or the program's own"


@dataclass(frozen=True)
class Verdict:
    """What a contract says of one row of its frame; `passed` is None where its measure could not be taken."""

    contract: Contract
    row: Row
    passed: bool | None

    @property
    def observed(self) -> Any:
        """What was measured."""
        return self.row[self.contract.measure]


def judged(frames: Mapping[str, Sequence[Row]], contracts: Sequence[Contract]) -> list[Verdict]:
    """Judge rows, by the name of their frame, by the contracts on those frames: one verdict for every row a contract covers.

    All are judged in one validation, since each one costs more than the few rows it looks at.

    Raises:
        SettingsError: a contract names an expectation or an argument that does not exist.
        NightFailed: a contract raised an error, which says nothing about the data.
    """
    asked = [contract for contract in contracts if contract.on in frames]
    measured = {
        contract.id: [row[contract.measure] if contract.covers(row) else None for row in frames[contract.on]]
        for contract in asked
    }
    told = {name: values for name, values in measured.items() if any(value is not None for value in values)}
    failing = _failing(told, {contract.id: contract for contract in asked}) if told else {}
    return [
        Verdict(contract, row, None if value is None else place not in failing[contract.id])
        for contract in asked
        for place, (row, value) in enumerate(zip(frames[contract.on], measured[contract.id], strict=True))
        if contract.covers(row)
    ]


def _failing(measured: Measured, contracts: Mapping[str, Contract]) -> dict[str, set[int]]:
    """The rows at which each contract fails; every contract has a column of its own, blank where it does not apply.

    Money stays Decimal in it: what Great Expectations compares are Python's own exact numbers, never floats made of them.
    """
    with warnings.catch_warnings(), _spark_hidden():
        # what the library warns of is its own use of Python, nothing its caller could change
        warnings.simplefilter("ignore")
        os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
        import great_expectations as gx

        logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
        expectations = [_expectation(gx, contracts[name]) for name in measured]
        results = _validated(gx, measured, expectations)
    failing: dict[str, set[int]] = {}
    for result in results:
        name = result.expectation_config.kwargs["column"]
        failing[name] = set(result.result.get("unexpected_index_list") or ())
        raised = raised_in(result.exception_info)
        if raised is None and not result.success and not failing[name]:
            raised = f"{contracts[name].expect} fails and names no row that does"
        if raised is not None:
            raise NightFailed(
                got=f"contract {name}, which could not be judged: {raised}",
                expected="a contract that holds or fails",
                try_=_RULES,
            )
    return failing


@contextmanager
def _spark_hidden() -> Iterator[None]:
    """Let no `pyspark` be found meanwhile: where a client of a cluster is installed, the library would look for the whole of Spark and end the process."""
    modules: dict[str, Any] = sys.modules
    before = modules.get("pyspark")
    modules["pyspark"] = None
    try:
        yield
    finally:
        if before is None:
            del modules["pyspark"]
        else:
            modules["pyspark"] = before


def _expectation(gx: ModuleType, contract: Contract) -> Any:
    """The expectation of a contract, on the column that goes by the contract's name."""
    known = {name for name in dir(gx.expectations) if name.startswith("ExpectColumnValuesTo")}
    name = "".join(part.capitalize() for part in contract.expect.split("_"))
    if name not in known:
        raise SettingsError(
            got=f"expect = {contract.expect!r} in contract {contract.id}",
            expected="an expectation of Great Expectations on the values of a column",
            try_=nearest(contract.expect, map(_snake, known)),
        )
    try:
        return getattr(gx.expectations, name)(column=contract.id, **contract.arguments)
    except Exception as error:  # the library has no one class for a wrong argument
        told = str(error).splitlines()
        raise SettingsError(
            got=f"arguments of contract {contract.id}: {'; '.join(line.strip() for line in told[1:3]) or error}",
            expected=f"what {contract.expect} takes",
            try_=_RULES,
        ) from error


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).removeprefix("_")


def _validated(gx: ModuleType, measured: Measured, expectations: list[Any]) -> list[Any]:
    """One validation of one frame, without project folder, progress bars or network."""
    import pandas as pd
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    # columns of different lengths are filled up with nothing, which no expectation looks at
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in measured.items()})
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name="contracts", expectations=expectations)
    return list(batch.validate(suite, result_format={"result_format": "COMPLETE"}).results)


def raised_in(info: Mapping[str, Any]) -> str | None:
    """What was raised while an expectation was judged: told flat, or for each metric it rests on; None where nothing was."""
    each = [info] if "raised_exception" in info else [part for part in info.values() if isinstance(part, dict)]
    told = [str(part.get("exception_message")) for part in each if part.get("raised_exception")]
    return " ".join(told[0].split()) if told else None
