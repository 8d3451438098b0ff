"""The filter language: ``status:open priority>=high assignee:@me -tag:vip (waiting>4h or due<1d) "refund"``.

In steps, each of which can grow by itself: words with their places and a tree of them (``parse``), a condition with
parameters (``compile``, with the fields in ``fields`` and ``times``), and what could stand where the caret is
(``complete``). What a person typed never becomes part of the SQL: it is looked up (``Vocabulary``) or travels as a
parameter. Whatever cannot be understood is refused with its place, so that a caret can stand under it. The language
is told in docs/queries.md.
"""

from helpdesk_tui.core.filters.compile import Condition, condition
from helpdesk_tui.core.filters.complete import Suggestion, complete
from helpdesk_tui.core.filters.errors import FilterError, Unfinished
from helpdesk_tui.core.filters.fields import FIELDS
from helpdesk_tui.core.filters.names import CustomField, Vocabulary
from helpdesk_tui.core.filters.parse import parse
from helpdesk_tui.core.filters.tree import printed, quoted

__all__ = [
    "FIELDS",
    "Condition",
    "CustomField",
    "FilterError",
    "Suggestion",
    "Unfinished",
    "Vocabulary",
    "complete",
    "condition",
    "parse",
    "printed",
    "quoted",
]
