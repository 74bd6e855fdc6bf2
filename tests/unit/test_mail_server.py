"""Real conversations with a mail server, good and bad ones: what becomes of a message is told as it is, and nothing is ever sent twice."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from mail_posts import PASSWORD, USER, Certificate, Post, certificate, free_port, listening, mail_to
from receivables.errors import UsageError
from receivables.mail_server import Answer, MailServer, ServerUnusable, password_of
from receivables.settings import Mail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MESSAGE = b"Subject: figures\r\n\r\nline\r\n.\r\n..two\r\n.end\r\n"
ANA = "ana@example.com"
LI = "li@example.com"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def post(files: Certificate) -> Iterator[Post]:
    with listening(files) as post:
        yield post


class Sender:
    """Sends through a server, and remembers what it was asked to wait and told."""

    def __init__(self, mail: Mail, password: str = PASSWORD) -> None:
        self.waits: list[float] = []
        self.begun: list[int] = []
        self.server = MailServer(mail, password, self.waits.append)

    def send(self, address: str = ANA, message: bytes = MESSAGE) -> Answer:
        return self.server.send(message, address, self.begun.append)


@pytest.fixture
def sender(post: Post, files: Certificate) -> Iterator[Sender]:
    made = Sender(mail_to(post, files, back_off_seconds=10))
    yield made
    made.server.close()


def test_a_message_arrives_as_it_was_over_starttls_and_with_the_password(post: Post, sender: Sender) -> None:
    assert sender.send() == Answer("sent", "250 taken", 1)
    assert post.taken == [(ANA, MESSAGE)]
    assert (sender.begun, sender.waits, post.logins) == ([1], [], 1)


def test_one_connection_carries_all_messages(post: Post, sender: Sender) -> None:
    assert [sender.send(address).status for address in (ANA, LI, ANA)] == ["sent"] * 3
    assert post.addresses == [ANA, LI, ANA]
    assert post.logins == 1


def test_a_message_arrives_over_tls_from_the_first_byte(files: Certificate) -> None:
    with listening(files, is_tls=True) as post:
        sender = Sender(mail_to(post, files, security="tls", user=""))
        assert sender.send().status == "sent"
        sender.server.close()
        assert post.addresses == [ANA]


def test_a_server_of_this_machine_may_be_used_without_encryption(files: Certificate) -> None:
    with listening(None) as post:
        sender = Sender(mail_to(post, files, security="none", user=""), "")
        assert sender.send().status == "sent"
        sender.server.close()


def test_a_wrong_password_is_tried_once_and_told_by_nobody(post: Post, files: Certificate) -> None:
    sender = Sender(mail_to(post, files), "wrong-and-secret")
    with pytest.raises(
        ServerUnusable, match=r"got mail server 127\.0\.0\.1:\d+: 535 on logging in as reports; "
    ) as told:
        sender.send()
    assert "secret" not in str(told.value)
    assert (post.taken, sender.waits, sender.begun) == ([], [], [])


def test_nothing_is_sent_to_a_server_that_cannot_encrypt(files: Certificate) -> None:
    with listening(None) as post:
        sender = Sender(mail_to(post, files))
        with pytest.raises(ServerUnusable, match="STARTTLS"):
            sender.send()
        assert (post.taken, post.logins, post.named) == ([], 0, [])


def test_nothing_is_sent_to_a_server_that_nobody_vouches_for(post: Post) -> None:
    sender = Sender(mail_to(post, None))
    with pytest.raises(ServerUnusable, match="certificate"):
        sender.send()
    assert (post.taken, post.logins) == ([], 0)


def test_who_is_refused_is_told_and_the_next_gets_the_message(post: Post, sender: Sender) -> None:
    post.on_recipient[ANA] = ["550 5.1.1 no such user"]
    assert sender.send() == Answer("refused", "550 5.1.1 no such user", 1)
    assert sender.send(LI).status == "sent"
    assert (post.addresses, sender.begun, post.logins) == ([LI], [1], 1)


def test_a_message_that_is_refused_as_a_whole_is_told(post: Post, sender: Sender) -> None:
    post.on_content[ANA] = ["554 5.6.0 not wanted here"]
    assert sender.send() == Answer("refused", "554 5.6.0 not wanted here", 1)
    assert sender.send(LI).status == "sent"
    assert post.addresses == [LI]


@pytest.mark.parametrize("where", ["on_recipient", "on_content"])
def test_a_server_that_asks_to_wait_is_asked_again_after_longer_and_longer(
    post: Post, sender: Sender, where: str
) -> None:
    getattr(post, where)[ANA] = ["451 4.7.1 greylisted"] * 2
    assert sender.send() == Answer("sent", "250 taken", 3)
    assert sender.waits == [10, 20]
    assert post.addresses == [ANA]


def test_a_server_that_goes_on_asking_to_wait_keeps_the_message_queued(post: Post, sender: Sender) -> None:
    post.on_recipient[ANA] = ["451 4.7.1 greylisted"] * 9
    assert sender.send() == Answer("queued", "451 4.7.1 greylisted", 4)
    assert (sender.waits, sender.begun) == ([10, 20, 40], [])


def test_a_server_that_says_good_bye_is_asked_again_over_another_connection(post: Post, sender: Sender) -> None:
    post.on_recipient[ANA] = ["421 4.3.2 going down"]
    assert sender.send().status == "sent"
    assert post.logins == 2


@pytest.mark.parametrize("behaviour", ["drop", "wait"])
def test_a_connection_that_breaks_before_the_content_is_made_again(post: Post, sender: Sender, behaviour: str) -> None:
    post.on_recipient[ANA] = [behaviour]
    answer = sender.send()
    assert (answer.status, answer.attempts) == ("sent", 2)
    assert (post.addresses, sender.begun, post.logins) == ([ANA], [2], 2)


@pytest.mark.parametrize("behaviour", ["drop", "take and drop", "wait"])
def test_a_connection_that_breaks_after_the_content_leaves_it_unsure_and_nothing_is_tried_again(
    post: Post, sender: Sender, behaviour: str
) -> None:
    post.on_content[ANA] = [behaviour]
    answer = sender.send()
    assert (answer.status, answer.attempts) == ("unsure", 1)
    assert answer.told.startswith("the connection broke before the server answered")
    assert (post.named, sender.waits) == ([ANA], [])
    assert len(post.taken) == (behaviour == "take and drop")
    assert sender.send(LI).status == "sent"


def test_a_server_that_is_not_there_is_tried_as_often_as_settings_say(files: Certificate) -> None:
    sender = Sender(mail_to(Post(free_port()), files, attempts=3, back_off_seconds=1))
    answer = sender.send()
    assert (answer.status, answer.attempts, answer.is_silent) == ("queued", 3, True)
    assert "refused" in answer.told
    assert sender.waits == [1, 2]


def test_what_a_server_says_is_told_on_one_line_and_never_with_the_password(post: Post, sender: Sender) -> None:
    post.on_recipient[ANA] = [f"550 \x1b[31m{PASSWORD} " + "x" * 400]
    told = sender.send().told
    assert told.startswith("550 [31m*** xx")
    assert len(told) <= 200


# Where the password comes from ---------------------------------------------------------------------------------------


def asked(file: str = "", **changes: Any) -> Mail:
    told = {"user": USER, "password_env": "MAIL_PASSWORD_OF_TESTS", "password_file": file}
    return Mail.model_validate(told | changes)


def test_the_password_comes_from_the_environment_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PASSWORD_OF_TESTS", PASSWORD)
    assert password_of(asked("absent"), tmp_path) == PASSWORD


def test_the_password_comes_from_the_first_line_of_a_file_that_is_private(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{PASSWORD}\nmore\n", encoding="utf-8")
    (tmp_path / "secret").chmod(0o600)
    assert password_of(asked("secret"), tmp_path) == PASSWORD
    assert password_of(asked(str(tmp_path / "secret")), tmp_path) == PASSWORD


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_password_that_others_may_read_is_not_used(tmp_path: Path, mode: int) -> None:
    (tmp_path / "secret").write_text(PASSWORD, encoding="utf-8")
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(
        UsageError, match=f"with mode {mode:o}; expected a file that its owner alone may read, mode 600; try chmod 600"
    ):
        password_of(asked("secret"), tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"", "which is empty"), (b"\xff\xfe", "no text"), (b"\nsecond", "which is empty")],
)
def test_a_file_without_a_password_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
        (tmp_path / "secret").chmod(0o600)
    with pytest.raises(UsageError, match=said):
        password_of(asked("secret"), tmp_path)


def test_a_user_without_any_password_is_told_where_to_put_one(tmp_path: Path) -> None:
    assert "MAIL_PASSWORD_OF_TESTS" not in os.environ
    with pytest.raises(UsageError, match="try exporting MAIL_PASSWORD_OF_TESTS"):
        password_of(asked(), tmp_path)
    assert password_of(asked(user=""), tmp_path) == ""
