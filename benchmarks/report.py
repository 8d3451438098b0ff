"""What a benchmark found: always beside a reference of the same run, since machines differ and ratios do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Measure", "table"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure.

    Attributes:
        name: what was measured.
        value, reference: in ``unit``.
        unit: such as "ms" or "MB".
        limit: how many times the reference it may be; None for a figure that is only told.
        against: what the reference is.
    """

    name: str
    value: float
    reference: float
    unit: str
    limit: float | None = None
    against: str = "hello-world"

    @property
    def ratio(self) -> float:
        """How many times the reference."""
        return self.value / self.reference if self.reference else 0.0

    @property
    def over(self) -> bool:
        """Whether it is more than it may be."""
        return self.limit is not None and self.ratio > self.limit


def table(measures: Iterable[Measure]) -> str:
    """The figures, one a line."""
    lines = [f"{'':46}{'measured':>12}{'reference':>12}{'ratio':>8}{'limit':>8}"]
    for one in measures:
        limit = "" if one.limit is None else f"{one.limit:.2f}"
        verdict = "" if one.limit is None else ("OVER" if one.over else "ok")
        value, reference = f"{one.value:.1f} {one.unit}", f"{one.reference:.1f} {one.unit}"
        lines.append(f"{one.name:46}{value:>12}{reference:>12}{one.ratio:>8.2f}{limit:>8}  {verdict:5}{one.against}")
    return "\n".join(lines)
