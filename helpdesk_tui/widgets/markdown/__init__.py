"""Markdown → lines of styled text, for threads and articles: parsed once, laid out to a width, never a widget each."""

from helpdesk_tui.widgets.markdown.layout import Laid, lay_out
from helpdesk_tui.widgets.markdown.palette import COMPONENT_CLASSES, Palette
from helpdesk_tui.widgets.markdown.wrap import Line

__all__ = ["COMPONENT_CLASSES", "Laid", "Line", "Palette", "lay_out"]
