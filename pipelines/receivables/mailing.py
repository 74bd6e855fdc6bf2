"""Mails the report of the published night: to each recipient once, what it may see; what became of each is kept before the next is begun."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Protocol

from receivables import delivery_log
from receivables.dates import utc_now
from receivables.engine import EngineError
from receivables.errors import ReceivablesError, UsageError, in_one_line, nearest
from receivables.mail_server import Answer, MailServer, ServerUnusable, password_of
from receivables.scope import Scope, in_sight
from receivables.state import Delivery
from receivables.warehouse import Warehouse, published_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal

    from receivables.letter import Letter
    from receivables.page_model import NightPage, Run
    from receivables.run import Night
    from receivables.settings import Recipient, Settings

_MEGABYTE: Final = 1_000_000
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.@+_-]")
_DONE: Final = ("sent", "unsure")
"""What is never sent again by itself."""

_FORGOTTEN: Final = "the store of runs was lost, and with it whether it had been mailed"


@dataclass(frozen=True)
class Mailed:
    """What became of the report: the mailings that were tried, and why a person must look."""

    deliveries: tuple[Delivery, ...] = ()
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Made:
    """A letter and what is attached to it, the same for all recipients who see the same in the same language."""

    letter: Letter
    attached: Mapping[str, bytes]


class _Way(Protocol):
    """How messages leave: by a server, or into a folder."""

    def send(self, message: bytes, delivery: Delivery, before_content: Callable[[int], None]) -> Answer:
        """Let a message go."""

    def close(self) -> None:
        """There are no more."""


class _ByServer:
    def __init__(self, server: MailServer) -> None:
        self._server = server

    def send(self, message: bytes, delivery: Delivery, before_content: Callable[[int], None]) -> Answer:
        return self._server.send(message, delivery.address, before_content)

    def close(self) -> None:
        self._server.close()


class _IntoFolder:
    """A file is whole or not there, and written again it is the same one: nothing about it is ever unsure."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: bytes, delivery: Delivery, before_content: Callable[[int], None]) -> Answer:  # noqa: ARG002  # as servers are asked
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        target = self._folder / f"{delivery.as_of}-{_file_name(delivery.address)}-{delivery.edition}.eml"
        unfinished = target.with_suffix(".writing")
        unfinished.write_bytes(message)
        unfinished.replace(target)
        return Answer("sent", f"written to {target.name}", 1)

    def close(self) -> None:
        pass


def _file_name(address: str) -> str:
    """An address as part of a file's name; no two are alike."""
    safe = _UNSAFE.sub("_", address)
    return safe if safe == address else f"{safe}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def checked_addresses(recipients: Sequence[Recipient], only: Iterable[str]) -> frozenset[str]:
    """The addresses asked for, as the settings write them.

    Raises:
        UsageError: one is no recipient's.
    """
    known = {one.address.casefold(): one.address for one in recipients}
    asked = list(only)
    if unknown := next((address for address in asked if address.casefold() not in known), None):
        raise UsageError(
            got=f"--to {unknown}",
            expected="the address of a [[recipient]] in receivables.toml",
            try_=nearest(unknown, known.values()) or "adding one",
        )
    return frozenset(known[address.casefold()] for address in asked)


def mail_report(night: Night, *, is_again: bool = False, only: frozenset[str] = frozenset()) -> Mailed:
    """Mail the report of the published night to who has not got it.

    Args:
        night: the run under way.
        is_again: mail it also to who has got it, or may have.
        only: addresses; empty: all recipients.
    """
    recipients = [one for one in night.settings.recipient if not only or one.address in only]
    with night.step("mail", len(recipients)) as counts:
        mailed = _mail(night, recipients, is_again=is_again)
        counts["items"] = sum(one.status == "sent" for one in mailed.deliveries)
        counts["findings"] = len(mailed.reasons)
    return mailed


