"""Queues of tickets, and tickets by what people call them, as statements for ``Database.run``.

A queue is a *view* (whose tickets, in which state) in a *sort* order, read in pages: "the rows after this one". Every
statement says its scope itself (``department_id = mine``) besides the row level security behind it, so that one index
gives the page in order, at any size of the desk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from helpdesk_tui.core.errors import BadInput
from helpdesk_tui.core.model import NOTHING_MORE, PRIORITIES, Attachment, Me, More, Ticket
from helpdesk_tui.core.queues import EVERYTHING, SLA_VIEWS, VIEWS, Sort, order_of, views_for
from helpdesk_tui.core.statement import Statement, only, positional

if TYPE_CHECKING:
    from helpdesk_tui.core.filters import Condition

COUNT_CAP: Final = 1000
"""Counts stop here: a larger one is shown as "999+" and costs no more."""
_ASLEEP: Final = "(select helpdesk.snoozed())"
_AWAKE: Final = f"t.id <> all({_ASLEEP}::uuid[])"
_STATE: Final[Mapping[str, str]] = {
    "mine": "t.is_open",
    "unassigned": "t.is_open and t.assignee_id is null",
    "department": "t.is_open",
    "open": "t.is_open",
    "waiting": "t.status_rank = 2",
    "overdue": "t.is_open and t.due_sort < now()",
    "snoozed": f"t.is_open and t.id = any({_ASLEEP}::uuid[])",
    "breached": "t.id = any(array("
    "select q.id from helpdesk.sla_queue('breached', null, null, null, false, 1000000) q))",
    "soon": "t.id = any(array(select q.id from helpdesk.sla_queue('soon', null, null, null, false, 1000000) q))",
    "closed": "not t.is_open",
    EVERYTHING: "true",
}
_HALVES: Final = {"open": ("t.is_open",), "ended": ("not t.is_open",), None: ("t.is_open", "not t.is_open")}
_ORDER: Final[Mapping[Sort, tuple[tuple[str, ...], str]]] = {
    "updated": (("updated_at", "id"), "desc"),
    "due": (("due_sort", "id"), "asc"),
    "priority": (("priority_rank", "updated_at", "id"), "desc"),
    "age": (("created_at", "id"), "asc"),
}


def _scopes(me: Me, view: str) -> list[str]:
    """Conditions that together hold the person's tickets of a view, without overlap: each is read by its own index."""
    if view not in _STATE:
        known = ", ".join(v.key for v in VIEWS)
        raise BadInput(f"There is no queue called {view!r}.", f"The queues are {known}.")
    if me.role == "customer":
        return ["t.customer_id = %(me)s"]
    if view == "mine":
        return ["t.assignee_id = %(me)s"]
    if view == "department" or (view == "unassigned" and me.role == "agent"):
        return ["t.department_id = %(department)s"]
    if me.role == "admin":
        return ["true"]
    return ["t.department_id = %(department)s", "t.assignee_id = %(me)s and t.department_id <> %(department)s"]


def _state(me: Me, view: str, where: Condition | None = None) -> str:
    """In which state the tickets of a view are. What sleeps is in no open one until it wakes, and in no query that does
    not speak of it; customers are not told that their requests sleep.
    """
    state = _STATE[view]
    if me.role == "customer" or view in ("snoozed", "closed", *SLA_VIEWS) or (where is not None and where.snoozed):
        return state
    return f"(not t.is_open or {_AWAKE})" if view == EVERYTHING else f"{state} and {_AWAKE}"


def _who(me: Me) -> dict[str, Any]:
    return {"me": me.id, "department": me.department_id or UUID(int=0)}


_PAGE_COLUMNS: Final = (
    "t.id, t.number, t.title, t.status, t.priority, t.customer_id, t.assignee_id, t.department_id, t.due_date, "
    "t.created_at, t.updated_at, t.due_sort, t.priority_rank, t.ctid as place"
)

READ_COLUMNS: Final = (
    "t.id, t.number, t.title, t.description, t.status, t.priority, t.customer_id, t.assignee_id, t.department_id, "
    "t.category_id, t.due_date, t.created_at, t.updated_at, t.first_response_at, t.resolved_at, t.closed_at, "
    "t.is_open, t.status_rank, t.priority_rank, t.due_sort, t.waiting_since, t.ctid"
)
"""All that whoever sees a row of ``tickets t`` may read; not its metadata."""


