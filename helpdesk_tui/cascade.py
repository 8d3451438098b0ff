"""The style sheet of the app: Textual's own, which remembers what it worked out.

A third of what opening a screen costs is to find out, rule by rule, which of them hold for a widget: when it is
mounted, when its screen is shown, when a class of the screen or the focus changes, and again for every part that a
widget styles by a class of its own. The answer follows from the rules in question and from what they can see of the
widget and of what it stands in; where both have been there before, so has the answer. Nor is everything read anew
when a new kind of widget brings its styles along. What touches Textual's inner workings for that is in this module.
"""

# ruff: noqa: SLF001

from __future__ import annotations

from collections.abc import Hashable
from itertools import count
from typing import Any, Final

from textual.css.model import RuleSet
from textual.css.styles import RenderStyles, RulesMap
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation
from textual.dom import DOMNode

__all__ = ["Cascade"]

#: What is remembered is forgotten, all at once, when it is so much. A day of work comes to a tenth.
PLACES: Final = 50_000
SOURCES: Final = 1_000
SHEETS: Final = 100
#: They follow from a widget's neighbours, of which nothing is remembered.
AMONG_OTHERS: Final = frozenset({"first-of-type", "last-of-type", "first-child", "last-child", "odd", "even", "empty"})
#: Where these are asked for, Textual's own style sheet does not tell its caller what came out.
UNTOLD: Final = frozenset(Stylesheet._EXCLUDE_PSEUDO_CLASSES_FROM_CACHE) | AMONG_OTHERS

_Place = int
NOWHERE: Final = 0
_Sheet = tuple[int, str, CSSLocation, bool, int, str]
_Walk = dict[Any, Any]


class _Candidates:
    """The rules that may hold for a widget, by its kind, name and classes, and what they came to, by its place.

    Attributes:
        rules: kept, so that what they are known by is nobody else's.
        lasting: whether what they come to follows from the place alone.
        answers: by place, what holds there; None: nothing does.
    """

    def __init__(self, rules: tuple[RuleSet, ...]) -> None:
        pseudo: set[str] = set().union(*(rule.pseudo_classes for rule in rules))
        self.rules = rules
        self.lasting = pseudo.isdisjoint(UNTOLD)
        self.hover = "hover" in pseudo
        self.answers: dict[_Place, RulesMap | None] = {}


class _Rules:
    """All rules of a style sheet, and which of them may hold for whom.

    Args:
        rules: kept, so that what they are known by is nobody else's.

    Attributes:
        pseudo: what they ask for of a widget's state, in order.
        by_names: by a widget's kind, name and classes: the rules that may hold for it.
    """

    def __init__(self, rules: list[RuleSet]) -> None:
        self._rules = rules
        #: By the name that a rule asks for last: which rules do.
        self._at: dict[str, list[int]] = {}
        for at, rule in enumerate(rules):
            for name in rule.selector_names:
                self._at.setdefault(name, []).append(at)
        self.pseudo = tuple(sorted(set().union(*(rule.pseudo_classes for rule in rules)) - AMONG_OTHERS))
        self.by_names: dict[Hashable, _Candidates] = {}

    def candidates(self, names: set[str]) -> _Candidates:
        """The rules that ask for one of these names last."""
        wanted = sorted({at for name in self._at.keys() & names for at in self._at[name]})
        some = tuple(self._rules[at] for at in wanted)
        identities = tuple(map(id, some))
        if identities not in _candidates:
            _candidates[identities] = _Candidates(some)
        return _candidates[identities]


class _Parts(dict[str, RenderStyles]):
    """How the parts of a widget look. Most are never asked for: what holds for them is known, the styles are made late.

    Args:
        widget: whose parts.
        place: where it stood.
        rules: the rules of the style sheet, all of them.
    """

    def __init__(self, widget: DOMNode, place: _Place, rules: list[RuleSet]) -> None:
        super().__init__()
        self._widget = widget
        self.place, self.rules = place, rules
        self.answers: dict[str, RulesMap | None] = {}

    def __contains__(self, name: object) -> bool:
        return name in self.answers or super().__contains__(name)

    def __missing__(self, name: str) -> RenderStyles:
        part = _part(self._widget, name)
        if (answer := self.answers[name]) is not None:
            Stylesheet.replace_rules(part, answer)
        styles = self[name] = part.styles
        return styles

    def clear(self) -> None:
        """Know nothing any more, as of a widget that is taken away."""
        super().clear()
        self.answers, self.place = {}, NOWHERE


#: By variables, source and what is said about it: its rules. Shared by all apps of a process, as the others are.
_read: dict[_Sheet, list[RuleSet]] = {}
_themes: dict[tuple[tuple[str, str], ...], int] = {}
#: By the identities of the rules.
_rules: dict[tuple[int, ...], _Rules] = {}
_candidates: dict[tuple[int, ...], _Candidates] = {}
#: By the place around it and by what can be seen of itself: a widget's place.
_places: dict[tuple[_Place, Hashable], _Place] = {}
_numbers = count(1)


