"""By which server reports are mailed, and to whom with what in sight."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from receivables.settings.section import Section

_ADDRESS: Final = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?"
Address = Annotated[str, Field(pattern=rf"^{_ADDRESS}$")]
"""One address in ASCII; of a domain with other letters the form that begins with xn--."""

Word = Annotated[str, Field(min_length=1)]


class Mail(Section):
    """By which server reports are mailed; the password comes from the environment or a file of mode 600, never from here."""

    server: str = Field(
        default="", description="host name of the mail server; empty: messages are written to mail.folder as .eml files"
    )
    port: int = Field(
        default=587, ge=1, le=65535, description="587 is where servers take mail with starttls, 465 with tls"
    )
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="how the connection is encrypted; none only for a server on the same machine or a closed network, and without a user",
    )
    ca_file: str = Field(
        default="",
        description="certificates (PEM) that the server's must be signed by, for one of the company's own; empty: those of the system",
    )
    user: str = Field(default="", description="name to log in with; empty: the server asks for none")
    password_env: str = Field(
        default="RECEIVABLES_MAIL_PASSWORD",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="environment variable that holds the password; it goes before the file",
    )
    password_file: str = Field(
        default="", description="file that holds the password in its first line and that its owner alone may read"
    )
    sender: str = Field(
        default="",
        pattern=rf"^({_ADDRESS})?$",
        description="address that reports come from; needed as soon as there is a recipient",
    )
    sender_name: str = Field(default="", description="name shown beside the sender's address; empty: none")
    attempts: int = Field(
        default=4,
        ge=1,
        le=20,
        description="times a message is tried where the server does not answer or asks to wait; what it refuses for good is tried once",
    )
    back_off_seconds: Decimal = Field(
        default=Decimal(10),
        ge=0,
        le=3600,
        description="seconds before the second attempt, twice as long before each further one; servers that put strangers off take them after a minute",
    )
    timeout_seconds: Decimal = Field(
        default=Decimal(60),
        gt=0,
        le=3600,
        description="seconds without an answer after which a connection counts as dead; scanning an attachment takes servers half a minute",
    )
    report_base_url: str = Field(
        default="",
        pattern=r"^(https?://[^\s<>\"'\\]+)?$",
        description="address under which the folder out/ is served inside the company; who sees the whole report gets a link; empty: no link",
    )
    folder: str = Field(
        default="out/mail", min_length=1, description="folder below the home for .eml files where there is no server"
    )
    movers: int = Field(
        default=5,
        ge=0,
        le=20,
        description="customers whose overdue amount rose most, and as many whose fell most, in the body of a message; a screen of a phone shows ten",
    )
    attachment_mb: Decimal = Field(
        default=Decimal(10),
        ge=0,
        le=100,
        description="megabytes that report and workbook may have together, compressed, to be attached; what does not fit is told in the message; "
        "many servers refuse messages of more than 20 once encoded; 0: nothing is attached",
    )

    @model_validator(mode="after")
    def _no_password_in_the_open(self) -> Mail:
        if self.user and self.security == "none":
            raise ValueError("a user only with security = starttls or tls: the password would be readable on the way")
        return self


class Recipient(Section):
    """Somebody who is mailed every night's report, and what of it is in sight; empty lists: everything."""

    address: Address = Field(description="where the report is mailed to")
    name: str = Field(default="", description="name of the person, to stand beside the address")
    role: Literal["management", "credit", "sales"] = Field(
        default="management",
        description="management: the report; credit: also what was checked about the data; sales: the report of customers in sight, which must be narrowed",
    )
    language: Literal["en", "es", "zh"] = Field(default="en", description="language of the message and its report")
    attach: tuple[Literal["report", "workbook"], ...] = Field(
        default=("report",),
        description="what is attached: the report to read, the workbook to sort and filter; both hold what is in sight and nothing else",
    )
    companies: tuple[Word, ...] = Field(default=(), description="ids of the companies in sight")
    territories: tuple[Word, ...] = Field(
        default=(), description="ids of territories whose customers are in sight, with all territories that lie in them"
    )
    salespersons: tuple[Word, ...] = Field(
        default=(), description="salespersons whose customers are in sight, as the customers tell them"
    )

    @model_validator(mode="after")
    def _sales_are_narrowed(self) -> Recipient:
        if self.role == "sales" and not (self.territories or self.salespersons):
            raise ValueError("territories or salespersons for the role sales, which never sees a whole company")
        return self