def _dressed(page: str, order: str) -> str:
    """Names, department and tags for the rows of a page. ``page`` selects _PAGE_COLUMNS from tickets as t.

    The words come from a function that asks once who asks: the policies of four more tables would ask for each row.
    """
    return f"""
with page as materialized ({page})
select t.id, t.number, t.title, t.status, t.priority, t.customer_id, w.requester, t.assignee_id, w.assignee,
       t.department_id, w.department, t.due_date, t.created_at, t.updated_at, w.tags, w.more
  from page t join helpdesk.dressed(array(select id from page), array(select place from page)) w on w.id = t.id
 order by {order}
"""  # noqa: S608  (every part is a constant of this module; what people give travels as a parameter)


def _ticket(*columns: Any) -> Ticket:
    values = list(columns)
    tags, more = values[-2:]
    values[-2:] = tuple(tags), More.of(more) if more else NOTHING_MORE
    return Ticket(*values)


_TICKET_ROW: Final = positional(_ticket)


def page(
    me: Me,
    view: str,
    sort: Sort = "updated",
    *,
    after: Ticket | None = None,
    before: Ticket | None = None,
    last: bool = False,
    limit: int = 100,
    where: Condition | None = None,
) -> Statement[Ticket]:
    """One page of a queue, in the order of ``sort``.

    Args:
        me: who asks.
        view: the key of one of ``VIEWS``, or ``EVERYTHING``.
        after: the page begins behind this ticket.
        before: the page ends ahead of this ticket (its rows still in the order of ``sort``).
        last: the last page of the queue.
        limit: rows at most. Ask for one more than is shown to know whether there are more.
        where: only what a query holds besides. Run ``ALONG`` before it.

    Raises:
        BadInput: there is no such view.
    """
    sort = order_of(view, sort, where)
    if sort == "left":
        edge, backwards = after or before, before is not None or last
        if view in SLA_VIEWS and where is None:
            return _due_first(me, view, edge, backwards=backwards, limit=limit)
        return _by_time_left(me, view, where, edge, backwards=backwards, limit=limit)
    columns, direction = _ORDER[sort]
    backwards = before is not None or last
    way = {"asc": "desc", "desc": "asc"}[direction] if backwards else direction
    params = _who(me)
    edge = after or before
    keyset = ""
    if edge is not None:
        compare = ">" if way == "asc" else "<"
        keyset = (
            f" and ({', '.join('t.' + c for c in columns)}) {compare} ({', '.join(f'%(at_{c})s' for c in columns)})"
        )
        # timestamptz knows 'infinity', datetime does not.
        params |= {
            "at_updated_at": edge.updated_at,
            "at_due_sort": edge.due_date if edge.due_date is not None else "infinity",
            "at_priority_rank": PRIORITIES.index(edge.priority) + 1,
            "at_created_at": edge.created_at,
            "at_id": edge.id,
        }
    order = ", ".join(f"t.{c} {way}" for c in columns)
    # In the text, not a parameter: a plan made for any number of rows is one for a tenth of the table.
    most = f"order by {order} limit {int(limit)}"
    final = ", ".join(f"t.{c} {direction}" for c in columns)
    if where is not None or view == EVERYTHING:
        rows = _union(_arms(me, view, where, _PAGE_COLUMNS, f"{keyset} {most}"), most)
        return Statement(_dressed(rows, final), _used(params, where, rows), _TICKET_ROW, writes=False)
    here, *elsewhere = _scopes(me, view)
    conditions = f"{_state(me, view)}{keyset}"
    rows = f"select {_PAGE_COLUMNS} from public.tickets t where {here} and {conditions} {most}"  # noqa: S608
    if elsewhere:
        other = f"select {_PAGE_COLUMNS} from public.tickets t where {elsewhere[0]} and {conditions} {most}"  # noqa: S608
        if columns[0] != "updated_at" or view not in ("open", "closed"):
            # No index has these in this order. What one person holds of other departments is little, and is read whole:
            # the planner would rather hope to meet it early in what everybody holds.
            half = "not t.is_open" if view == "closed" else "t.is_open"
            other = f"""select t.* from (
              select {_PAGE_COLUMNS}, t.is_open, t.status_rank from public.tickets t
               where {elsewhere[0]} and {half} offset 0) t where {conditions} {most}"""  # noqa: S608
            rows = rows.replace(_PAGE_COLUMNS, f"{_PAGE_COLUMNS}, t.is_open, t.status_rank")
        rows = f"select t.* from (({rows}) union all ({other})) t {most}"  # noqa: S608
    return Statement(_dressed(rows, final), _used(params, None, rows), _TICKET_ROW, writes=False, general=True)


