"""What strangers write to take a terminal over, and a terminal that notices.

``HOSTILE`` holds one text a trick, each between two words of its own (``q07 … z07``), so that a test can tell that
it was shown. :class:`Terminal` is fed what a program sends: it obeys what our drawing needs, draws the rest cell by
cell as wcwidth measures it, and remembers everything that has no business there.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from wcwidth import iter_graphemes, wcswidth

__all__ = ["BLOCKS", "HOSTILE", "LINES", "NAMES", "Terminal", "breaches", "mark"]

ESC, CSI, OSC, ST, BEL = "\x1b", "\x1b[", "\x1b]", "\x1b\\", "\x07"
ZALGO: Final = "".join(map(chr, range(0x0300, 0x036F)))

#: What fits where one line is written: titles, names, topics. Postgres takes no NUL.
_LINES: Final = {
    "colour and cursor": f"{CSI}31m{CSI}2J{CSI}H{CSI}999C{CSI}5A",
    "scroll region, reset": f"{CSI}1;3r{ESC}c{ESC}7{ESC}8{CSI}?1049l{CSI}?25l",
    "cursor in eight bits": "\x9b2J\x9b31m\x84\x8d",
    "title": f"{OSC}0;owned{BEL}{OSC}2;owned{ST}",
    "title in eight bits": "\x9d0;owned\x9c",
    "clipboard": f"{OSC}52;c;cm0gLXJmIH4={BEL}",
    "clipboard in eight bits": "\x9d52;c;cm0gLXJmIH4=\x9c",
    "hidden link": f"{OSC}8;;https://evil.example{ST}bank.example{OSC}8;;{ST}",
    "link never closed": f"{OSC}8;id=x;file:///etc/passwd{BEL}",
    "notification": f"{OSC}9;You won{BEL}{OSC}777;notify;a;b{ST}{OSC}99;;kitty{ST}",
    "device control": f'{ESC}P$q"p{ST}{ESC}P+q544e{ST}\x90q#0!10~\x9c',
    "answers as keys": f"{CSI}6n{CSI}c{CSI}21t{ESC}Z{CSI}>q",
    "application command": f"{ESC}_anything{ST}\x9fG\x9c{ESC}^pm{ST}{ESC}Xsos{ST}",
    "kitty picture": f"{ESC}_Ga=T,f=24,s=1,v=1;AAAA{ST}",
    "iTerm": f"{OSC}1337;File=name=eA==;inline=1:AAAA{BEL}",
    "end of a paste": f"{CSI}201~rm -rf ~\r",
    "sequence cut off": f"{CSI}38;2;",
    "operating command cut off": f"{OSC}0;",
    "sequence in a sequence": f"{ESC}{CSI}31m[2J{ESC}]{CSI}0m52;c;AAAA{BEL}",
    "bell and backspace": "ring\x07\x07over\x08\x08\x08\x08\x7f",
    "carriage return": "good\rEVIL",
    "tabs and feeds": "a\tb\x0bc\x0cd\x1ce\x1df\x1eg\x1fh",
    "line ends of others": "a\u2028b\u2029c\x85d\r\ne\nf",
    "shift out": "\x0elqqk\x0f\x1b(0lqk\x1b(B\x1b#8",
    "Rich markup": "[bold red on white]x[/] [link=https://evil.example]y[/link] [blink]",
    "Textual markup": "[@click=app.quit]press[/] [$error]z[/] [b]",
    "markup never closed": "[ [/ [/] [[ ]] [bold",
    "turned around": "photo_\u202egnp.exe\u202c \u202d1\u202a2\u202b3",
    "isolated": "\u2066a\u2067b\u2068c\u2069 \u200e\u200f\u061c",
    "nothing to see": "pay\u200bpal\u2060.\ufeffcom\u00ad \u200c\u200d\u3164\u115f\u1160\u180e",
    "tags": "plain\U000e0001\U000e0069\U000e0067\U000e006e\U000e007f text",
    "marks in a pile": f"Z{ZALGO}A{ZALGO}L{ZALGO}",
    "mark first": "\u0301\u20dd\u0336x\u0489",
    "wide": "日本語テキスト한국어ｆｕｌｌ、。",
    "emoji": "👨\u200d👩\u200d👧\u200d👦 👍🏽 🏳\ufe0f\u200d🌈 🇬🇧🇩"
    " 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "emoji that do not join": "a\u200d👩\u200dx 👩\u200d\u200d👩 🏽🏽 \ufe0f☁\ufe0f❤\ufe0e 1\ufe0f\u20e3",
    "variations": "a\ufe00b\ufe01c\U000e0100 葛\U000e0100",
    "not characters": "\ufffe\uffff\ufdd0\U0001ffff\ue000\U000f0000\u0378",
    "right to left": "שלום مرحبا \u06dd\u0600",
    "one word": "x" * 300,
    "one wide word": "漢" * 200,
    "nothing but spaces": "a" + "\u2003" * 50 + "\u00a0" * 50 + "b",
    "SQL and shell": "'; drop table tickets; -- $(reboot) `reboot` %s %(x)s {0} \\x1b[2J",
}

#: What only a longer text can do: Markdown, code, ten thousand characters.
_BLOCKS: Final = {
    "ten thousand without a space": "".join(f"y{number}" for number in range(1_800)),
    "ten thousand wide": "".join(f"漢字{number}" for number in range(1_500)),
    "ten thousand marks": "e" + "\u0301" * 10_000,
    "ten thousand controls": "".join(f"\x1b{number}\x9b\x07" for number in range(1_500)),
    "quotes in quotes": "> " * 1_000 + "deep",
    "lists in lists": "\n".join("  " * depth + "- deep" for depth in range(40)) + "\n" + "- " * 1_000 + "x",
    "a huge table": "|"
    + "a|" * 80
    + "\n|"
    + "-|" * 80
    + "\n"
    + "".join("|" + "".join(f"b{row}{n}\x1b[2J|" for n in range(80)) + "\n" for row in "xy"),
    "links": "[bank](javascript:alert(1)) [b](file:///etc/passwd) [c](https://evil.example/\x1b]52;c;AA\x07) "
    "[d](<https://evil.example/\x1b\\\x9b2J>) [https://bank.example](https://evil.example) "
    "[e](data:text/html,x) <https://evil.example/\x07> [f\x1b[2J](mailto:a@b.c) [g](https://evil.example/\u202egnp)",
    "pictures": '![\x1b[2J\u202e](https://evil.example/a.png "\x07") ![](javascript:x)',
    "code": "```\x1b[31m\nrm \x1b]0;owned\x07\n\x9b2J\u202e\n```\n    indented \x1b[2J\n`inline \x07\u202e`",
    "coloured code": "```python\ndef f(): return '\x1b]52;c;AAAA\x07' # \u202e\u2066\n```",
    "entities": "&#27;[2J &#x9b;2J &#x202e;x &#0; &zwj;&zwnj; &#7; &lt;b&gt; &#x1b;]0;owned&#7;",
    "HTML": "<script>\x1b[2J</script> <!-- \x07 --> <img src=x onerror=\u202e>",
    "headings": "# one \x1b[2J\n\n## two \u202e\n\nthree \x9b2J\n=====\n",
    "a fence never closed": "~~~~\n" + "".join(f"```{number}\n" for number in range(40)),
    "brackets": "[" * 600 + "]" * 600,
}


def mark(number: int) -> str:
    """The word that a text begins with."""
    return f"q{number:02d}"


def _marked(texts: dict[str, str], first: int) -> dict[str, str]:
    return {name: f"{mark(number)} {text} z{number:02d}" for number, (name, text) in enumerate(texts.items(), first)}


#: name → text, at most 400 characters, for what is one line.
LINES: Final[dict[str, str]] = _marked(_LINES, 0)
#: name → text for what may be long. They begin on lines of their own, so that Markdown takes them for what they are.
BLOCKS: Final[dict[str, str]] = {
    name: f"{mark(number)}\n\n{text}\n\nz{number}" for number, (name, text) in enumerate(_BLOCKS.items(), len(_LINES))
}
HOSTILE: Final[dict[str, str]] = LINES | BLOCKS

#: Names of files, as a stranger may give them where no rule of the database stands before it.
NAMES: Final[tuple[str, ...]] = (
    "../../x", "/etc/passwd", "..", ".", "", " ", "a/b", "a\\b", "..\\..\\x", "~root", "~/x", "-rf", "--", "$HOME",
    ".bashrc", ".ssh/authorized_keys", "CON", "con.txt", "NUL", "aux .h", "COM1", "lpt9.log", "COM¹", "trailing. . ",
    "trailing...", "a\0b", "a\nb", "a\r\nb", "a\tb", "a\x1b]0;x\x07b", "a\x9b2Jb", "exe\u202efdp.txt", "a\u200bb",
    "a\u2028b", "\ufeffa", "C:\\boot.ini", "a:b", "what?*<>|\"", "ü" * 150, "n" * 300, "x" * 250 + ".tar.gz",
    "a." + "e" * 300, "漢" * 200 + ".pdf", "Z" + ZALGO, "e\u0301.txt", "👩\u200d👩.png", "\ud800", "．．／x", "․․",
    "%2e%2e%2fx",     "con .tar.gz", "$RECYCLE.BIN", "a\u00a0", "\u3000.bashrc", "._x", "a;rm -rf ~", "`x`", "$(x)",
)  # fmt: skip

# -- what may leave ---------------------------------------------------------------------------------------------------

#: Format characters that are spelling, not steering: in emoji, and in scripts that write with them.
_SPELLING: Final = frozenset("\u200d\u200c")
_TAGS: Final = re.compile("\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f")
#: Drawn as nothing, though of no category that says so.
_UNSEEN: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")


def breaches(text: str, allowed: str = "\n") -> list[str]:
    """What stands in a text that no terminal may be given: controls, what turns text around, what is not seen.

    Args:
        text: what is to be shown.
        allowed: control characters that may be there.
    """
    found = []
    for char in _TAGS.sub("", text):
        kind = unicodedata.category(char)
        bad = kind in ("Cc", "Cs", "Zl", "Zp") or char in _UNSEEN or (kind == "Cf" and char not in _SPELLING)
        if bad and char not in allowed:
            found.append(f"U+{ord(char):04X}")
    return found


_TOKEN: Final = re.compile(
    "\x1b\\[([0-?]*)([ -/]*)([@-~])"  # CSI
    "|\x1b\\]([^\x07\x1b\x9c]*)(?:\x07|\x1b\\\\|\x9c)"  # OSC
    "|[^\x1b\n\r]+|[\n\r]|\x1b.?",
    re.DOTALL,
)


@lru_cache(10_000)
def _clusters(text: str) -> tuple[list[tuple[str, int]], list[str]]:
    """Some text as what is drawn in cells of its own, each with how many, and what is wrong with it."""
    sized = [(cluster, wcswidth(cluster)) for cluster in iter_graphemes(text)]
    wrong = [*breaches(text, ""), *(f"no width: {cluster!r}" for cluster, size in sized if size <= 0)]
    return [(cluster, size) for cluster, size in sized if size > 0], wrong


class Terminal:
    """A terminal of so many cells that is told by a program what to show.

    Attributes:
        wrong: what came and has no business there: sequences that drawing does not need, raw controls, reordering.
        told: the OSC sequences that came, without their ends, but for links.
        links: where links that came lead.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.wrong: list[str] = []
        self.told: list[str] = []
        self.links: list[str] = []
        self._cells = [[" "] * width for _ in range(height)]
        self._x = self._y = 0

    def feed(self, data: str) -> None:
        """What the program wrote."""
        for token in _TOKEN.finditer(data):
            whole, final, osc = token[0], token[3], token[4]
            if osc is not None:
                # 22 is the shape of the mouse's pointer, which Textual sets where the pointer goes.
                if re.fullmatch("8;(id=[0-9a-f]+)?;[!-~]*", osc):
                    self.links.append(osc.split(";", 2)[2])
                elif not re.fullmatch("22;[a-z-]*", osc):
                    self.told.append(osc)
            elif final is not None:
                self._obey(whole, token[1], token[2], final)
            elif whole == "\n":
                self._y = min(self._y + 1, self.height - 1)
                self._x = 0
            elif whole[0] in "\x1b\r":
                self.wrong.append(repr(whole))
            else:
                self._draw(whole)

    def _obey(self, whole: str, parameters: str, between: str, final: str) -> None:
        colour = final == "m" and re.fullmatch("[0-9;]*", parameters)
        # The end of a picture, and of what is drawn at once.
        if not between and (colour or (final in "hl" and parameters.startswith("?2026"))):
            return
        if between or final != "H" or not re.fullmatch("[0-9]*(;[0-9]*)?", parameters):
            self.wrong.append(repr(whole))
            return
        y, _, x = parameters.partition(";")
        self._y, self._x = int(y or 1) - 1, int(x or 1) - 1
        if not (0 <= self._y < self.height and 0 <= self._x < self.width):
            self.wrong.append(f"cursor outside: {whole!r}")

    def _draw(self, text: str) -> None:
        clusters, wrong = _clusters(text)
        self.wrong += wrong
        if not 0 <= self._y < self.height:
            return
        row = self._cells[self._y]
        for cluster, size in clusters:
            if self._x + size > self.width:
                self.wrong.append(f"beyond the edge in row {self._y}: {cluster!r}")
                return
            row[self._x] = cluster
            row[self._x + 1 : self._x + size] = [""] * (size - 1)
            self._x += size

    def lines(self) -> list[str]:
        """The rows as they stand."""
        return ["".join(row) for row in self._cells]