class Cascade(Stylesheet):
    """A style sheet that styles as its base class does, at less cost.

    Args:
        variables: the theme's.
    """

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._theme = 0
        self._current: list[RuleSet] | None = None
        self._known = _Rules([])
        self._here: tuple[DOMNode | None, _Place] = (None, 0)

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take the variables of another theme."""
        super().set_variables(variables)
        self._theme = 0

    def reparse(self) -> None:
        """Read the sources with the variables as they are now; of what cannot be read nothing is taken."""
        self._invalid_css.clear()
        self.parse()

    def _parse_rules(
        self, css: str, read_from: CSSLocation, is_default_rules: bool = False, tie_breaker: int = 0, scope: str = ""
    ) -> list[RuleSet]:
        if not self._theme:
            self._theme = _themes.setdefault(tuple(self._variables.items()), len(_themes) + 1)
        sheet = (self._theme, css, read_from, is_default_rules, tie_breaker, scope)
        rules = _read.get(sheet)
        if rules is None:
            if len(_read) >= SOURCES:
                _read.clear()
            rules = _read[sheet] = super()._parse_rules(css, read_from, is_default_rules, tie_breaker, scope)
        return rules

    def apply(
        self, node: DOMNode, *, animate: bool = False, cache: dict[tuple[Any, ...], RulesMap] | None = None
    ) -> None:
        """Style a widget and the parts of it that have classes of their own.

        Args:
            node: the widget.
            animate: whether what changes may do so gradually.
            cache: belongs to one walk through several widgets.
        """
        candidates = self._candidates_for(type(node), node._id, frozenset(node._classes), node)
        if not candidates.lasting:
            super().apply(node, animate=animate, cache=cache)
            return
        place = self._place(node, {} if cache is None else cache)
        self._here = (node, place)
        if place not in candidates.answers:
            told: dict[tuple[Any, ...], RulesMap] = {}
            super().apply(node, animate=animate, cache=told)
            candidates.answers[place] = next(iter(told.values()), None)
            return
        node._has_hover_style = candidates.hover
        node._has_focus_within = node._has_order_style = node._has_odd_or_even = False
        rules = candidates.answers[place]
        if rules is not None:
            self.replace_rules(node, rules, animate=animate)
        self._process_component_classes(node)

    def _process_component_classes(self, node: DOMNode) -> None:
        classes = node._get_component_classes()
        if not classes:
            return
        standing, place = self._here
        if standing is not node:
            place = self._place(node, {})
        rules, old = self.rules, node._component_styles
        known = old if isinstance(old, _Parts) else None
        if known is not None and known.place == place and known.rules is rules:
            return
        new = _Parts(node, place, rules)
        walk: _Walk = {node: place}
        changed = known is None or known.place == NOWHERE
        for component in sorted(classes):
            candidates = self._candidates_for(DOMNode, None, frozenset({component}), None)
            inner = _number(place, (DOMNode, None, frozenset({component}), ()))
            if inner not in candidates.answers:
                part = _part(node, component)
                self.apply(part, cache=walk)
                if not candidates.lasting:
                    new[component] = part.styles
                    changed = changed or old.get(component) != part.styles
                    continue
            answer = new.answers[component] = candidates.answers[inner]
            changed = changed or known is None or known.answers.get(component) != answer
        node._component_styles = new
        if changed:
            node.refresh()

    @classmethod
    def replace_rules(cls, node: DOMNode, rules: RulesMap, animate: bool = False) -> None:
        """Have these rules, and no others, hold for a widget."""
        if not animate and node.styles.base._rules == rules:
            node.notify_style_update()
        else:
            super().replace_rules(node, rules, animate)

    def _candidates_for(
        self, kind: type[DOMNode], name: str | None, classes: frozenset[str], node: DOMNode | None
    ) -> _Candidates:
        rules = self.rules
        if rules is not self._current:
            identities = tuple(map(id, rules))
            if identities not in _rules:
                if len(_rules) >= SHEETS:
                    _rules.clear()
                    _candidates.clear()
                _rules[identities] = _Rules(rules)
            self._current, self._known = rules, _rules[identities]
        names = (kind, name, classes)
        found = self._known.by_names.get(names)
        if found is None:
            sought = (node or DOMNode(classes=" ".join(classes)))._selector_names
            found = self._known.by_names[names] = self._known.candidates(sought)
        return found

    def _place(self, node: DOMNode, walk: _Walk) -> _Place:
        place: _Place | None = walk.get(node)
        if place is None:
            parent = node._parent
            around = self._place(parent, walk) if isinstance(parent, DOMNode) else 0
            checks = node._PSEUDO_CLASSES
            # What somebody who asks for one of them would be told.
            states = tuple(name for name in self._known.pseudo if name in checks and checks[name](node))  # type: ignore[arg-type]
            place = walk[node] = _number(around, (type(node), node._id, frozenset(node._classes), states))
        return place


def _part(widget: DOMNode, name: str) -> DOMNode:
    """What stands for a part of a widget while it is styled, as Textual makes it."""
    part = DOMNode(classes=name)
    part._attach(widget)
    return part


def _number(around: _Place, seen: Hashable) -> _Place:
    place = _places.get((around, seen))
    if place is None:
        if len(_places) >= PLACES:
            _places.clear()
            for candidates in _candidates.values():
                candidates.answers.clear()
        place = _places[around, seen] = next(_numbers)
    return place
