"""What a text says, read word by word: what the search of tickets is held against."""

from __future__ import annotations

import re
import unicodedata


def plain(text: str) -> list[str]:
    """The words of a text, without accents and capitals."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return re.findall(r"[^\W_]+", bare.lower())


def says(text: str, asked_for: str) -> bool:
    """Whether a text holds words one after the other, the last one as a beginning; what is Japanese, anywhere."""
    if re.search("[\u3040-\u30ff]", asked_for):
        return asked_for in text
    has, wanted = plain(text), plain(asked_for)
    if len(" ".join(wanted)) < 2:
        return False
    places = range(len(has) - len(wanted) + 1)
    return any(
        has[at : at + len(wanted) - 1] == wanted[:-1] and has[at + len(wanted) - 1].startswith(wanted[-1])
        for at in places
    )
