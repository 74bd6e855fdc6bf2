"""A mail server on this machine to talk to: STARTTLS and a password asked for, and every way a server can behave badly."""

from __future__ import annotations

import asyncio
import io
import shutil
import socket
import ssl
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default as modern
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from receivables.settings import Mail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, LoginPassword, Session

USER: Final = "reports"
PASSWORD: Final = "correct horse battery"  # noqa: S105  # of a server that lives for a test
SENDER: Final = "receivables@example.com"


@dataclass(frozen=True)
class Certificate:
    """A certificate of localhost that signs itself, and its key, as files."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server shows it with."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.certificate, self.key)
        return made


def certificate(folder: Path) -> Certificate:
    """Make one that is good for a day."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = Certificate(folder / "server.pem", folder / "server.key")
    files.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@dataclass
class Post:
    """A server that listens, what it took in, and how it is to behave: by address the answers to its naming or to its content, one for each time, then taken.

    An answer is a line as servers send it, `drop` (the connection breaks), `take and drop` (it breaks after the message was taken), or `wait` (none comes).
    """

    port: int = 0
    on_recipient: dict[str, list[str]] = field(default_factory=dict)
    on_content: dict[str, list[str]] = field(default_factory=dict)
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    logins: int = 0
    when_taken: Callable[[str], None] | None = None
    """What is done once a message was taken, before its sender is told."""

    @property
    def addresses(self) -> list[str]:
        """Whom messages were taken for."""
        return [address for address, _ in self.taken]

    def login(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, told: LoginPassword
    ) -> AuthResult:
        """Let in who knows the password."""
        self.logins += 1
        return AuthResult(success=(told.login, told.password) == (USER.encode(), PASSWORD.encode()), handled=False)

    async def handle_RCPT(  # noqa: N802  # the library's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Answer to the naming of a recipient."""
        self.named.append(address)
        answer = await self._behave(server, self.on_recipient, address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer to a message."""
        [address] = envelope.rcpt_tos
        content = envelope.original_content or b""
        if self.on_content.get(address, [])[:1] == ["take and drop"]:
            self.taken.append((address, content))
        answer = await self._behave(server, self.on_content, address)
        if answer.startswith("250"):
            self.taken.append((address, content))
            if self.when_taken is not None:
                self.when_taken(address)
        return answer

    async def _behave(self, server: SMTP, behaviour: dict[str, list[str]], address: str) -> str:
        told = behaviour.get(address, [])
        answer = told.pop(0) if told else "250 taken"
        if answer.endswith("drop"):
            transport = server.transport
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        if answer == "wait":
            await asyncio.sleep(3)
        return "451 never heard" if answer in ("drop", "take and drop", "wait") else answer


@contextmanager
def listening(files: Certificate | None, *, is_tls: bool = False) -> Iterator[Post]:
    """A server that is there for a while; `files` None: one that knows no encryption."""
    post = Post()
    told: dict[str, Any] = {}
    if files is not None and is_tls:
        told |= {"ssl_context": files.context()}
    elif files is not None:
        told |= {"tls_context": files.context(), "require_starttls": True}
        # the library knows no password without STARTTLS
        told |= {"authenticator": post.login, "auth_required": True}
    server = Controller(post, hostname="127.0.0.1", port=free_port(), server_hostname="localhost", **told)
    server.start()
    post.port = server.port
    try:
        yield post
    finally:
        server.stop()


def logging_in(home: Path, post: Post, certified: Certificate) -> str:
    """The settings of a home that mails through the server, its password in a private file and the server's certificate beside it."""
    secret = home / "secret"
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o600)
    shutil.copyfile(certified.certificate, home / "ca.pem")
    return f"server = '127.0.0.1'\nport = {post.port}\nuser = '{USER}'\npassword_file = 'secret'\nca_file = '{home / 'ca.pem'}'\n"


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mail_to(post: Post, files: Certificate | None, **changes: Any) -> Mail:
    """Settings that lead to a server."""
    told: dict[str, Any] = {
        "server": "127.0.0.1",
        "port": post.port,
        "user": USER,
        "sender": SENDER,
        "ca_file": str(files.certificate) if files else "",
        "back_off_seconds": 0,
        "timeout_seconds": 1,
    }
    return Mail.model_validate(told | changes)


def parsed(content: bytes) -> EmailMessage:
    """A message as its reader's program understands it."""
    return message_from_bytes(content, policy=modern)


def told_in(content: bytes) -> str:
    """All that can be read in a message: its bytes, its headers and parts decoded, and every file of what is attached."""
    message = parsed(content)
    found = [content.decode("latin-1"), *(str(value) for value in message.values())]
    for part in message.walk():
        if part.is_multipart():
            continue
        body = part.get_content()
        if isinstance(body, str):
            found.append(body)
        elif body.startswith(b"PK"):  # a workbook is one too
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                found += [name + archive.read(name).decode() for name in archive.namelist()]
        else:
            found.append(body.decode("latin-1"))
    return "\n".join(found)
