"""What somebody puts into the inbox to do harm: it is refused by name, and the night goes on with the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from homes import TUESDAY, business, command, tell

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_that_needs_more_memory_than_allowed_is_refused_and_the_others_are_read(
    home: Path, tmp_path: Path
) -> None:
    """Lines of a million cells: each of them is below what a line may have."""
    (home / "receivables.toml").write_text('[ingest]\nmemory_limit = "150MB"\n', encoding="utf-8")
    trap = tmp_path / "invoices.csv"
    line = "A,1,2024-01-05,2024-02-04,,EUR,100.00" + "," * 4_000_000 + "\n"
    trap.write_text("customer,invoice,date,due,settled date,currency,amount\n" + line * 8, encoding="utf-8")
    sound = tell(tmp_path, business(), TUESDAY)
    ended = command("ingest", trap, *sound, "--home", home)
    assert ended.exit_code == 3
    assert "got invoices.csv, which needs more than 150MB of memory to read" in ended.only_message()
    assert [line.split()[0] for line in ended.stdout.splitlines()] == ["refused", *["loaded"] * len(sound)]
