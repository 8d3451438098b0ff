"""What a record of an import file holds, by name: text, times, lists; each complaint names the field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

_NAMESPACE: Final = UUID("6f1c1c0e-58f7-5c86-9d0f-0e6d9a7b2a51")
_REPLACED: Final = re.compile("[\x00\ud800-\udfff]")
_AMERICAN: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})\Z")
_EMPTY: Final[tuple[object, ...]] = (None, "", 0, [], {})


class BadRecord(Exception):
    """A record that cannot be taken in; the message says which field and why."""


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids that are the same whenever, wherever and by whomever the same file is imported.

    Args:
        source: what tells this helpdesk's exports from another's whose numbers may be the same.
    """

    source: str

    def of(self, kind: str, *names: str) -> UUID:
        """The id of the thing of this kind that its source calls by these names."""
        return uuid5(_NAMESPACE, json.dumps([self.source, kind, *names]))


def clean(text: str) -> str:
    """Text that Postgres can hold: NUL and lone surrogates become U+FFFD, nothing else changes."""
    return _REPLACED.sub("\ufffd", text)


def clean_value(value: Any) -> Any:
    """The same for every text inside a JSON value.

    Raises:
        BadRecord: a number in it is larger than JSON can say.
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_value(each) for each in value]
    if isinstance(value, dict):
        return {clean(key): clean_value(each) for key, each in value.items()}
    if isinstance(value, float) and not (value - value == 0.0):
        raise BadRecord("a number is too large")
    return value


class Fields:
    """A JSON object, read by field.

    Args:
        value: the object.
        where: what leads to it, for complaints: ``messages[2].``
    """

    def __init__(self, value: Mapping[str, Any], where: str = "") -> None:
        self._value = value
        self._where = where
        self._read: set[str] = set()

    def _get(self, name: str) -> Any:
        self._read.add(name)
        return self._value.get(name)

    def bad(self, name: str, why: str) -> BadRecord:
        """A complaint about a field, to be raised."""
        return BadRecord(f"“{self._where}{name}” {why}")

    def optional_text(self, name: str) -> str | None:
        """A text, as it is, or None if there is none."""
        value = self._get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.bad(name, "is not text")
        return clean(value)

    def text(self, name: str) -> str:
        """A text that has to be there, though it may be empty."""
        value = self.optional_text(name)
        if value is None:
            raise self.bad(name, "is missing")
        return value

    def name(self, name: str) -> str:
        """An id or the name of somebody: a text that is not blank, or a whole number."""
        value = self._get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value is None:
            raise self.bad(name, "is missing")
        if not isinstance(value, str) or not value.strip():
            raise self.bad(name, "is neither a name nor a number")
        return clean(value).strip()

    def optional_name(self, name: str) -> str | None:
        """The same, or None if there is none."""
        return None if self._value.get(name) is None else self.name(name)

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """One of several words, or None if there is none."""
        value = self._get(name)
        if value is not None and value not in choices:
            raise self.bad(name, f"is none of {', '.join(choices)}")
        return None if value is None else str(value)

    def flag(self, name: str) -> bool:
        """Yes or no; an absent one is no."""
        value = self._get(name)
        if value is not None and not isinstance(value, bool):
            raise self.bad(name, "is neither true nor false")
        return bool(value)

    def peek(self, name: str) -> Any:
        """A field as it is, which still counts as one that nobody has read."""
        return self._value.get(name)

    def optional_time(self, name: str) -> datetime | None:
        """A moment in UTC, or None. ISO 8601, taken as UTC if it names no offset; a day alone is its first moment."""
        value = self._get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise self.bad(name, "is not a time such as 2025-01-31T09:30:00Z")
        try:
            if american := _AMERICAN.match(value):
                month, day, year = (int(part) for part in american.groups())
                return datetime(year, month, day, tzinfo=UTC)
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.bad(name, "is not a time such as 2025-01-31T09:30:00Z") from None

    def time(self, name: str) -> datetime:
        """A moment that has to be there."""
        value = self.optional_time(name)
        if value is None:
            raise self.bad(name, "is missing")
        return value

    def records(self, name: str) -> list[Fields]:
        """A list of objects; an absent one is empty."""
        value = self._get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.bad(name, "is not a list")
        for index, each in enumerate(value):
            if not isinstance(each, dict):
                raise self.bad(f"{name}[{index}]", "is not an object")
        return [Fields(each, f"{self._where}{name}[{index}].") for index, each in enumerate(value)]

    def texts(self, name: str) -> list[str]:
        """A list of texts that are not blank, each once, in order; an absent one is empty."""
        value = self._get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.bad(name, "is not a list of texts")
        return list(dict.fromkeys(text for text in (clean(each).strip() for each in value) if text))

    def rest(self) -> dict[str, Any]:
        """Every field that nobody has read yet and that is not empty: what the tables have no column for."""
        return {
            clean(key): clean_value(value)
            for key, value in self._value.items()
            if key not in self._read and not (value in _EMPTY and value is not False)
        }


def in_order(moments: list[datetime]) -> list[datetime]:
    """The same moments, but one that equals the moment before it comes a microsecond later, so that order survives."""
    out: list[datetime] = []
    for index, moment in enumerate(moments):
        tied = index > 0 and moment == moments[index - 1]
        out.append(out[-1] + timedelta(microseconds=1) if tied else moment)
    return out
