"""What test_write_forged tries in order to move rows out of scope or into it, and to reach rows that are out of it."""

from __future__ import annotations

from typing import Final

from tests.attacks.forgeries import Forgeries

_OWN: Final = "update public.tickets set status = 'open' where id = %(ticket)s"
_EVERYWHERE: Final = (
    "array(select format('(%%s,%%s)', page, line)::tid from generate_series(0, 9) page, generate_series(1, 60) line)"
)

OF_SCOPE: Final[Forgeries] = {
    "scope": {
        "another's ticket, on a conflict": (
            """insert into public.tickets (id, title, customer_id) values (%(own)s, 'x', %(me)s)
               on conflict (id) do update set status = 'closed'""",
            "no no yes no no",
            "otto",
            """insert into public.tickets (id, title, customer_id) values (%(ticket)s, 'x', %(me)s)
               on conflict (id) do update set status = 'open'""",
        ),
        "another's ticket, by MERGE": (
            """merge into public.tickets t using (select %(own)s::uuid as id) s on t.id = s.id
               when matched then update set status = 'closed'""",
            "- - yes - -",
            "otto",
            """merge into public.tickets t using (select %(ticket)s::uuid as id) s on t.id = s.id
               when matched then update set status = 'open'""",
        ),
        "a ticket taken away by MERGE": (
            """merge into public.tickets t using (select %(own)s::uuid as id) s on t.id = s.id
               when matched then delete""",
            "no no no no no",
            "otto",
            _OWN,
        ),
        "another's ticket, by what another table says": (
            """update public.tickets t set status = 'closed' from public.departments d
                where d.id = t.department_id and d.name = 'Support'""",
            "- - yes - -",
            "bo",
            """update public.tickets t set status = 'open' from public.departments d
                where d.id = t.department_id and d.name = 'Billing'""",
        ),
        "another's ticket, by where it lies": (
            f"update public.tickets set status = 'closed' where ctid = any({_EVERYWHERE}) and id = %(own)s",
            "- - yes - -",
            "otto",
            f"update public.tickets set status = 'open' where ctid = any({_EVERYWHERE})",
        ),
        "another's ticket, through a cursor": (
            """declare c cursor for select id from public.tickets where id = %(own)s for update;
               fetch c; update public.tickets set status = 'closed' where current of c""",
            "24000 24000 yes 24000 24000",
            "otto",
            """declare c cursor for select id from public.tickets where id = %(ticket)s for update;
               fetch c; update public.tickets set status = 'open' where current of c""",
        ),
        "an answer by way of a change": (
            """with w as (update public.tickets set status = 'closed' where id = %(own)s returning id)
               insert into public.ticket_messages (ticket_id, content, is_internal) select id, 'x', true from w""",
            "- - yes - -",
            "bo",
            """with w as (update public.tickets set status = 'open' where id = %(ticket)s returning id)
               insert into public.ticket_messages (ticket_id, content, is_internal) select id, 'x', true from w""",
        ),
        "what others wrote, into one's own": (
            """insert into public.ticket_messages (ticket_id, content, is_internal)
               select %(ticket)s, content, true from public.ticket_messages where ticket_id = %(own)s""",
            "- - HD004 - -",
            "bo",
            "insert into public.ticket_messages (ticket_id, content, is_internal) values (%(ticket)s, 'x', true)",
        ),
        "what was removed, told": (
            "with w as (delete from public.ticket_messages returning *) select * from w",
            "no no no no no",
            "otto",
            "select * from public.ticket_messages where ticket_id = %(ticket)s",
        ),
        "a note changed, on a conflict": (
            """insert into public.ticket_messages (id, ticket_id, content) values (%(note)s, %(ticket)s, 'x')
               on conflict (id) do update set content = 'x'""",
            "no no no no no",
            "bo",
            "insert into public.ticket_messages (ticket_id, content, is_internal) values (%(ticket)s, 'x', true)",
        ),
        "another's rating, on a conflict": (
            """insert into public.ticket_feedback (ticket_id, customer_id, rating) values (%(ticket)s, %(otto)s, 5)
               on conflict (ticket_id, customer_id) do update set rating = 5""",
            "yes no no no no",
            "otto",
            "update public.ticket_feedback set rating = 4",
        ),
        "another's vote, on a conflict": (
            """insert into public.kb_article_feedback (article_id, user_id, helpful)
               values (%(article)s, %(otto)s, true) on conflict (article_id, user_id) do update set helpful = true""",
            "yes no no no no",
            "otto",
            "update public.kb_article_feedback set helpful = true",
        ),
        "a tag on another's ticket": (
            "insert into public.ticket_tag_relations (ticket_id, tag_id) values (%(own)s, %(tag)s)",
            "no no yes no no",
            "ada",
            "insert into public.ticket_tag_relations (ticket_id, tag_id) values (%(own)s, %(tag)s)",
        ),
        "a tag off another's ticket": (
            "select from helpdesk.untag(array[%(ticket)s], %(tag)s) where done",
            "- yes - - -",
            "bo",
            "select from helpdesk.untag(array[%(ticket)s], %(tag)s) where done",
        ),
        "another's ticket, changed": (
            "select from helpdesk.act(gen_random_uuid(), array[%(own)s], '{\"priority\": \"low\"}', '') where done",
            "HD003 - yes HD003 HD003",
            "bo",
            "select from helpdesk.act(gen_random_uuid(), array[%(ticket)s], '{\"priority\": \"low\"}', '') where done",
        ),
        "what another did, taken back": (
            "select helpdesk.undo_act(%(done)s, gen_random_uuid(), true)",
            "HD004 yes HD004 HD003 HD003",
            "bo",
            "select helpdesk.undo_act(%(done)s, gen_random_uuid(), true)",
        ),
        "another's ticket, assigned to oneself": (
            "select from helpdesk.assign(array[%(own)s], %(me)s) where done",
            "HD003 - yes HD003 HD003",
            "bo",
            "select from helpdesk.assign(array[%(ticket)s], %(me)s) where done",
        ),
        "another's ticket, moved to one's own department": (
            "select from helpdesk.move(array[%(own)s], %(billing)s) where done",
            "HD003 - yes HD003 HD003",
            "bo",
            "select from helpdesk.move(array[%(ticket)s], %(support)s) where done",
        ),
        "another's chat, taken": (
            "select from helpdesk.chat_accept(%(waiting)s) where done",
            "HD003 yes HD004 HD003 HD003",
            "bo",
            "select from helpdesk.chat_accept(%(waiting)s) where done",
        ),
        "another's chat, handed to oneself": (
            "select helpdesk.chat_transfer(%(chat)s, %(me)s, null)",
            "HD003 yes HD004 HD003 HD003",
            "bo",
            "select helpdesk.chat_transfer(%(chat)s, null, %(support)s)",
        ),
        "a category sent to one's own department, on a conflict": (
            """insert into public.categories (id, name) values (%(category)s, 'x')
               on conflict (id) do update set department_id = %(support)s""",
            "no no no no no",
            "ann",
            "update public.categories set department_id = %(support)s where id = %(category)s",
        ),
        "row security, by the catalogue": (
            "update pg_catalog.pg_class set relrowsecurity = false where relname = 'tickets'",
            "no no no no no",
            "ann",
            "update public.departments set description = 'x' where id = %(support)s",
        ),
    },
}
