"""Nightly receivables analysis for distributors: ERP exports in, a proved ledger, aging and reports out.

The verbs are those of the command line: `init`, `nightly`, `ingest`, `build`, `report`, `export`, `mail`, `customer`, `status`, `doctor`, `verify`, `backup`, `restore`, `forget`, `findings`, `export_findings`,
`repair_findings`, `rate` (with `overrides`), `flags` (with `flag`, `decide_flags`, `export_flags`, `import_flags`), `profiles`, `templates`, `sample`, `schedule`, `trace` (with `trace_cell` and `trace_metric`), `demo`; `examine` is `profiles test` and `draft` is `profiles new`; analysts begin with
`open_warehouse` (notebooks with `notebook_home`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from receivables.version import __version__

if TYPE_CHECKING:
    from receivables.analyst import notebook_home, open_warehouse
    from receivables.land import Reading
    from receivables.tracing import trace, trace_cell, trace_metric
    from receivables.verbs import (
        backup,
        build,
        customer,
        decide_flags,
        demo,
        doctor,
        draft,
        examine,
        export,
        export_findings,
        export_flags,
        findings,
        flag,
        flags,
        forget,
        import_flags,
        ingest,
        init,
        mail,
        nightly,
        overrides,
        profiles,
        rate,
        repair_findings,
        report,
        restore,
        sample,
        schedule,
        status,
        templates,
        verify,
    )

__all__ = [
    "Reading", "__version__",
    "backup", "build", "customer", "decide_flags", "demo", "doctor", "draft", "examine", "export", "export_findings", "export_flags", "findings", "flag", "flags", "forget", "import_flags",
    "ingest", "init", "mail", "nightly", "notebook_home", "open_warehouse", "overrides", "profiles",
    "rate", "repair_findings", "report", "restore", "sample", "schedule", "status", "templates", "trace", "trace_cell", "trace_metric", "verify",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a verb when it is first asked for: importing the package alone stays light."""
    if name in {"notebook_home", "open_warehouse"}:
        return getattr(import_module("receivables.analyst"), name)
    if name == "Reading":
        return import_module("receivables.land").Reading
    if name.startswith("trace") and name in __all__:
        return getattr(import_module("receivables.tracing"), name)
    if name in __all__:
        return getattr(import_module("receivables.verbs"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
