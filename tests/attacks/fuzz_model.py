"""What each kind of person may change: SECURITY.md's sentences about writing, as Python over rows before and after.

The model looks at what became of the database and not at what was tried, so it knows nothing of the statements.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Final

from tests.attacks.fuzz_state import Change, Row, Rows, State, by_id

_STATUS: Final = {"status", "updated_at", "resolved_at", "closed_at", "is_open", "status_rank", "waiting_since"}
_TICKET: Final = _STATUS | {
    "title", "priority", "category_id", "due_date", "department_id", "assignee_id", "first_response_at",
    "priority_rank", "due_sort",
}  # fmt: skip
_ARTICLE: Final = {"title", "content", "category_id", "status", "metadata", "updated_at", "published_at", "version"}
_CHAT: Final = {"status", "ended_at", "ended_by", "waiting_since", "accepted_at", "last_message_at", "agent_id"}
_NOTICE: Final = {"type", "title", "read", "times", "kinds", "created_at", "updated_at"}
# What a line over several tickets says.
_MANY: Final = re.compile(
    r"\d+ (tickets were assigned to you|of your tickets are due)"
    r"|\d+ of your requests were (answered|changed|answered or changed)"
    r"|News on \d+ tickets"
)
_SEQUENCES: Final = (
    "tickets_number_seq", "article_index_key_seq", "chat_handovers_id_seq", "audit_chains_chain_seq",
    "routing_asked_id_seq",
)  # fmt: skip
_SEARCH_INDEX: Final = {f"private.article_{name}" for name in ("index", "terms", "words", "languages")}


def altered(change: Change) -> set[str]:
    """The columns that differ, all of them where the row came or went."""
    if change.old is None or change.new is None:
        return set(change.row)
    return {name for name in change.new if change.old.get(name) != change.new[name]}


class Model:
    """Judges the changes of one batch.

    Args:
        state: of the database.
        fuzzer: one of FUZZERS.
        person: the id of who it is.
        roles: the role that they take, and the database login that is theirs alone.
        department: whom an agent works for.
        statements: how many ran; no sequence moves further than that allows.
    """

    def __init__(
        self, state: State, fuzzer: str, person: str, roles: Collection[str], department: str | None, statements: int
    ) -> None:
        self.state = state
        self.fuzzer = fuzzer
        self.me = person
        self.roles = roles
        self.department = department
        self.statements = statements
        self.before: dict[str, Mapping[str, Row]] = {}
        self.after: dict[str, Mapping[str, Row]] = {}
        self.since = self.until = datetime.now(UTC)
        self._rules: dict[str, Callable[[Change], bool]] = {}
        self.taken_back: set[str] = set()
        if fuzzer in ("customer", "agent"):
            self._rules = {
                f"public.{name}": getattr(self, f"_{name}")
                for name in (
                    "tickets", "ticket_messages", "ticket_attachments", "ticket_status_history", "ticket_events",
                    "ticket_feedback", "kb_article_feedback", "profiles", "chat_sessions", "chat_messages",
                    "notifications",
                )
            } | {"private.chat_seen": self._seen, "private.drafts": self._drafts}  # fmt: skip
            # What is worked out of a ticket and its messages when they change.
            self._rules |= dict.fromkeys(
                ("private.ticket_sla", "private.sla_results", "private.ticket_words"),
                lambda change: self.in_scope(change.row["ticket_id"]),
            )
        if fuzzer in ("customer", "agent"):
            # What is given out when it comes in, or waits to be.
            self._rules["private.routing_queue"] = lambda change: self.in_scope(change.row["ticket_id"])
            self._rules["private.routing_turns"] = self._turns
            # What is kept of all this, where it is.
            self._rules["private.audit"] = lambda change: (
                change.old is None and change.row["actor"] == self.me and self.fresh(change.row["at"])
            )
            self._rules["private.audit_chains"] = lambda change: change.new is not None
            self._rules["private.ticket_snoozes"] = self._snoozes
            self._rules["private.ticket_acts"] = lambda change: change.row["actor_id"] == self.me
        if fuzzer == "agent":
            self._rules |= {
                "public.ticket_tags": lambda change: change.old is None and self.fresh(change.row["created_at"]),
                "public.ticket_tag_relations": self._tag_relations,
                "public.kb_articles": self._articles,
                "public.kb_article_versions": self._versions,
                "public.kb_categories": lambda change: (
                    change.new is not None
                    and (change.old is None or altered(change) <= {"name", "description", "parent_id"})
                ),
                "private.chat_handovers": lambda change: change.old is None and change.row["by_id"] == self.me,
                "private.macros": self._macros,
                "private.macro_uses": lambda change: change.row["person_id"] == self.me,
                "private.followers": lambda change: change.row["person"] == self.me,
                "private.links": lambda change: self._related(change.row["ticket_id"], change.row["other_id"]),
                "private.merges": lambda change: (
                    self._related(change.row["ticket_id"], change.row["into_id"])
                    and self.me == change.row["actor_id" if change.old is None else "undone_by"]
                ),
                "private.due_told": lambda change: change.row["person"] == self.me,
                "private.back_told": lambda change: change.row["person"] == self.me,
                "private.sla_told": lambda change: change.row["person"] == self.me,
                "private.saved_views": self._saved_views,
                "private.presence": self._presence,
                "private.away": lambda change: change.row["person_id"] == self.me,
                "private.last_here": lambda change: change.row["person_id"] == self.me,
            } | dict.fromkeys(_SEARCH_INDEX, lambda change: True)

    def complaints(self, before: Rows, after: Rows, since: str, until: str) -> tuple[list[Change], list[Change]]:
        """All changes, and those that nobody may make; ``since`` and ``until`` are the database's times around them."""
        changes = self.state.changes(before, after)
        self.since, self.until = datetime.fromisoformat(since), datetime.fromisoformat(until)
        for name in ("tickets", "ticket_messages", "chat_sessions", "chat_messages", "kb_articles", "profiles"):
            self.before[name] = by_id(before, f"public.{name}")
            self.after[name] = by_id(after, f"public.{name}")
        # Tickets that they had written down for others, and have taken back.
        written = {
            act["before"][0]["id"]
            for act in by_id(before, "private.ticket_acts").values()
            if act["kind"] == "write" and act["actor_id"] == self.me
        }
        self.taken_back = written - set(self.after["tickets"])
        return changes, [change for change in changes if not self.allows(change)]

    def allows(self, change: Change) -> bool:
        """Whether this is something that this person may do, or that follows from it."""
        if change.new is None and change.row.get("ticket_id", change.row.get("id")) in self.taken_back:
            return True
        if change.table in self._rules:
            return self._rules[change.table](change)
        if change.table == "pg_sequences":
            old, new = change.old, change.new
            # A number that was drawn for a row that was refused is gone.
            return (
                old is not None and new is not None and altered(change) == {"last_value"}
                and 0 < (new["last_value"] or 0) - (old["last_value"] or 0) <= 200 * self.statements
                and new["sequencename"] in _SEQUENCES
            )  # fmt: skip
        # A login's own settings and password are its own; those of the role that it takes come to life for nobody: it
        # cannot log in and may create nothing.
        if change.table == "pg_authid":
            return altered(change) <= {"rolpassword"} and change.row["rolname"] in self.roles
        whose = {
            "pg_db_role_setting": "setrole", "pg_default_acl": "defaclrole", "pg_largeobject_metadata": "lomowner",
        }.get(change.table)  # fmt: skip
        return whose is not None and self.state.role(change.row[whose]) in self.roles

    # -- what rules are made of ---------------------------------------------------------------------------------------

    def fresh(self, at: str | None) -> bool:
        """Whether a time lies within the batch."""
        return at is not None and self.since <= datetime.fromisoformat(at) <= self.until

    def worked_on(self, ticket: Row) -> bool:
        """Whether a ticket is, or was, one of an agent's."""
        return self.fuzzer == "agent" and (
            (self.department is not None and ticket["department_id"] == self.department)
            or ticket["assignee_id"] == self.me
        )

    def ticket(self, ticket: str) -> Row | None:
        """A ticket as it was, or as it was made in this batch."""
        return self.before["tickets"].get(ticket) or self.after["tickets"].get(ticket)

    def in_scope(self, ticket: str) -> bool:
        """Whether it was this person's to work on or to follow when the batch began, or came of the batch."""
        found = self.ticket(ticket)
        return found is not None and (
            found["customer_id"] == self.me
            or self.worked_on(found)
            or (self.fuzzer == "agent" and ticket not in self.before["tickets"])
        )

    def _as_team(self, ticket: str) -> bool:
        found = self.ticket(ticket)
        return found is not None and self.in_scope(ticket) and found["customer_id"] != self.me

    def _snoozes(self, change: Change) -> bool:
        """The team's; and it ends when the requester says something or opens the ticket again."""
        ticket = self.ticket(change.row["ticket_id"])
        woken = change.new is None and ticket is not None and ticket["customer_id"] == self.me
        return woken or (self.fuzzer == "agent" and self._as_team(change.row["ticket_id"]))

    def _related(self, *tickets: str) -> bool:
        return all(map(self._as_team, tickets))

    def _moved(self, change: Change) -> bool:
        """Whether something only went to another ticket of the same requester, by whoever works on both."""
        old, new = change.old, change.new
        if self.fuzzer != "agent" or old is None or new is None or altered(change) != {"ticket_id"}:
            return False
        origin, target = self.ticket(old["ticket_id"]), self.ticket(new["ticket_id"])
        return (
            origin is not None and target is not None and origin["customer_id"] == target["customer_id"]
            and self._related(old["ticket_id"], new["ticket_id"])
        )  # fmt: skip

    def in_talk(self, chat: str) -> bool:
        """The same for a chat."""
        found = self.before["chat_sessions"].get(chat) or self.after["chat_sessions"].get(chat)
        if found is None:
            return False
        return found["customer_id"] == self.me or (
            self.fuzzer == "agent"
            and (
                found["agent_id"] == self.me
                or (found["status"] == "waiting" and found["department_id"] in (None, self.department))
            )
        )

    def _of_chat(self, ticket: str) -> Row | None:
        """The chat that a ticket was made of in this batch."""
        for chat, row in self.after["chat_sessions"].items():
            if row["ticket_id"] == ticket and self.in_talk(chat):
                return row
        return None

    # -- the tables ---------------------------------------------------------------------------------------------------

    def _tickets(self, change: Change) -> bool:
        old, new = change.old, change.new
        if new is None:
            return False
        if old is not None:
            waits = new["waiting_since"]
            if waits not in (None, old["waiting_since"]) and not self.fresh(waits):
                return False
            let_go = new["assignee_id"] in (None, old["assignee_id"]) or self._routed(new["assignee_id"], new["id"])
            if old["customer_id"] == self.me and let_go and altered(change) <= _STATUS | {"assignee_id"}:
                return True
            return (
                self.worked_on(old)
                and altered(change) <= _TICKET | ({"metadata"} if old["customer_id"] != self.me else set())
                and (new["first_response_at"] == old["first_response_at"] or self.fresh(new["first_response_at"]))
            )  # fmt: skip
        newest = max(row["number"] for row in self.before["tickets"].values())
        chat = self._of_chat(new["id"])
        if new["number"] <= newest or not self.fresh(new["updated_at"]):
            return False
        if chat is not None:
            return new["customer_id"] == chat["customer_id"] and new["created_at"] == chat["created_at"]
        if not self.fresh(new["created_at"]) or new["metadata"] != {}:
            return False
        if self.fuzzer == "customer":
            return (
                new["customer_id"] == self.me and new["status"] in ("open", "closed") and new["priority"] == "medium"
                and (new["assignee_id"] is None or self._routed(new["assignee_id"], new["id"]))
                and new["due_date"] is None and new["first_response_at"] is None
            )  # fmt: skip
        return new["customer_id"] in self.before["profiles"]

    def _ticket_messages(self, change: Change) -> bool:
        new = change.new
        if self._moved(change):
            return True
        if change.old is not None or new is None or new["after_id"] is not None or new["html"] is not None:
            return False
        chat = self._of_chat(new["ticket_id"])
        if chat is not None and any(
            (said["session_id"], said["sender_id"], said["content"], said["created_at"])
            == (chat["id"], new["sender_id"], new["content"], new["created_at"])
            for said in self.after["chat_messages"].values()
        ):
            return not new["is_internal"]
        found = self.ticket(new["ticket_id"])
        return (
            found is not None and new["sender_id"] == self.me and self.fresh(new["created_at"])
            and self.in_scope(new["ticket_id"]) and not (new["is_internal"] and found["customer_id"] == self.me)
        )  # fmt: skip

    def _ticket_attachments(self, change: Change) -> bool:
        new = change.new
        if self._moved(change):
            return True
        if change.old is not None or new is None or not self.fresh(new["created_at"]):
            return False
        message = self.after["ticket_messages"].get(new["message_id"])
        return self.in_scope(new["ticket_id"]) and (
            new["message_id"] is None
            or (message is not None and message["sender_id"] == self.me and self.fresh(message["created_at"]))
        )

    def _ticket_status_history(self, change: Change) -> bool:
        new = change.new
        if change.old is not None or new is None or new["changed_by"] != self.me or new["note"] is not None:
            return False
        chat = self._of_chat(new["ticket_id"])
        at = self.fresh(new["created_at"]) or (chat is not None and new["created_at"] == chat["created_at"])
        return at and self.in_scope(new["ticket_id"])

    def _ticket_events(self, change: Change) -> bool:
        new = change.new
        if change.old is not None or new is None or not self.fresh(new["created_at"]):
            return False
        if not self.in_scope(new["ticket_id"]):
            return False
        if new["routed"]:
            given = new["kind"] == "assignee" and self._routed(new["new_value"], new["ticket_id"])
            return given and new["actor_id"] is None and new["old_value"] is None
        return new["actor_id"] == self.me and (self.fuzzer == "agent" or new["kind"] == "assignee")

    def _routed(self, person: str, ticket: str) -> bool:
        """Whether it may be routing that gave somebody a ticket: to an agent of where it lies.

        An agent may have moved it on since.
        """
        whom = self.before["profiles"].get(person, {})
        found = [rows[ticket] for rows in (self.before["tickets"], self.after["tickets"]) if ticket in rows]
        return whom.get("role") == "agent" and (
            self.fuzzer == "agent" or any(row["department_id"] == whom["department_id"] for row in found)
        )

    def _turns(self, change: Change) -> bool:
        """Whose turn it is moves on where a ticket of theirs was given out."""
        mine = [
            row["department_id"]
            for rows in (self.before["tickets"], self.after["tickets"])
            for each, row in rows.items()
            if self.in_scope(each)
        ]
        return change.new is not None and altered(change) <= {"last_id"} and change.row["department_id"] in mine

    def _tag_relations(self, change: Change) -> bool:
        return (change.old is None or change.new is None) and self._as_team(change.row["ticket_id"])

    def _ticket_feedback(self, change: Change) -> bool:
        found = self.ticket(change.row["ticket_id"])
        if change.new is None or found is None or found["customer_id"] != self.me:
            return False
        if change.old is None:
            return change.new["customer_id"] == self.me and self.fresh(change.new["created_at"])
        return change.old["customer_id"] == self.me and altered(change) <= {"rating", "comment"}

    def _kb_article_feedback(self, change: Change) -> bool:
        if change.old is not None:
            mine = change.old["user_id"] == self.me
            return mine and (change.new is None or altered(change) <= {"id", "helpful", "comment", "created_at"})
        article = self.after["kb_articles"].get(change.row["article_id"], {})
        readable = self.fuzzer == "agent" or article.get("status") == "published"
        return change.row["user_id"] == self.me and self.fresh(change.row["created_at"]) and readable

    def _articles(self, change: Change) -> bool:
        if change.new is None:
            return False
        if change.old is None:
            return change.new["author_id"] == self.me and self.fresh(change.new["created_at"])
        published = change.new["published_at"]
        return altered(change) <= _ARTICLE and (published == change.old["published_at"] or self.fresh(published))

    def _versions(self, change: Change) -> bool:
        new = change.new
        return (
            change.old is None and new is not None and new["changed_by"] == self.me and self.fresh(new["created_at"])
        )  # fmt: skip

    def _macros(self, change: Change) -> bool:
        """Their own alone, and no department's but theirs."""
        new = change.new
        return change.row["author_id"] == self.me and (
            new is None or (new["author_id"] == self.me and new["department_id"] in (None, self.department))
        )

    def _profiles(self, change: Change) -> bool:
        own = change.row["id"] == self.me and change.old is not None and change.new is not None
        return own and altered(change) <= {"full_name", "avatar_url", "preferences", "updated_at"}

    def _drafts(self, change: Change) -> bool:
        new = change.new
        return change.row["person_id"] == self.me and (
            new is None
            or (
                self.in_scope(new["ticket_id"]) and self.fresh(new["updated_at"])
                and (new["kind"] == "reply" or self._as_team(new["ticket_id"]))
            )
        )  # fmt: skip

    def _presence(self, change: Change) -> bool:
        new = change.new
        return change.row["person_id"] == self.me and (
            new is None or (self._as_team(new["ticket_id"]) and self.fresh(new["seen_at"]))
        )

    def _saved_views(self, change: Change) -> bool:
        new = change.new
        return (
            change.row["owner_id"] == self.me and (change.old is None or change.old["owner_id"] == self.me)
            and (new is None or (new["removed_at"] is None or self.fresh(new["removed_at"])))
            and (
                new is None or new["department_id"] in (None, self.department)
                or (change.old is not None and new["department_id"] == change.old["department_id"])
            )
        )  # fmt: skip

    def _chat_sessions(self, change: Change) -> bool:
        old, new = change.old, change.new
        if new is None or new["ended_by"] not in (None, self.me, (old or {}).get("ended_by")):
            return False
        if old is None:
            return (
                self.fuzzer == "customer" and new["customer_id"] == self.me and new["agent_id"] is None
                and new["ticket_id"] is None and self.fresh(new["created_at"])
            )  # fmt: skip
        if self.fuzzer == "customer":
            rated = {"rating", "rating_comment", "rated_at"}
            same_agent = new["agent_id"] in (None, old["agent_id"])
            return old["customer_id"] == self.me and same_agent and altered(change) <= _CHAT | rated
        return self.in_talk(old["id"]) and altered(change) <= _CHAT | {"department_id", "ticket_id"}

    def _chat_messages(self, change: Change) -> bool:
        new = change.new
        return (
            change.old is None and new is not None and new["sender_id"] == self.me and self.fresh(new["created_at"])
            and self.in_talk(new["session_id"]) and new["attachments"] == []
        )  # fmt: skip

    def _seen(self, change: Change) -> bool:
        return change.new is not None and change.new["person_id"] == self.me and self.in_talk(change.new["session_id"])

    def _notifications(self, change: Change) -> bool:
        old, new = change.old, change.new
        if new is None:
            return False
        if new["user_id"] == self.me:
            # One's own acts tell oneself nothing, but that one's tickets are due, and what routing gives one.
            return (old is not None and altered(change) <= {"read"}) or (
                new["type"] in ("due", "sla", "assigned")
                and self.fuzzer == "agent"
                and (old is None or altered(change) <= _NOTICE)
                and (new["ticket_id"] is None or self.in_scope(new["ticket_id"]))
            )
        if old is not None and not altered(change) <= _NOTICE:
            return False
        if new["content"] is not None and old is None:
            return False
        if not self.fresh(new["updated_at"]) and not (old and new["read"] and not old["read"]):
            return False
        if new["ticket_id"] is None and new["chat_id"] is None:
            mine = [ticket for ticket in self.before["tickets"] if self.in_scope(ticket)]
            return (
                old is None and _MANY.fullmatch(new["title"]) is not None
                and any(self.concerns(new["user_id"], ticket) for ticket in mine)
            )  # fmt: skip
        told = new["ticket_id"] is not None and self.in_scope(new["ticket_id"])
        if told:
            return self.concerns(new["user_id"], new["ticket_id"])
        return new["chat_id"] is not None and self.in_talk(new["chat_id"])

    def concerns(self, person: str, ticket: str) -> bool:
        """Whether somebody is told of a ticket: its requester, or one of the team."""
        rows = [tickets[ticket] for tickets in (self.before["tickets"], self.after["tickets"]) if ticket in tickets]
        staff = self.before["profiles"].get(person, {}).get("role") in ("agent", "admin")
        return staff or any(person == row["customer_id"] for row in rows)
