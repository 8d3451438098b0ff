"""Who may do what: every table × operation × person, as one table, checked cell by cell.

    yes      it is there, or it is done
    -        nothing is there to be seen or changed; no error tells that there is something
    no       refused by grants or policies (SQLSTATE 42501)
    HD003    refused with words for people; HD002 and HD004 likewise

The ticket is the customer's, in Support, unassigned. "own agent" works in Support, "other agent" in Billing.
"anonymous" came through the gateway without an account of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from tests.db.matrix_desk import PEOPLE, Desk
from tests.db.matrix_statements import STATEMENTS, statement
from tests.db.sessions import owner
from tests.world import DeskDatabase

MATRIX: Final = """
table                 | op     | what                        | customer | own agent | other agent | admin | anonymous
----------------------|--------|-----------------------------|----------|-----------|-------------|-------|----------
departments           | read   | one                         | yes      | yes       | yes         | yes   | -
departments           | insert | one                         | no       | no        | no          | yes   | no
departments           | insert | the default one             | no       | no        | no          | no    | no
departments           | update | its name                    | -        | -         | -           | yes   | -
departments           | update | the default                 | no       | no        | no          | no    | no
departments           | update | the default, by function    | HD003    | HD003     | HD003       | yes   | HD003
departments           | read   | how tickets are given out   | HD003    | HD003     | HD003       | yes   | HD003
departments           | read   | its agents, by routing      | HD003    | HD003     | HD003       | yes   | HD003
departments           | update | how tickets are given out   | HD003    | HD003     | HD003       | yes   | HD003
departments           | delete | by SQL                      | no       | no        | no          | no    | no
departments           | delete | an empty one, by remove()   | HD003    | HD003     | HD003       | yes   | HD003
departments           | delete | one in use, by remove()     | HD003    | HD003     | HD003       | HD002 | HD003
categories            | read   | one                         | yes      | yes       | yes         | yes   | -
categories            | insert | one                         | no       | no        | no          | yes   | no
categories            | update | its department              | -        | -         | -           | yes   | -
categories            | delete | by SQL                      | no       | no        | no          | no    | no
categories            | delete | by remove()                 | HD003    | HD003     | HD003       | yes   | HD003
profiles              | read   | their own                   | yes      | yes       | yes         | yes   | -
profiles              | read   | the customer's              | yes      | yes       | -           | yes   | -
profiles              | read   | another customer's          | -        | -         | yes         | yes   | -
profiles              | read   | for whom one may write      | -        | yes       | -           | yes   | -
profiles              | read   | an agent's                  | -        | yes       | yes         | yes   | -
profiles              | insert | one                         | no       | no        | no          | no    | no
profiles              | update | own name                    | yes      | yes       | yes         | yes   | -
profiles              | update | another's name              | -        | -         | -           | -     | -
profiles              | update | own role                    | no       | no        | no          | no    | no
profiles              | update | own department              | no       | no        | no          | no    | no
profiles              | update | own address                 | no       | no        | no          | no    | no
profiles              | update | own role, by set_person()   | HD003    | HD003     | HD003       | HD003 | HD003
profiles              | update | another's, by set_person()  | HD003    | HD003     | HD003       | yes   | HD003
profiles              | update | another's, by change_person | HD003    | HD003     | HD003       | yes   | HD003
profiles              | update | own role, by change_person  | HD003    | HD003     | HD003       | HD003 | HD003
profiles              | update | own activity, by SQL        | no       | no        | no          | no    | no
profiles              | update | own activity, by function   | HD003    | HD003     | HD003       | HD003 | HD003
profiles              | read   | who is away                 | -        | yes       | yes         | yes   | -
profiles              | read   | an absence, by SQL          | no       | no        | no          | no    | no
profiles              | update | an absence, by SQL          | no       | no        | no          | no    | no
profiles              | update | an agent's capacity         | HD003    | HD003     | HD003       | yes   | HD003
profiles              | update | own absence                 | HD003    | yes       | yes         | yes   | HD003
profiles              | update | own absence, handed over    | HD003    | yes       | yes         | yes   | HD003
profiles              | update | own return                  | HD003    | yes       | yes         | yes   | HD003
profiles              | update | an agent's absence          | HD003    | yes       | HD003       | yes   | HD003
profiles              | update | an agent's return           | HD003    | yes       | HD003       | yes   | HD003
profiles              | update | a customer's absence        | HD003    | HD003     | HD003       | HD004 | HD003
profiles              | delete | their own                   | no       | no        | no          | no    | no
tickets               | read   | by id                       | yes      | yes       | -           | yes   | -
tickets               | read   | by number                   | yes      | yes       | -           | yes   | -
tickets               | read   | in a list                   | yes      | yes       | -           | yes   | -
tickets               | read   | why the customer sees it    | HD003    | HD003     | HD003       | yes   | HD003
tickets               | read   | its audit                   | HD003    | HD003     | HD003       | yes   | HD003
tickets               | insert | their own request           | yes      | yes       | yes         | yes   | no
tickets               | insert | own, to a department        | HD003    | HD003     | HD003       | yes   | HD003
tickets               | insert | own, urgent                 | HD003    | HD003     | HD003       | yes   | HD003
tickets               | insert | own, resolved               | HD003    | HD003     | HD003       | yes   | HD003
tickets               | insert | own, assigned               | HD003    | yes       | HD003       | yes   | HD003
tickets               | insert | own, with a due date        | HD003    | HD003     | HD003       | yes   | HD003
tickets               | insert | own, with a creation date   | no       | no        | no          | no    | no
tickets               | insert | own, with a number          | no       | no        | no          | no    | no
tickets               | insert | own, with a first response  | no       | no        | no          | no    | no
tickets               | insert | own, waiting for years       | no       | no        | no          | no    | no
tickets               | insert | for the customer            | yes      | yes       | yes         | yes   | no
tickets               | insert | for another customer        | no       | yes       | yes         | yes   | no
tickets               | insert | the customer's, in Support  | HD003    | yes       | HD003       | yes   | HD003
tickets               | insert | split off, by split()       | HD003    | yes       | HD004       | yes   | HD003
tickets               | insert | the customer's, by writing  | HD003    | yes       | yes         | yes   | HD003
tickets               | insert | written down, in Support    | HD003    | yes       | HD003       | yes   | HD003
tickets               | update | closed                      | yes      | yes       | -           | yes   | -
tickets               | update | resolved                    | HD003    | yes       | -           | yes   | -
tickets               | update | priority                    | HD003    | yes       | -           | yes   | -
tickets               | update | title                       | HD003    | yes       | -           | yes   | -
tickets               | update | the text it began with      | no       | no        | no          | no    | no
tickets               | update | category                    | HD003    | yes       | -           | yes   | -
tickets               | update | due date                    | HD003    | yes       | -           | yes   | -
tickets               | update | assignee, by SQL            | no       | no        | no          | no    | no
tickets               | update | department, by SQL          | no       | no        | no          | no    | no
tickets               | update | requester                   | no       | no        | no          | no    | no
tickets               | update | number                      | no       | no        | no          | no    | no
tickets               | update | metadata                    | no       | no        | no          | no    | no
tickets               | update | first response              | no       | no        | no          | no    | no
tickets               | update | since when somebody waits   | no       | no        | no          | no    | no
tickets               | update | last update                 | no       | no        | no          | no    | no
tickets               | update | assignee, by assign()       | HD003    | yes       | -           | yes   | HD003
tickets               | update | assigned to a customer      | HD003    | HD002     | HD002       | HD002 | HD003
tickets               | update | department, by move()       | HD003    | yes       | -           | yes   | HD003
tickets               | update | department, by reassign()   | HD003    | HD003     | HD003       | yes   | HD003
tickets               | update | back again, by undo()       | HD003    | HD003     | HD003       | yes   | HD003
tickets               | read   | what one did, by my_acts()  | -        | yes       | -           | -     | -
tickets               | read   | metadata, by SQL            | no       | no        | no          | no    | no
tickets               | read   | the fields, by fields()     | -        | yes       | yes         | yes   | -
tickets               | read   | by what a field holds       | -        | yes       | -           | yes   | -
tickets               | read   | followed by them            | -        | yes       | -           | yes   | -
tickets               | read   | by what its texts say       | yes      | yes       | -           | yes   | -
tickets               | read   | metadata, by metadata_of()  | -        | yes       | -           | yes   | -
tickets               | read   | its fields and links        | -        | yes       | -           | yes   | -
tickets               | update | closed, by act()            | yes      | yes       | -           | yes   | HD003
tickets               | update | resolved, by act()          | -        | yes       | -           | yes   | HD003
tickets               | update | the rest, by act()          | HD003    | yes       | -           | yes   | HD003
tickets               | update | assignee, by act()          | HD003    | yes       | -           | yes   | HD003
tickets               | update | metadata, by act()          | HD003    | yes       | -           | yes   | HD003
tickets               | update | asleep, by act()            | HD003    | yes       | -           | yes   | HD003
tickets               | update | back again, by undo_act()   | HD004    | yes       | HD004       | HD004 | HD003
tickets               | update | a field, by set_field()     | HD003    | HD003     | HD003       | yes   | HD003
tickets               | update | followed, by follow()       | HD003    | yes       | -           | yes   | HD003
tickets               | update | linked, by link()           | HD003    | yes       | HD004       | yes   | HD003
tickets               | update | not linked, by unlink()     | HD003    | yes       | HD004       | yes   | HD003
tickets               | update | merged, by merge()          | HD003    | yes       | HD004       | yes   | HD003
tickets               | update | not merged, by unmerge()    | HD003    | yes       | HD004       | yes   | HD003
tickets               | delete | by SQL                      | no       | no        | no          | no    | no
ticket_messages       | read   | a public one                | yes      | yes       | -           | yes   | -
ticket_messages       | read   | a note                      | -        | yes       | -           | yes   | -
ticket_messages       | insert | public                      | yes      | yes       | HD004       | yes   | HD004
ticket_messages       | insert | a note                      | no       | yes       | HD004       | yes   | HD004
ticket_messages       | insert | as the customer             | yes      | no        | HD004       | no    | HD004
ticket_messages       | insert | as an agent                 | no       | yes       | HD004       | no    | HD004
ticket_messages       | insert | backdated                   | no       | no        | no          | no    | no
ticket_messages       | insert | with attachments            | no       | no        | no          | no    | no
ticket_messages       | insert | over unseen ones            | yes      | HD001     | HD004       | HD001 | HD004
ticket_messages       | update | the text                    | no       | no        | no          | no    | no
ticket_messages       | update | a note made public          | no       | no        | no          | no    | no
ticket_messages       | delete | one                         | no       | no        | no          | no    | no
ticket_attachments    | read   | a message's                 | yes      | yes       | -           | yes   | -
ticket_attachments    | read   | a note's                    | -        | yes       | -           | yes   | -
ticket_attachments    | read   | the request's               | yes      | yes       | -           | yes   | -
ticket_attachments    | insert | with an answer              | yes      | yes       | HD004       | yes   | HD004
ticket_attachments    | insert | with a note                 | no       | yes       | HD004       | yes   | HD004
ticket_attachments    | insert | with a request              | yes      | yes       | yes         | yes   | no
ticket_attachments    | insert | to an older message         | HD003    | HD003     | HD004       | HD003 | HD004
ticket_attachments    | insert | to a note                   | HD004    | HD003     | HD004       | HD003 | HD004
ticket_attachments    | insert | to an older request         | HD003    | HD003     | HD004       | HD003 | HD004
ticket_attachments    | insert | with a type                 | no       | no        | HD004       | no    | HD004
ticket_attachments    | update | its name                    | no       | no        | no          | no    | no
ticket_attachments    | delete | one                         | no       | no        | no          | no    | no
ticket_status_history | read   | one                         | yes      | yes       | -           | yes   | -
ticket_status_history | read   | one with a remark           | -        | yes       | -           | yes   | -
ticket_status_history | insert | one                         | no       | no        | no          | no    | no
ticket_status_history | update | who it was                  | no       | no        | no          | no    | no
ticket_status_history | delete | one                         | no       | no        | no          | no    | no
ticket_events         | read   | one                         | -        | yes       | -           | yes   | -
ticket_events         | insert | one                         | no       | no        | no          | no    | no
ticket_events         | update | one                         | no       | no        | no          | no    | no
ticket_events         | delete | one                         | no       | no        | no          | no    | no
ticket_tags           | read   | one                         | -        | yes       | yes         | yes   | -
ticket_tags           | insert | one                         | no       | yes       | yes         | yes   | no
ticket_tags           | update | its name                    | -        | -         | -           | yes   | -
ticket_tags           | delete | by SQL                      | no       | no        | no          | no    | no
ticket_tags           | delete | by remove()                 | HD003    | HD003     | HD003       | yes   | HD003
ticket_tags           | delete | by merge_tags()             | HD003    | HD003     | HD003       | yes   | HD003
ticket_tag_relations  | read   | the ticket's                | -        | yes       | -           | yes   | -
ticket_tag_relations  | insert | a tag on the ticket         | no       | yes       | no          | yes   | no
ticket_tag_relations  | insert | on, by act()                | HD003    | yes       | -           | yes   | HD003
ticket_tag_relations  | update | one                         | no       | no        | no          | no    | no
ticket_tag_relations  | delete | by SQL                      | no       | no        | no          | no    | no
ticket_tag_relations  | delete | by untag()                  | -        | yes       | -           | yes   | -
ticket_tag_relations  | delete | off, by act()               | HD003    | yes       | -           | yes   | HD003
ticket_feedback       | read   | the ticket's                | yes      | yes       | -           | yes   | -
ticket_feedback       | insert | on a closed ticket          | yes      | no        | no          | no    | no
ticket_feedback       | insert | on an open ticket           | no       | no        | no          | no    | no
ticket_feedback       | insert | in the customer's name      | yes      | no        | no          | no    | no
ticket_feedback       | update | the rating                  | yes      | -         | -           | -     | -
ticket_feedback       | update | moved to another ticket     | no       | no        | no          | no    | no
ticket_feedback       | delete | one                         | no       | no        | no          | no    | no
kb_categories         | read   | with something published    | yes      | yes       | yes         | yes   | yes
kb_categories         | read   | with drafts only            | -        | yes       | yes         | yes   | -
kb_categories         | insert | one                         | no       | yes       | yes         | yes   | no
kb_categories         | update | its name                    | -        | yes       | yes         | yes   | -
kb_categories         | delete | by SQL                      | no       | no        | no          | no    | no
kb_categories         | delete | by remove()                 | HD003    | HD003     | HD003       | yes   | HD003
kb_articles           | read   | published                   | yes      | yes       | yes         | yes   | yes
kb_articles           | read   | a draft                     | -        | yes       | yes         | yes   | -
kb_articles           | read   | published, by article()     | yes      | yes       | yes         | yes   | yes
kb_articles           | read   | a draft, by article()       | -        | yes       | yes         | yes   | -
kb_articles           | read   | published, by a list        | yes      | yes       | yes         | yes   | yes
kb_articles           | read   | a draft, by a list          | -        | yes       | yes         | yes   | -
kb_articles           | read   | published, by search        | yes      | yes       | yes         | yes   | yes
kb_articles           | read   | a draft, by search          | -        | yes       | yes         | yes   | -
kb_articles           | insert | by save_article()           | HD003    | yes       | yes         | yes   | HD003
kb_articles           | insert | a draft                     | no       | yes       | yes         | yes   | no
kb_articles           | insert | in another's name           | no       | no        | no          | no    | no
kb_articles           | insert | with a publication date     | no       | no        | no          | no    | no
kb_articles           | update | the text                    | -        | yes       | yes         | yes   | -
kb_articles           | update | published                   | -        | yes       | yes         | yes   | -
kb_articles           | update | the author                  | no       | no        | no          | no    | no
kb_articles           | update | the version's number        | no       | no        | no          | no    | no
kb_articles           | update | by save_article()           | HD003    | yes       | yes         | yes   | HD003
kb_articles           | update | by set_article_status()     | HD003    | yes       | yes         | yes   | HD003
kb_articles           | update | by restore_article()        | HD003    | yes       | yes         | yes   | HD003
kb_articles           | delete | by SQL                      | no       | no        | no          | no    | no
kb_articles           | delete | by remove()                 | HD003    | HD003     | HD003       | yes   | HD003
kb_article_versions   | read   | of a published article      | -        | yes       | yes         | yes   | -
kb_article_versions   | read   | by article_versions()       | -        | yes       | yes         | yes   | -
kb_article_versions   | insert | one                         | no       | no        | no          | no    | no
kb_article_versions   | update | the text                    | no       | no        | no          | no    | no
kb_article_versions   | delete | one                         | no       | no        | no          | no    | no
kb_article_feedback   | read   | the customer's              | yes      | yes       | yes         | yes   | -
kb_article_feedback   | insert | on a published article      | yes      | yes       | yes         | yes   | no
kb_article_feedback   | insert | on a draft                  | no       | yes       | yes         | yes   | no
kb_article_feedback   | insert | in the customer's name      | yes      | no        | no          | no    | no
kb_article_feedback   | insert | by vote()                   | yes      | yes       | yes         | yes   | HD004
kb_article_feedback   | insert | by vote() on a draft        | HD004    | yes       | yes         | yes   | HD004
kb_article_feedback   | update | the customer's              | yes      | -         | -           | -     | -
kb_article_feedback   | delete | one                         | no       | no        | no          | no    | no
chat_sessions         | read   | waiting                     | -        | yes       | yes         | yes   | -
chat_sessions         | read   | waiting for Support         | -        | yes       | -           | yes   | -
chat_sessions         | read   | the customer's, taken       | yes      | yes       | -           | yes   | -
chat_sessions         | read   | the customer's, ended       | yes      | yes       | -           | yes   | -
chat_sessions         | insert | their own, by SQL           | no       | no        | no          | no    | no
chat_sessions         | insert | the customer's, by SQL      | no       | no        | no          | no    | no
chat_sessions         | insert | by chat_open()              | yes      | HD003     | HD003       | HD003 | HD003
chat_sessions         | update | the agent, by SQL           | no       | no        | no          | no    | no
chat_sessions         | update | the rating, by SQL          | no       | no        | no          | no    | no
chat_sessions         | update | taken, by chat_accept()     | HD003    | yes       | yes         | yes   | HD003
chat_sessions         | update | taken from Support          | HD003    | yes       | HD004       | yes   | HD003
chat_sessions         | update | taken by another already    | HD003    | yes       | yes         | yes   | HD003
chat_sessions         | update | handed to a department      | HD003    | yes       | HD004       | yes   | HD003
chat_sessions         | update | handed to a person          | HD003    | yes       | HD004       | yes   | HD003
chat_sessions         | update | handed to a customer        | HD003    | HD002     | HD004       | HD002 | HD003
chat_sessions         | update | the waiting, handed on      | HD003    | yes       | yes         | yes   | HD003
chat_sessions         | update | ended, by chat_end()        | yes      | yes       | HD004       | yes   | HD004
chat_sessions         | update | the waiting, ended          | HD004    | HD003     | HD003       | yes   | HD004
chat_sessions         | update | reopened, by chat_reopen()  | HD003    | HD003     | HD004       | HD003 | HD004
chat_sessions         | update | put back to wait            | HD003    | yes       | HD004       | yes   | HD003
chat_sessions         | update | rated, by chat_rate()       | yes      | HD003     | HD004       | HD003 | HD004
chat_sessions         | update | rated while it goes on      | HD002    | HD003     | HD004       | HD003 | HD004
chat_sessions         | update | read, by chat_seen()        | yes      | yes       | HD004       | yes   | HD004
chat_sessions         | update | typing, by chat_typing()    | yes      | yes       | HD004       | yes   | HD004
chat_sessions         | update | typing in a waiting one     | HD004    | yes       | yes         | yes   | HD004
chat_sessions         | update | here, by chat_present()     | yes      | yes       | HD004       | yes   | HD004
chat_sessions         | update | a ticket of it              | HD003    | yes       | HD004       | yes   | HD004
chat_sessions         | update | a ticket of a waiting one   | HD004    | HD003     | HD003       | yes   | HD004
chat_sessions         | delete | one                         | no       | no        | no          | no    | no
chat_messages         | read   | of a taken chat             | yes      | yes       | -           | yes   | -
chat_messages         | read   | of a taken chat, at once    | yes      | yes       | -           | yes   | -
chat_messages         | insert | in a taken chat             | yes      | yes       | HD004       | HD003 | HD004
chat_messages         | insert | in a waiting chat           | HD004    | HD003     | HD003       | HD003 | HD004
chat_messages         | insert | as the customer             | yes      | no        | HD004       | HD003 | HD004
chat_messages         | insert | as an agent                 | no       | yes       | HD004       | HD003 | HD004
chat_messages         | insert | backdated                   | no       | no        | no          | no    | no
chat_messages         | insert | in a chat that ended        | HD002    | HD002     | HD004       | HD003 | HD004
chat_messages         | update | the text                    | no       | no        | no          | no    | no
chat_messages         | delete | one                         | no       | no        | no          | no    | no
notifications         | read   | their own                   | yes      | yes       | yes         | yes   | -
notifications         | read   | the customer's              | yes      | -         | -           | -     | -
notifications         | insert | one                         | no       | no        | no          | no    | no
notifications         | update | own, read                   | yes      | yes       | yes         | yes   | -
notifications         | update | another's, read             | -        | -         | -           | -     | -
notifications         | update | own, its title              | no       | no        | no          | no    | no
notifications         | update | own, its ticket             | no       | no        | no          | no    | no
notifications         | update | own, given to another       | no       | no        | no          | no    | no
notifications         | delete | own                         | no       | no        | no          | no    | no
presence              | read   | by SQL                      | no       | no        | no          | no    | no
presence              | insert | their own, by function      | yes      | yes       | yes         | yes   | yes
presence              | insert | by SQL                      | no       | no        | no          | no    | no
presence              | update | by SQL                      | no       | no        | no          | no    | no
presence              | delete | ended, by function          | yes      | yes       | yes         | yes   | yes
presence              | delete | by SQL                      | no       | no        | no          | no    | no
drafts                | read   | another's, by drafts()      | -        | -         | -           | -     | -
drafts                | read   | their own, by drafts()      | yes      | yes       | HD004       | yes   | HD004
drafts                | read   | by SQL                      | no       | no        | no          | no    | no
drafts                | insert | of a reply                  | yes      | yes       | HD004       | yes   | HD004
drafts                | insert | of a note                   | HD003    | yes       | HD004       | yes   | HD004
drafts                | insert | by SQL                      | no       | no        | no          | no    | no
drafts                | update | another's                   | -        | -         | HD004       | -     | HD004
drafts                | update | by SQL                      | no       | no        | no          | no    | no
drafts                | delete | by drop_drafts()            | yes      | yes       | yes         | yes   | yes
drafts                | delete | by SQL                      | no       | no        | no          | no    | no
sla                   | read   | the ticket's, by ticket()   | -        | yes       | -           | yes   | -
sla                   | read   | the ticket's, by dressed()  | -        | yes       | -           | yes   | -
sla                   | read   | the ticket's, by sla_queue() | -       | yes       | -           | yes   | -
sla                   | read   | by sla_report()             | HD003    | yes       | -           | yes   | HD003
sla                   | read   | a calendar                  | HD003    | HD003     | HD003       | yes   | HD003
sla                   | read   | a policy                    | HD003    | HD003     | HD003       | yes   | HD003
sla                   | read   | by SQL                      | no       | no        | no          | no    | no
sla                   | insert | a calendar                  | HD003    | HD003     | HD003       | yes   | HD003
sla                   | insert | a policy                    | HD003    | HD003     | HD003       | yes   | HD003
sla                   | insert | for the same tickets        | HD003    | HD003     | HD003       | HD002 | HD003
sla                   | insert | by SQL                      | no       | no        | no          | no    | no
sla                   | update | a calendar                  | HD003    | HD003     | HD003       | yes   | HD003
sla                   | update | a policy                    | HD003    | HD003     | HD003       | yes   | HD003
sla                   | update | worked out anew             | HD003    | HD003     | HD003       | yes   | HD003
sla                   | update | by SQL                      | no       | no        | no          | no    | no
sla                   | delete | a calendar                  | HD003    | HD003     | HD003       | yes   | HD003
sla                   | delete | a calendar in use           | HD003    | HD003     | HD003       | HD002 | HD003
sla                   | delete | a policy                    | HD003    | HD003     | HD003       | yes   | HD003
sla                   | delete | by SQL                      | no       | no        | no          | no    | no
saved_views           | read   | a personal one, by views()  | -        | yes       | -           | -     | -
saved_views           | read   | Support's, by views()       | -        | yes       | -           | yes   | -
saved_views           | read   | the team's, by views()      | -        | yes       | yes         | yes   | -
saved_views           | read   | by SQL                      | no       | no        | no          | no    | no
saved_views           | insert | a personal one              | HD003    | yes       | yes         | yes   | HD003
saved_views           | insert | for Support                 | HD003    | yes       | HD003       | yes   | HD003
saved_views           | insert | for the team                | HD003    | yes       | yes         | yes   | HD003
saved_views           | insert | by SQL                      | no       | no        | no          | no    | no
saved_views           | update | a personal one              | HD003    | yes       | HD002       | HD002 | HD003
saved_views           | update | Support's                   | HD003    | yes       | HD002       | yes   | HD003
saved_views           | update | the team's                  | HD003    | yes       | HD003       | yes   | HD003
saved_views           | update | their order                 | HD003    | yes       | yes         | yes   | HD003
saved_views           | update | by SQL                      | no       | no        | no          | no    | no
saved_views           | delete | a personal one              | HD003    | yes       | HD004       | HD004 | HD003
saved_views           | delete | Support's                   | HD003    | yes       | HD004       | yes   | HD003
saved_views           | delete | the team's                  | HD003    | yes       | HD003       | yes   | HD003
saved_views           | delete | by SQL                      | no       | no        | no          | no    | no
"""


def cells() -> Iterator[tuple[str, str, str, str, str]]:
    """(table, op, what, person, outcome) of every cell."""
    for line in MATRIX.strip().splitlines()[2:]:
        table, op, what, *outcomes = (part.strip() for part in line.split("|"))
        assert len(outcomes) == len(PEOPLE), line
        for person, outcome in zip(PEOPLE, outcomes, strict=True):
            yield table, op, what, person, outcome


CELLS: Final = tuple(cells())


BY_FUNCTION: Final = ("saved_views", "presence", "drafts", "sla")
"""Tables of the schema private that people use by functions alone."""


@pytest.fixture(scope="module")
def desk(module_database: DeskDatabase) -> Iterator[Desk]:
    """The desk of the matrix."""
    desk = Desk(module_database)
    yield desk
    desk.close()


@pytest.mark.parametrize(
    ("table", "op", "what", "person", "expected"), CELLS, ids=[" ".join(cell[:4]) for cell in CELLS]
)
def test_write_matrix(desk: Desk, table: str, op: str, what: str, person: str, expected: str) -> None:
    assert desk.outcome(person, statement(table, op, what)) == expected


def test_matrix_names_every_table_and_operation(module_database: DeskDatabase) -> None:
    with owner(module_database) as connection:
        tables = {str(row[0]) for row in connection.execute("select private.tables()::text")}
    named = {(table, op) for table, op, *_ in CELLS}
    assert named == {
        (table.removeprefix("public."), op)
        for table in (*tables, *BY_FUNCTION)
        for op in ("read", "insert", "update", "delete")
    }


def test_matrix_uses_every_statement() -> None:
    used = {(table, what, op) for table, op, what, *_ in CELLS}
    for table, statements in STATEMENTS.items():
        for what, found in statements.items():
            ops = found if isinstance(found, dict) else {"read", "insert", "update", "delete"}
            assert any((table, what, op) in used for op in ops), (table, what)