def _mail(night: Night, recipients: Sequence[Recipient], *, is_again: bool) -> Mailed:
    _settle(night)
    path = published_file(night.home.root)
    with Warehouse(path) as warehouse:
        run = _run(warehouse)
    _supersede(night, recipients, run)
    planned, reasons = _planned(night, recipients, run, is_again=is_again)
    done: list[Delivery] = []
    if planned:
        try:
            way = _way(night)
        except ReceivablesError as error:
            return Mailed((), (*reasons, f"the report was mailed to nobody: {error}"))
        try:
            reasons += _send_all(night, path, planned, way, done)
        finally:
            way.close()
    return Mailed(tuple(done), tuple(reasons))


def _run(warehouse: Warehouse) -> Run:
    from receivables.pages import run_of

    return run_of(warehouse.table("ops.run"))


def _settle(night: Night) -> None:
    """Take back what a lost store no longer knows; of what a run that was cut off had in hand nobody knows whether it arrived."""
    delivery_log.complete(night.state, night.home.lake)
    told = "the program was cut off while the server had the message in hand"
    cut_off = [
        replace(one, status="unsure", told=told, recorded_at=utc_now())
        for one in night.state.deliveries()
        if one.status == "sending"
    ]
    _record(night, *cut_off)


def _record(night: Night, *deliveries: Delivery) -> None:
    delivery_log.record(night.state, night.home.lake, *deliveries)


def _supersede(night: Night, recipients: Sequence[Recipient], run: Run) -> None:
    """What waits from earlier nights is not sent any more: a newer report takes its place, or nobody is to get it. Each is noted."""
    mine = {one.address.casefold() for one in recipients}
    all_known = {one.address.casefold() for one in night.settings.recipient}
    for one in night.state.deliveries():
        address = one.address.casefold()
        if one.status != "queued" or (address in all_known and (address not in mine or one.as_of >= run.as_of)):
            continue
        told = (
            f"the report as of {run.as_of} takes its place" if address in all_known else "it is no recipient any more"
        )
        _record(night, replace(one, status="superseded", told=told, recorded_at=utc_now()))
        night.note(f"the report as of {one.as_of} was never sent to {one.address}: {told}")


def _way(night: Night) -> _Way:
    mail = night.settings.mail
    if not mail.sender:
        raise UsageError(
            got="recipients and no mail.sender",
            expected="the address that reports come from",
            try_='sender = "..." in the section [mail] of receivables.toml',
        )
    if not mail.server:
        return _IntoFolder(night.home.root / mail.folder)
    return _ByServer(MailServer(mail, password_of(mail, night.home.root)))


def _planned(
    night: Night, recipients: Sequence[Recipient], run: Run, *, is_again: bool
) -> tuple[list[tuple[Recipient, Delivery]], list[str]]:
    """Whom the report is mailed to now, and whom nobody knows to have got it."""
    from receivables.message import message_id

    known: dict[str, list[Delivery]] = {}
    for one in night.state.deliveries():
        known.setdefault(one.address.casefold(), []).append(one)
    planned, reasons = [], []
    is_forgotten = delivery_log.is_lost(night.state, night.home.lake, run.as_of)
    for recipient in recipients:
        told = known.get(recipient.address.casefold(), [])
        last = next((one for one in reversed(told) if one.as_of == run.as_of), None)
        if not is_again and last and last.status == "unsure":
            reasons.append(_reason(last))
        if not is_again and any(one.as_of >= run.as_of and one.status in _DONE for one in told):
            continue
        edition = 1 if last is None else last.edition + (last.status in _DONE)
        delivery = Delivery(
            address=recipient.address,
            as_of=run.as_of,
            edition=edition,
            run_id=run.run_id,
            language=recipient.language,
            role=recipient.role,
            in_sight=json.dumps(asdict(Scope.of(recipient)), ensure_ascii=False),
            message_id=message_id(recipient.address, run.as_of, edition, night.settings.mail.sender),
            status="queued",
            told="",
            attempts=0,
            recorded_at=utc_now(),
        )
        if is_forgotten and last is None and not is_again:
            delivery = replace(delivery, status="unsure", told=_FORGOTTEN)
            _record(night, delivery)
            reasons.append(_reason(delivery))
            continue
        planned.append((recipient, delivery))
    return planned, reasons


