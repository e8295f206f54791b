"""`python -m app`: the same as `freshprint`."""

from app.cli import main

main()