def _due_first(me: Me, view: str, edge: Ticket | None, *, backwards: bool, limit: int) -> Statement[Ticket]:
    """A page of ``SLA_VIEWS``: when a promise is due is kept beside the tickets, and paged by there."""
    if me.role == "customer":
        raise BadInput(f"There is no queue called {view!r}.", "The queues are open, closed.")
    sla = edge.more.sla if edge is not None else None
    # No ticket is moved past that has no promise any more: the page begins anew there.
    at = sla.due if sla is not None else None
    rows = f"""select {_PAGE_COLUMNS}, q.due as promised
      from helpdesk.sla_queue(%(state)s, null, %(at_due)s, %(at_id)s, {backwards}, {int(limit)}) q
      join public.tickets t on t.id = q.id"""  # noqa: S608
    params = {"state": view, "at_due": at, "at_id": edge.id if edge is not None else None}
    return Statement(_dressed(rows, "t.promised, t.id"), params, _TICKET_ROW, writes=False, general=True)


def _by_time_left(
    me: Me, view: str, where: Condition | None, edge: Ticket | None, *, backwards: bool, limit: int
) -> Statement[Ticket]:
    """A page of any queue or query: what is promised by when that is due, behind it, by id, what is not.

    Each of the two is read only as far as the one before it, on the way of the page, leaves room.
    """
    way, beyond = ("desc", "<") if backwards else ("asc", ">")
    scope = " or ".join(f"({s})" for s in _scopes(me, view))
    held = f"({scope}) and {_state(me, view, where)} and {where.sql if where is not None else 'true'}"
    due = edge.more.sla.due if edge is not None and edge.more.sla is not None else None
    most, all_of = f"limit {int(limit)}", "helpdesk.sla_queue('any', null"
    promised = f"""select {_PAGE_COLUMNS}, q.due as promised
      from {all_of}, %(at_due)s, %(at_id)s, {backwards}, 1000000) q join public.tickets t on t.id = q.id
     where {held} order by q.due {way}, q.id {way} {most}"""  # noqa: S608
    keyset = f"and t.id {beyond} %(at_id)s" if edge is not None and due is None else ""
    others = f"""select {_PAGE_COLUMNS}, timestamptz 'infinity' as promised from public.tickets t
     where {held} and t.id not in (select q.id from {all_of}, null, null, false, 1000000) q) {keyset}
     order by t.id {way} {most}"""  # noqa: S608
    first, then = (others, promised) if backwards else (promised, others)
    if edge is not None and (due is None) is not backwards:
        rows = then
    else:
        rows = f"""with nearer as materialized ({first})
          select * from nearer
          union all
          (select * from ({then}) f where (select count(*) from nearer) < {int(limit)})
          order by promised {way}, id {way} {most}"""  # noqa: S608
    params = _who(me) | {"at_due": due, "at_id": edge.id if edge is not None and (due is not None or keyset) else None}
    return Statement(_dressed(rows, "t.promised, t.id"), _used(params, where, rows), _TICKET_ROW, writes=False)


def _used(params: Mapping[str, Any], where: Condition | None, sql: str) -> dict[str, Any]:
    """Those of the parameters that a text mentions, and a query's."""
    return {name: value for name, value in params.items() if f"%({name})s" in sql} | dict(where.params if where else {})


