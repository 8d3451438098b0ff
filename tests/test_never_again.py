"""The failures that other helpdesks had: each has tests of its own here, by name."""

from __future__ import annotations

import re
from pathlib import Path

#: What happened elsewhere, and a word of the name of the test that shows that it does not happen here.
FAILURES = {
    "private notes through search, exports, transcripts or live payloads": "private_notes",
    "subjects or counts of forbidden tickets": "subjects_or_counts",
    "list rule and open rule disagreeing": "the_list_rule_and_the_open_rule",
    "two roles adding up": "two_roles_adding_up",
    "access removed and still able": "access_removed",
    "presence shown to those without access": "presence_shown",
    "draft articles in search, counts, tree or old versions": "draft_articles",
    "attachments by id": "attachments_by_id",
    "e-mail addresses in transcripts": "addresses_in_transcripts",
    "search that filters after LIMIT": "search_that_filters_after_the_limit",
    "a colleague's answer missed after a reconnect": "an_answer_missed_after_a_reconnect",
    "so answered twice": "answered_twice",
    "a note wiped when the owner changes": "a_note_wiped_when_the_assignee_changes",
    "half an hour of writing lost when the token expires": "text_lost_when_the_session_ends",
    "drafts lost by kill -9": "a_draft_lost_by_kill_9",
    "drafts crossed between tickets, or public/internal swapped": "drafts_crossed",
    "one message sent 2 to 25 times on a flaky link": "one_message_sent_twice_or_more",
    "locks that lock out their owner": "a_lock_that_locks_out",
    "a macro sending a half-written draft": "a_macro_sends_a_half_written_draft",
    "an import that notifies everybody": "an_import_that_notifies_everybody",
    "a bulk close that recounts everything per ticket": "a_bulk_act_that_tells_and_counts_per_ticket",
    "being told of your own act": "told_of_ones_own_act",
    "duplicates": "the_same_told_twice",
}


def test_each_failure_of_the_design_has_a_test_that_bears_its_name() -> None:
    names = [
        name
        for path in Path(__file__).parent.rglob("test_*.py")
        for name in re.findall(r"def (test_never_again_\w+)\(", path.read_text(encoding="utf-8"))
    ]
    missing = [failure for failure, word in FAILURES.items() if not any(word in name for name in names)]
    assert missing == []