def _reason(delivery: Delivery) -> str:
    """Why a person must look at a mailing, in one line."""
    what = f"the report as of {delivery.as_of} to {delivery.address}"
    if delivery.status == "refused":
        return f"{what} was refused by the mail server: {delivery.told}"
    if delivery.status == "unsure":
        return f"{what} may have arrived or not: {delivery.told}; receivables mail --resend --to {delivery.address} sends it again"
    return f"{what} was not sent: {delivery.told}; receivables mail tries again"


def _send_all(
    night: Night, path: Path, planned: Sequence[tuple[Recipient, Delivery]], way: _Way, done: list[Delivery]
) -> Iterator[str]:
    """Send message after message, each recorded before the next; tells why a person must look."""
    _record(night, *(delivery for _, delivery in planned))
    stopped = ""
    for key, group in _groups(planned):
        try:
            made = None if stopped else _make(path, night.settings, key)
        except (ReceivablesError, EngineError, OSError) as error:
            why = in_one_line(error)
            for _, delivery in group:
                _settled(night, replace(delivery, told=f"it was not made: {why}", recorded_at=utc_now()), done)
                yield f"the report for {delivery.address} was not made: {why}"
            continue
        for recipient, delivery in group:
            night.progress.advance(recipient.address)
            if made is None or stopped:
                ended = replace(delivery, told=stopped)
            else:
                ended, stopped = _send(night, recipient, delivery, made, way)
            _settled(night, ended, done)
            if ended.status != "sent":
                yield _reason(ended)


def _settled(night: Night, ended: Delivery, done: list[Delivery]) -> None:
    """Keep what became of a mailing."""
    _record(night, ended)
    night.log("mail", address=ended.address, edition=ended.edition, status=ended.status, told=ended.told)
    done.append(ended)


@dataclass(frozen=True)
class _Key:
    """What decides what stands in a mailing."""

    scope: Scope
    role: str
    language: str
    attach: frozenset[str]
    is_again: bool


def _groups(planned: Sequence[tuple[Recipient, Delivery]]) -> list[tuple[_Key, list[tuple[Recipient, Delivery]]]]:
    """The mailings by what stands in them."""
    groups: dict[_Key, list[tuple[Recipient, Delivery]]] = {}
    for recipient, delivery in planned:
        key = _Key(
            Scope.of(recipient),
            recipient.role,
            recipient.language,
            frozenset(recipient.attach),
            delivery.edition > 1,
        )
        groups.setdefault(key, []).append((recipient, delivery))
    return [*groups.items()]


def _send(night: Night, recipient: Recipient, delivery: Delivery, made: _Made, way: _Way) -> tuple[Delivery, str]:
    """Send a message; returns what became of it, and why nothing else can be sent, if so."""
    from receivables.message import message

    composed = message(
        made.letter,
        night.settings.mail,
        recipient,
        message_id=delivery.message_id,
        sent_at=utc_now(),
        attached=made.attached,
    )

    def before_content(attempt: int) -> None:
        _record(night, replace(delivery, status="sending", attempts=attempt, recorded_at=utc_now()))

    try:
        answer = way.send(composed, delivery, before_content)
    except (ServerUnusable, OSError) as error:
        answer = Answer("queued", str(error), 1)
        return _ended(delivery, answer), answer.told
    # a server that could not be reached for one in so many attempts is not waited for again by the next
    return _ended(delivery, answer), answer.told if answer.status == "queued" and answer.is_silent else ""


def _ended(delivery: Delivery, answer: Answer) -> Delivery:
    return replace(delivery, status=answer.status, told=answer.told, attempts=answer.attempts, recorded_at=utc_now())