def _arms(me: Me, view: str, where: Condition | None, columns: str, rest: str) -> list[str]:
    """What a query asks of a view, in parts that do not overlap, each of which has an index in every order.

    There are indexes of what is open and of what has ended, but none of both: most queries are about one half.
    """
    asked = where.sql if where is not None else "true"
    if me.role == "customer":
        scoped = f"t.customer_id = %(me)s and {_state(me, view, where)}"
        return [f"select {columns} from public.tickets t where {scoped} and {asked} {rest}"]  # noqa: S608
    if where is not None and where.by_id:
        # The ids are found once, and the tickets by these, wherever they are and whatever became of them.
        scope = " or ".join(f"({s})" for s in _scopes(me, view))
        held = f"{asked} and ({scope}) and {_state(me, view, where)}"
        return [f"select {columns} from public.tickets t where {held} {rest}"]  # noqa: S608
    arms = []
    awake = "" if where is not None and where.snoozed else f" and {_AWAKE}"
    whole = [half if half.startswith("not") else half + awake for half in _HALVES[where.state if where else None]]
    for half in whole if view == EVERYTHING else [_state(me, view, where)]:
        for scope in _scopes(me, view):
            source = f"public.tickets t where {scope} and {half} and"
            if "<>" in scope and not half.startswith("not"):
                # What one person holds of other departments is little, and is read whole: see page().
                held = f"select {READ_COLUMNS} from public.tickets t where {scope} and t.is_open offset 0"  # noqa: S608
                source = f"({held}) t where {half} and"
            arms.append(f"select {columns} from {source} {asked} {rest}")  # noqa: S608
    return arms


def _union(arms: Sequence[str], most: str) -> str:
    if len(arms) == 1:
        return arms[0]
    return f"select t.* from ({' union all '.join(f'({arm})' for arm in arms)}) t {most}"  # noqa: S608


def in_view(me: Me, view: str, ids: Sequence[UUID], where: Condition | None = None) -> Statement[Ticket]:
    """Those of some tickets that are in a view now: what is asked for and not answered is no longer there."""
    scope = " or ".join(f"({s})" for s in _scopes(me, view))
    params = {**_who(me), "ids": list(ids)}
    asked = "" if where is None else f" and {where.sql}"
    source = "public.tickets t where t.id = any(%(ids)s) and"
    rows = f"select {_PAGE_COLUMNS} from {source} ({scope}) and {_state(me, view, where)}{asked}"  # noqa: S608
    # A query is planned as it is: the general plan is looked at for the built-in views alone.
    general = where is None
    return Statement(_dressed(rows, "t.id"), _used(params, where, rows), _TICKET_ROW, writes=False, general=general)


def marks(me: Me, where: Condition | None, view: str = EVERYTHING) -> Statement[tuple[UUID, int, datetime]]:
    """Of every ticket that a query holds its id, its number and when it last changed, in no order."""
    rows = " union all ".join(f"({arm})" for arm in _arms(me, view, where, "t.id, t.number, t.updated_at", ""))
    return Statement(rows, _used(_who(me), where, rows), writes=False)


ALONG: Final = Statement("select set_config('enable_seqscan', 'off', true)", writes=False)
"""Before a ``page`` with a query in the same call. Of what no index knows (a title's words, a custom field) the planner
guesses that the whole table has to be read and sorted; along an index it ends as soon as there are enough."""
TYPING: Final = Statement(
    "select set_config('statement_timeout', %(milliseconds)s, true), set_config('enable_seqscan', 'off', true)",
    {"milliseconds": "1000"},
    writes=False,
)
"""As ``ALONG`` before ``count``, and keeps that from taking longer than somebody types."""


def count(me: Me, where: Condition | None, view: str = EVERYTHING, *, most: int = COUNT_CAP) -> Statement[int]:
    """How many tickets a query holds, counted up to ``most``: one row.

    The order in which it reads decides nothing but the index.
    """
    arms = _arms(me, view, where, "t.id", f"order by t.updated_at desc, t.id desc limit {int(most)}")
    rows = " union all ".join(f"({arm})" for arm in arms)
    sql = f"select count(*)::integer from (select from ({rows}) t limit {int(most)}) c"  # noqa: S608
    return Statement(sql, _used(_who(me), where, sql), only(int), writes=False)


def categories_of(ids: Sequence[UUID]) -> Statement[tuple[UUID | None]]:
    """Which categories some tickets have."""
    return Statement("select distinct category_id from public.tickets where id = any(%s)", (list(ids),), writes=False)


