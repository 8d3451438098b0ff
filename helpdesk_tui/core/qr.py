"""QR codes as text: two modules a character, with half blocks."""

from __future__ import annotations

__all__ = ["half_blocks"]

QUIET = 2
"""Light modules around the code. Readers manage with two; the standard's four would not fit beside words at 80×24."""
_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def half_blocks(text: str) -> list[str]:
    """A QR code of a text, a line of characters for every two lines of modules; to be shown black on white.

    Args:
        text: what a telephone reads; 106 bytes make 21 lines of 41 characters, 134 make 23 of 45.
    """
    import segno

    # As much as fits: a screen has no stains that would need more than the least correction.
    modules = segno.make_qr(text, error="l", boost_error=False).matrix
    size = len(modules) + 2 * QUIET
    dark = [[False] * size for _ in range(size + size % 2)]
    for y, row in enumerate(modules):
        for x, module in enumerate(row):
            dark[y + QUIET][x + QUIET] = bool(module)
    return [
        "".join(_BLOCKS[upper, lower] for upper, lower in zip(dark[y], dark[y + 1], strict=True))
        for y in range(0, size, 2)
    ]