def _make(path: Path, settings: Settings, key: _Key) -> _Made:
    """Write the letter and the attachments for who sees the same."""
    from receivables.chapters import movers
    from receivables.letter import letter
    from receivables.pages import part_of, published_page

    mail, scope, language = settings.mail, key.scope, key.language
    made: dict[str, bytes] = {}
    # named so that the next night takes it away where this one is cut off
    with (
        TemporaryDirectory(dir=path.parent, prefix=".spill-mail-") as folder,
        in_sight(path, scope, settings, Path(folder)) as warehouse,
    ):
        page = replace(published_page(warehouse.table, settings), part=None)
        page = replace(page, part=part_of(warehouse.table, page.companies, scope))
        moved = tuple(movers.movers({name: warehouse.table(name) for name in movers.TABLES}, mail.movers))
        if mail.attachment_mb and "report" in key.attach:
            made |= _packed(page, key)
        if mail.attachment_mb and "workbook" in key.attach:
            made |= _workbook(warehouse, key, Path(folder))
    attached = _that_fit(made, mail.attachment_mb * _MEGABYTE)
    has_link = bool(mail.report_base_url) and scope.is_whole and language in settings.report.languages
    link = f"{mail.report_base_url.rstrip('/')}/receivables-{language}.html" if has_link else ""
    said = _said(made, attached, key, settings)
    return _Made(letter(page, moved, language, attached=said, link=link, is_again=key.is_again), attached)


def _that_fit(made: Mapping[str, bytes], most: Decimal) -> dict[str, bytes]:
    """What may be attached together, the first of it first."""
    attached: dict[str, bytes] = {}
    for name, content in made.items():
        if sum(map(len, attached.values())) + len(content) <= most:
            attached[name] = content
    return attached


def _packed(page: NightPage, key: _Key) -> dict[str, bytes]:
    """The report as a ZIP file, by its name."""
    from receivables.message import archive

    name = f"receivables-{page.run.as_of}-{key.language}.zip"
    return {name: archive(_pages(page, key.role, key.language), page.run.as_of)}


def _workbook(warehouse: Warehouse, key: _Key, folder: Path) -> dict[str, bytes]:
    """The workbook of what is in sight, by its name; it is written into a folder."""
    from receivables.workbook import file_name, write

    written = write(folder / file_name(key.language), warehouse, key.language, scope=key.scope)
    return {written.path.name: written.path.read_bytes()}


def _said(made: Mapping[str, bytes], attached: Mapping[str, bytes], key: _Key, settings: Settings) -> str:
    """What is attached, and where that lies which is too large."""
    from receivables.language import language_in
    from receivables.mail_wording import attached_sentence, workbook_sentence
    from receivables.workbook import file_name

    words, sentences = language_in(key.language), []
    for name in made:
        is_too_large = name not in attached
        if not name.endswith(".xlsx"):
            sentences.append(attached_sentence(name, words, is_too_large=is_too_large))
            continue
        stands = key.scope.is_whole and settings.report.workbook and key.language in settings.report.languages
        where = file_name(key.language) if stands else _command(key)
        sentences.append(
            workbook_sentence(where if is_too_large else name, words, is_too_large=is_too_large, is_made=stands)
        )
    return words.sentences(sentences)


def _command(key: _Key) -> str:
    """What writes the workbook that a recipient may see."""
    asked = [
        ("--company", key.scope.companies),
        ("--territory", key.scope.territories),
        ("--salesperson", key.scope.salespersons),
    ]
    options = [text for option, names in asked for name in names for text in (option, name)]
    return shlex.join(["receivables", "export", "--out", "workbook.xlsx", "--language", key.language, *options])


def _pages(page: NightPage, role: str, language: str) -> dict[str, str]:
    """The pages that are attached, by file name."""
    from receivables.render import render, render_definitions, render_quality

    has_quality = role == "credit" and bool(page.judged) and not page.is_of_customers
    pages = {f"receivables-{language}.html": render(page, language, has_quality=has_quality)}
    if has_quality:
        pages[f"data-quality-{language}.html"] = render_quality(page, language)
    # it tells of no customer: whoever gets a report may read it
    pages[f"definitions-{language}.html"] = render_definitions(page, language)
    return pages
