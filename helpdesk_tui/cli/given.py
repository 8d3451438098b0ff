"""What is given to a command: numbers, and texts on the command line, in a file or on standard input."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from helpdesk_tui.core.errors import BadInput

__all__ = ["a_number", "add_message", "file_text", "message_text"]


def a_number(most: int, *, least: int = 1, everything: bool = False) -> Callable[[str], int]:
    """The type of an option that takes a number.

    Args:
        most: the largest.
        least: the smallest.
        everything: whether “all” is the largest.
    """
    alternative = " nor “all”" if everything else ""

    def number(text: str) -> int:
        if everything and text == "all":
            return most
        # Not all that is a digit to Unicode is one to a person, and int() would take "1_000".
        if text.isascii() and text.isdigit() and len(text) <= 20 and least <= int(text) <= most:
            return int(text)
        wrong = "neither a" if everything else "no"
        raise argparse.ArgumentTypeError(f"{text!r} is {wrong} number from {least} to {most}{alternative}")

    return number


def add_message(parser: argparse.ArgumentParser) -> None:
    """Add the options that a message's text and files are given by."""
    text = parser.add_mutually_exclusive_group()
    text.add_argument("-m", "--message", metavar="TEXT", help="the text; - reads it from stdin")
    text.add_argument("-F", "--file", type=Path, metavar="FILE", help="read the text from a file; - from stdin")
    parser.add_argument(
        "--attach",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="send a file with it (may be given several times)",
    )


def file_text(file: str | Path) -> str:
    """The text of a file; of standard input for "-".

    Raises:
        BadInput: it cannot be read, or is no text.
    """
    try:
        content = sys.stdin.read() if str(file) == "-" else Path(file).read_text(encoding="utf-8")
        content.encode()  # what a pipe gave that is no UTF-8 stands in it as lone surrogates
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeError as error:
        raise BadInput(f"{'What came in' if str(file) == '-' else file} is not UTF-8 text.") from error
    return content


def message_text(message: str | None, file: Path | None) -> str | None:
    """The text of a message.

    Args:
        message: the text itself, or "-" for standard input.
        file: where it stands instead.

    Returns:
        The text; None where neither is given.

    Raises:
        BadInput: it cannot be read, or is no text.
    """
    if file is not None or message == "-":
        content = file_text(file or "-")
    elif message is None:
        return None
    else:
        content = message
        try:
            content.encode()
        except UnicodeError as error:
            raise BadInput("The message is not UTF-8 text.") from error
    if "\0" in content:
        raise BadInput("The message holds a NUL character, which no text does.")
    return content
