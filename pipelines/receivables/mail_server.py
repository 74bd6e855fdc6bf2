"""The mail server: one connection, encrypted and logged in as settings say; what becomes of each message is told, and what nobody can know as well.

A message is out of our hands from its first byte on: if the connection breaks between that and the server's answer, the server may have it or not. Such a
message is `unsure` and never tried again by itself. Whatever goes wrong before is tried again after a while.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from receivables.errors import UsageError
from receivables.language import shortened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from receivables.settings import Mail

Status = Literal["sent", "refused", "queued", "unsure"]

_TOLD_COLUMNS: Final = 200
_LINE_START: Final = re.compile(rb"(?m)^\.")


@dataclass(frozen=True)
class Answer:
    """What became of a message, after so many attempts, and what the server told last.

    `queued`: it was not taken and may be tried another time; `is_silent`: because the server could not be reached at all.
    """

    status: Status
    told: str
    attempts: int
    is_silent: bool = False


class _Later(Exception):
    """The message was not taken; it may be tried again."""


class _Refused(Exception):
    """The message was not taken and never will be."""


class _Unsure(Exception):
    """Whether the message was taken nobody knows."""


class ServerUnusable(UsageError):
    """Nothing can be sent through the server as settings describe it."""


def password_of(mail: Mail, home: Path) -> str:
    """The password to log in with; empty where nobody logs in.

    Raises:
        UsageError: there is none, or others may read its file.
    """
    if not mail.user:
        return ""
    if told := os.environ.get(mail.password_env, ""):
        return told
    if not mail.password_file:
        raise UsageError(
            got=f"no password for the mail user {mail.user}",
            expected=f"one in the environment variable {mail.password_env} or in the file mail.password_file names",
            try_=f"exporting {mail.password_env}",
        )
    path = home / mail.password_file
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) or mode & 0o077:
            raise UsageError(
                got=f"{path} with mode {stat.S_IMODE(mode):o}",
                expected="a file that its owner alone may read, mode 600",
                try_=f"chmod 600 {path}",
            )
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            got=f"{path}: {getattr(error, 'strerror', None) or 'no text'}",
            expected="a file with the password in its first line",
            try_="the path in mail.password_file",
        ) from None
    if not lines or not lines[0]:
        raise UsageError(
            got=f"{path}, which is empty", expected="the password in its first line", try_="writing it there"
        )
    return lines[0]


class MailServer:
    """Sends messages one by one over one connection, which is made when first needed and again when it broke."""

    def __init__(self, mail: Mail, password: str, wait: Callable[[float], None] = time.sleep) -> None:
        """Remember how to reach the server; `wait` sleeps for so many seconds."""
        self._mail, self._password, self._wait = mail, password, wait
        self._server: smtplib.SMTP | None = None

    def send(self, message: bytes, address: str, before_content: Callable[[int], None]) -> Answer:
        """Send a message to one address; `before_content` is called with the number of the attempt when the server is ready for its first byte.

        Raises:
            ServerUnusable: the server cannot be used as settings say.
        """
        told = ""
        for attempt in range(1, self._mail.attempts + 1):
            if attempt > 1:
                self._wait(float(self._mail.back_off_seconds) * 2 ** (attempt - 2))
            try:
                return Answer("sent", self._try(message, address, lambda: before_content(attempt)), attempt)  # noqa: B023  # called at once
            except _Refused as refused:
                return Answer("refused", str(refused), attempt)
            except _Unsure as unsure:
                return Answer("unsure", str(unsure), attempt)
            except _Later as later:
                told = str(later)
        return Answer("queued", told, self._mail.attempts, is_silent=self._server is None)

    def greet(self) -> None:
        """Connect, encrypt and log in as settings say, and take leave; nothing is sent.

        Raises:
            ServerUnusable: it does not answer, or not as settings say.
        """
        try:
            self._connected()
        except _Later as later:
            raise self._unusable(str(later)) from None
        finally:
            self.close()

    def _try(self, message: bytes, address: str, before_content: Callable[[], None]) -> str:
        server = self._connected()
        try:
            self._expect(server.mail(self._mail.sender), 250)
            self._expect(server.rcpt(address), 250, 251, 252)
            server.putcmd("data")
            self._expect(server.getreply(), 354)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise _Later(self._plain(error)) from None
        before_content()
        try:
            server.send(_LINE_START.sub(b"..", message) + (b"" if message.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            reply = server.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise _Unsure(f"the connection broke before the server answered: {self._plain(error)}") from None
        return self._expect(reply, 250)

    def _expect(self, reply: tuple[int, bytes], *codes: int) -> str:
        """The server's words, where its answer is one of these."""
        code, words = reply
        told = self._plain(f"{code} {words.decode('utf-8', errors='replace')}")
        if code in codes:
            return told
        if code == 421 or code < 0:
            self._drop()
        else:
            with suppress(smtplib.SMTPException, OSError):
                if self._server is not None:
                    self._server.rset()
        if 500 <= code < 600:
            raise _Refused(told)
        raise _Later(told)

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            try:
                self._server = self._connect()
            except (ssl.SSLCertVerificationError, smtplib.SMTPNotSupportedError) as error:
                raise self._unusable(self._plain(error)) from None
            except smtplib.SMTPAuthenticationError as error:
                if 400 <= error.smtp_code < 500:
                    raise _Later(f"{error.smtp_code} on logging in") from None
                # what the server says about it may repeat what was sent
                raise self._unusable(f"{error.smtp_code} on logging in as {self._mail.user}") from None
            except (smtplib.SMTPException, OSError) as error:
                raise _Later(self._plain(error)) from None
        return self._server

    def _connect(self) -> smtplib.SMTP:
        mail, timeout = self._mail, float(self._mail.timeout_seconds)
        context = None if mail.security == "none" else ssl.create_default_context(cafile=mail.ca_file or None)
        # what the machine calls itself would be asked of the network
        own = mail.sender.rpartition("@")[2]
        if mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(mail.server, mail.port, own, timeout=timeout, context=context)
        else:
            server = smtplib.SMTP(mail.server, mail.port, own, timeout=timeout)
        try:
            server.ehlo_or_helo_if_needed()
            if mail.security == "starttls":
                server.starttls(context=context)
                server.ehlo()
            if mail.user:
                server.login(mail.user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    def _unusable(self, got: str) -> ServerUnusable:
        mail = self._mail
        return ServerUnusable(
            got=f"mail server {mail.server}:{mail.port}: {got}",
            expected=f"one that takes messages with security = {mail.security}"
            + (", and this user with its password" if mail.user else ""),
            try_="the section [mail] of receivables.toml",
        )

    def _plain(self, told: object) -> str:
        """What happened, on one line and without the password."""
        text = shortened(str(told) or type(told).__name__, _TOLD_COLUMNS)
        return text.replace(self._password, "***") if self._password else text

    def _drop(self) -> None:
        """Let go of a connection that is of no more use."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def close(self) -> None:
        """Take leave of the server."""
        if self._server is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._server.quit()
            self._drop()