def described(ticket_id: UUID) -> Statement[tuple[Ticket, str, tuple[Attachment, ...]]]:
    """A ticket by id, with its description (``""`` for none) and its files, those that the person may have."""

    def row(*columns: Any) -> tuple[Ticket, str, tuple[Attachment, ...]]:
        *ticket, description, files = columns
        return _ticket(*ticket), description, tuple(_file(*each) for each in files)

    sql = """select id, number, title, status, priority, customer_id, requester, assignee_id, assignee, department_id,
      department, due_date, created_at, updated_at, tags, coalesce(more, '{}'), coalesce(description, ''),
      coalesce(files, '[]')
      from helpdesk.ticket(%(ticket)s)"""
    return Statement(sql, {"ticket": ticket_id}, positional(row), writes=False, general=True)


def _file(file: str, message: str | None, *known: Any) -> Attachment:
    return Attachment(UUID(file), UUID(message) if message is not None else None, *known)


def find(reference: str) -> Statement[Ticket]:
    """A ticket by what people call it: ``1042``, ``#1042`` or its id. No row: not there, or not for this person.

    Raises:
        BadInput: it is neither a number nor an id.
    """
    text = reference.strip().removeprefix("#")
    if text.isascii() and text.isdigit() and len(text) < 19:
        condition, value = "t.number = %(value)s", int(text)
    else:
        try:
            condition, value = "t.id = %(value)s", UUID(text)  # type: ignore[assignment]
        except ValueError:
            raise BadInput(
                f"{reference!r} is not a ticket.", "Give its number, such as 1042, or its whole id."
            ) from None
    rows = f"select {_PAGE_COLUMNS} from public.tickets t where {condition}"  # noqa: S608
    return Statement(_dressed(rows, "t.id"), {"value": value}, _TICKET_ROW, writes=False, general=True)


def details(ids: Sequence[UUID], numbers: Sequence[int]) -> Statement[tuple[UUID, UUID | None, dict[str, Any]]]:
    """Category and custom fields of tickets by their ids and numbers."""
    sql = (
        "with t as materialized (select id, category_id from public.tickets"
        " where id = any(%s::uuid[]) or number = any(%s::bigint[]))"
        " select t.id, t.category_id, coalesce(m.metadata, '{}')"
        " from t left join helpdesk.metadata_of(array(select id from t)) m on m.id = t.id"
    )
    return Statement(sql, (list(ids), list(numbers)), writes=False)


def several(ids: Sequence[UUID], numbers: Sequence[int]) -> Statement[Ticket]:
    """Tickets by their ids and numbers, those of them that are there for this person."""
    rows = " union ".join(
        f"select {_PAGE_COLUMNS} from public.tickets t where {condition}"  # noqa: S608
        for condition in ("t.id = any(%(ids)s::uuid[])", "t.number = any(%(numbers)s::bigint[])")
    )
    return Statement(_dressed(rows, "t.id"), {"ids": list(ids), "numbers": list(numbers)}, _TICKET_ROW, writes=False)


def of_requester(customer: UUID, limit: int = 10) -> Statement[Ticket]:
    """The latest tickets of a requester that the person sees, those that are open first."""
    rows = (
        f"select {_PAGE_COLUMNS}, t.is_open from public.tickets t where t.customer_id = %(customer)s"  # noqa: S608
        f" order by t.is_open desc, t.updated_at desc, t.id desc limit {int(limit)}"
    )
    order = "t.is_open desc, t.updated_at desc, t.id desc"
    return Statement(_dressed(rows, order), {"customer": customer}, _TICKET_ROW, writes=False)


def counts(me: Me) -> Statement[dict[str, int]]:
    """How many tickets each view of the person holds, counted up to ``COUNT_CAP``: one row, keyed by view."""
    views = tuple(view.key for view in views_for(me))
    columns = ", ".join(f"coalesce(max(tickets) filter (where queue = '{view}'), 0)" for view in views)

    def row(*values: int) -> dict[str, int]:
        return dict(zip(views, values, strict=True))

    sql = f"select {columns} from helpdesk.counts(%(most)s)"  # noqa: S608  (the keys of VIEWS)
    return Statement(sql, {"most": COUNT_CAP}, positional(row), writes=False, general=True)
