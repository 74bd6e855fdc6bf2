"""What a night lets go of once it is older than is kept: reports, messages, files that were read; never what they told."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from receivables.dates import utc_now
from receivables.lake import sha256_of
from receivables.land import inbox_files
from receivables.sources import forget_sources
from receivables.state import is_read_whole

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from receivables.run import Night


def let_go(night: Night) -> None:
    """Let go of what is older than is kept; a night that cannot lets go of it another time."""
    from receivables.deliver import forget_messages, forget_reports

    kept, now, told = night.settings.retention, utc_now(), dict[str, int]()
    try:
        told["reports"] = len(forget_reports(night.home.out, kept.report_dates))
        told["messages"] = forget_messages(night.home.root / night.settings.mail.folder, now, kept.message_days)
        told["sources"] = len(forget_sources(night.home.lake, night.state, now - timedelta(days=kept.source_days)))
        if kept.inbox_days:
            told["inbox"] = len(_forget_inbox(night, now - timedelta(days=kept.inbox_days)))
    except OSError as error:
        night.note(f"what is older than is kept was not removed: {error}")
        return
    if any(told.values()):
        night.log("forgotten", "info", **told)


def _forget_inbox(night: Night, before: datetime) -> list[Path]:
    """Delete the files of the home's inbox whose content was loaded whole before a moment, and is what it was then.

    A file that was refused, has lines in quarantine or was not read for want of a profile stays, as somebody is to look at it.
    """
    gone, moment = [], before.replace(tzinfo=UTC).timestamp()
    for path in inbox_files(night.home.inbox):
        if path.is_symlink() or path.stat().st_mtime >= moment:
            continue
        if is_read_whole(night.state.batches_of(sha256_of(path)), before):
            path.unlink(missing_ok=True)
            gone.append(path)
    return gone
