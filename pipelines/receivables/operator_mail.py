"""Tells the operators that a night failed: once, without a word that names a customer, and without ever hiding the failure itself."""

from __future__ import annotations

import errno
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from receivables import settings as settings_module
from receivables.dates import local, utc_now
from receivables.engine import EngineError
from receivables.errors import NightFailed, ReceivablesError, SettingsError, UsageError
from receivables.home import HomeInUse, private_files
from receivables.lake import LakeDamaged
from receivables.language import language_in
from receivables.mail_server import MailServer, password_of
from receivables.message import plain_message
from receivables.operator_wording import Failure, body, subject
from receivables.plain_text import visible
from receivables.settings import Settings
from receivables.warehouse import Warehouse, published_file, published_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from pathlib import Path

    from receivables.home import Home
    from receivables.operator_wording import Cause
    from receivables.run import Night, Progress

_MODEL: Final = re.compile(r"model ([a-z_]+\.[a-z0-9_]+):")


@contextmanager
def operators_told(home: Home, progress: Progress, *, is_on: bool) -> Iterator[list[Night]]:
    """Tell the operators when what is done within fails, which is passed on as it is; the night is put into the list once it has begun."""
    begun: list[Night] = []
    try:
        yield begun
    except Exception as error:
        told = tell_operators(home, error, begun[0] if begun else None) if is_on else {}
        if told:
            progress.done("operator", ", ".join(f"{address} {what}" for address, what in told.items()))
        raise


def tell_operators(home: Home, error: Exception, night: Night | None) -> dict[str, str]:
    """Mail every operator that a night failed; what became of each message, by address. Whatever goes wrong here is told there and never raised."""
    told: dict[str, str] = {}
    try:
        settings = _settings(home)
        if not settings.operator:
            return told
        failure = _failure(home, error, night)
        told = dict.fromkeys((one.address for one in settings.operator), "not sent")
        with private_files():
            _send(home, settings, failure, told)
    except Exception as fault:  # noqa: BLE001  # the night's own failure is what counts
        told |= {address: f"not sent: {type(fault).__name__}" for address, what in told.items() if what == "not sent"}
    if night is not None:
        with suppress(OSError):
            night.log("operators", told=told)
    return told


def _settings(home: Home) -> Settings:
    """The settings, or what of them says whom to tell and how where another part cannot be used."""
    try:
        return home.settings()
    except SettingsError:
        raw = settings_module.parse_toml(home.root / settings_module.FILE_NAME)
        mine = {str(key): told for key, told in raw.items() if key in ("mail", "operator")}
        return settings_module.validated(Settings, mine, settings_module.FILE_NAME)


def _failure(home: Home, error: Exception, night: Night | None) -> Failure:
    cause, detail = _cause(error)
    run_id = night.run.run_id if night is not None else ""
    return Failure(
        cause=cause,
        detail=visible(detail),
        step=night.failed_step if night is not None else "",
        run_id=run_id,
        home=visible(str(home.root.absolute())),
        at=local(utc_now()),
        published=_published(home),
        is_published=bool(run_id) and published_run(home.root) == run_id,
    )


def _cause(error: Exception) -> tuple[Cause, str]:
    """Why it failed, as far as it may leave the machine: an error's own words may hold what stands in a file."""
    system = error if isinstance(error, OSError) else error.__cause__
    if isinstance(error, HomeInUse):
        return "in_use", error.holder
    if isinstance(error, SettingsError):
        return "settings", ""
    if isinstance(system, OSError):
        is_full = system.errno in (errno.ENOSPC, errno.EDQUOT)
        return ("no_room", "") if is_full else ("system", str(system.strerror or type(system).__name__))
    if isinstance(error, LakeDamaged):
        return "damaged", ""
    if isinstance(error, NightFailed) and (model := _MODEL.match(error.got)):
        return "model", model[1]
    if isinstance(error, EngineError) or (isinstance(error, NightFailed) and error.__cause__ is not None):
        return "database", ""
    if isinstance(error, NightFailed):
        return "nothing_to_build", ""
    if isinstance(error, UsageError):
        return "usage", ""
    return "bug", type(error).__name__


def _published(home: Home) -> dict[str, date]:
    """The date of each company's figures as they are published; empty where nothing is, or nobody can read it."""
    try:
        with Warehouse(published_file(home.root)) as warehouse:
            rows = warehouse.con.execute(
                "select basis.company_id, coalesce(basis.only_as_of, run.as_of) from core.company_basis as basis cross join ops.run as run"
            ).fetchall()
    except (ReceivablesError, EngineError):
        return {}
    return {visible(str(company)): day for company, day in rows}


def _send(home: Home, settings: Settings, failure: Failure, told: dict[str, str]) -> None:
    mail = settings.mail
    server = MailServer(mail, password_of(mail, home.root)) if mail.server else None
    try:
        for one in settings.operator:
            words = language_in(one.language)
            composed = plain_message(
                subject(failure, words),
                body(failure, words),
                mail,
                to=(one.address, one.name),
                message_id=f"{uuid4().hex}@{mail.sender.rpartition('@')[2]}",
                sent_at=utc_now(),
            )
            try:
                if server is None:
                    told[one.address] = _written(
                        home.root / mail.folder, f"failed-{failure.at:%Y%m%dT%H%M%S}", composed
                    )
                else:
                    answer = server.send(composed, one.address, lambda _: None)
                    told[one.address] = answer.status
            except (ReceivablesError, OSError) as error:
                told[one.address] = f"not sent: {type(error).__name__}"
    finally:
        if server is not None:
            server.close()


def _written(folder: Path, name: str, content: bytes) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"{name}-{uuid4().hex[:8]}.eml"
    target.write_bytes(content)
    return f"written to {target.name}"
