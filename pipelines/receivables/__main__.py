"""Run the command line with `python -m receivables`."""

from receivables.cli import main

main()
