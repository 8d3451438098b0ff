"""Holes through which somebody is taken for somebody else, or for somebody still."""

from __future__ import annotations

from tests.mutants.mutating import Edit, Mutant
from tests.mutants.reading import replaced

IDENTITY: list[Mutant] = [
    Mutant(
        "claims-before-the-login",
        "what a session says of itself is believed",
        edits=(
            Edit(
                "private.uid",
                "return found_person;",
                "return coalesce((nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid,"
                " found_person);",
            ),
        ),
    ),
    replaced(
        "claims-of-any-login",
        "private.claimed",
        "where pg_has_role(session_user, 'service_role', 'member')",
        "",
        "a login that is not ours is believed whatever it claims",
    ),
    replaced(
        "claims-after-sign-out",
        "private.asking",
        "if session_user::text ~ '^hd_[0-9a-f]{32}$' then",
        "if session_user::text ~ '^hd_[0-9a-f]{32}$' and current_setting('request.jwt.claims', true) is null then",
        "whoever signed out is asked for claims",
    ),
    replaced(
        "expired-sessions",
        "private.asked",
        "and (s.not_after is null or s.not_after > clock_timestamp())",
        "",
        "a session goes on after its end",
    ),
    replaced(
        "banned-people",
        "private.shut_out",
        "(banned_until > clock_timestamp())",
        "(banned_until > clock_timestamp() + interval '1000 years')",
        "a banned person is somebody still",
    ),
    replaced(
        "deleted-people",
        "private.shut_out",
        "WHEN (deleted IS NOT NULL) THEN",
        "WHEN (deleted > clock_timestamp()) THEN",
        "a deleted person is somebody still",
    ),
    replaced(
        "deactivated-people",
        "private.shut_out",
        "WHEN (deactivated IS NOT NULL) THEN",
        "WHEN (deactivated > clock_timestamp()) THEN",
        "a deactivated person is somebody still",
    ),
    replaced(
        "old-snapshots",
        "private.asked",
        "and (current_setting('transaction_isolation') = 'read committed'"
        " or current_setting('transaction_read_only') = 'on')",
        "",
        "a transaction in an older snapshot writes with rights that are gone",
    ),
    replaced(
        "one-factor-is-enough",
        "private.standing",
        "not (select f.staff_need_two_factors from private.settings f)",
        "true",
        "staff with a password alone have their role though two factors are demanded",
    ),
    replaced(
        "factors-by-claim-of-everybody",
        "private.asked",
        "private.standing(s.user_id, s.aal::text)",
        "private.standing(s.user_id, coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'aal',"
        " s.aal::text))",
        "whoever signed in with a password says that there were two factors",
    ),
    replaced(
        "gateway-of-ended-sessions",
        "private.claimed",
        "c.claims ->> 'session_id' is null",
        "true",
        "the gateway is believed about sessions that ended",
    ),
    replaced(
        "background-by-name",
        "private.is_background",
        "and pg_has_role(session_user, 'service_role', 'member')",
        "",
        "whoever signed out counts as a job of the owner's",
    ),
    replaced(
        "mute-by-clients",
        "private.muted",
        "return private.is_background();",
        "return true;",
        "a client's setting keeps others from being told",
    ),
    replaced(
        "admin-by-default", "private.is_admin", "private.role() = 'admin'", "private.role() <> 'customer'", "all staff"
    ),
    replaced(
        "staff-by-default",
        "private.is_staff",
        "coalesce(private.role() <> 'customer', false)",
        "coalesce(private.role() <> 'customer', true)",
        "whoever has no role is staff",
    ),
    # The sign-in.
    replaced("hook-unlimited", "helpdesk.access_token_hook", "connection limit 8", "connection limit -1", "no limit"),
    replaced(
        "hook-inherits", "helpdesk.access_token_hook", "login noinherit", "login inherit", "rights without set role"
    ),
    replaced(
        "hook-forever",
        "helpdesk.access_token_hook",
        "password %L valid until %L'\n                     ' in role helpdesk_member', login, key, expires);",
        "password %L'\n                     ' in role helpdesk_member', login, key);",
        "a login's password is good for ever",
    ),
    replaced(
        "hook-too-many-roles",
        "helpdesk.access_token_hook",
        "login noinherit connection limit 8",
        "login noinherit createrole connection limit 8",
        "a login makes logins",
    ),
    replaced(
        "hook-lets-the-deactivated-in",
        "helpdesk.access_token_hook",
        "if private.is_deactivated((event #>> '{claims,sub}')::uuid) then",
        "if false then",
        "a deactivated person gets a new login",
    ),
    replaced(
        "hook-serves-the-anonymous",
        "helpdesk.access_token_hook",
        "or coalesce((event #>> '{claims,is_anonymous}')::boolean, false)",
        "",
        "anonymous visitors get logins",
    ),
    replaced(
        "hook-one-password",
        "helpdesk.access_token_hook",
        "sha256(s.value || uuid_send(session))",
        "sha256(s.value)",
        "one password opens every login",
    ),
    replaced(
        "hook-password-from-the-name",
        "helpdesk.access_token_hook",
        "sha256(s.value || uuid_send(session))",
        "sha256(uuid_send(session))",
        "a login's password follows from its name",
    ),
    replaced(
        "hook-trusts-roles-there",
        "helpdesk.access_token_hook",
        "and not (known and pg_has_role(login, 'helpdesk_member', 'member')) then",
        "and false then",
        "a role that somebody made under a session's name is taken for the session's",
    ),
    replaced(
        "hook-tells-the-password",
        "helpdesk.access_token_hook",
        "raise exception 'the login of session % cannot be made: %', session, sqlerrm using errcode = sqlstate;",
        "raise;",
        "a failure is logged with the statement that holds the password",
    ),
    replaced(
        "hook-clears-nothing",
        "helpdesk.access_token_hook",
        "perform private.clear_away(gone.session_id);",
        "null;",
        "logins of ended sessions stay, with their connections",
    ),
    Mutant(
        "hook-for-everybody",
        "people call the hook and are given logins",
        "grant execute on function helpdesk.access_token_hook(jsonb) to authenticated, helpdesk_member",
    ),
    Mutant(
        "member-of-authenticated",
        "logins of ours may what Supabase's interface may in other applications",
        "grant authenticated to helpdesk_member",
    ),
    Mutant(
        "member-of-service-role",
        "whoever signs in may bypass row level security",
        "grant service_role to helpdesk_member",
    ),
    Mutant(
        "member-reads-statistics",
        "others' statements can be read",
        "grant pg_read_all_stats to helpdesk_member",
    ),
    Mutant(
        "member-ends-connections",
        "others' connections can be ended",
        "grant pg_signal_backend to helpdesk_member",
    ),
    # People and accounts.
    replaced(
        "role-from-the-metadata",
        "private.profile_from_account",
        "''), 'customer')",
        "''), coalesce(new.raw_user_meta_data ->> 'role', new.raw_app_meta_data ->> 'role', 'customer'))",
        "whoever signs up says what they are",
    ),
    replaced(
        "profile-of-the-anonymous",
        "private.profile_from_account",
        "if new.is_anonymous or new.email is null then",
        "if new.email is null then",
        "an anonymous visitor has a profile",
    ),
    replaced(
        "first-admin-unconfirmed",
        "private.profile_from_account",
        "new.email_confirmed_at is not null and not",
        "not",
        "whoever signs up with the address first is the admin",
    ),
    replaced(
        "first-admin-by-another-house",
        "private.profile_from_account",
        "not coalesce((to_jsonb(new) ->> 'is_sso_user')::boolean, false)",
        "true",
        "another organisation's sign-in names the admin",
    ),
    replaced(
        "first-admin-twice",
        "private.first_admin",
        "if exists (select from public.profiles p where p.role = 'admin' and p.deactivated_at is null) then",
        "if false then",
        "an admin is named though there is one",
    ),
    # What functions are to look up, and who may call them.
    Mutant(
        "search-path-of-uid",
        "names in private.uid() mean what a session wants",
        "alter function private.uid() reset search_path",
    ),
    Mutant(
        "search-path-of-assign",
        "names in helpdesk.assign() mean what a session wants",
        "alter function helpdesk.assign(uuid[], uuid) reset search_path",
    ),
    Mutant(
        "search-path-empty",
        "pg_temp comes first in helpdesk.messages()",
        "alter function helpdesk.messages(uuid) set search_path = ''",
    ),
    Mutant(
        "search-path-public",
        "a guard looks names up in public",
        "alter function private.guard_message() set search_path = public, pg_catalog",
    ),
    Mutant(
        "function-for-the-public",
        "a function of the owner's may be called by everybody",
        "grant execute on function private.end_sessions(uuid) to public",
    ),
    Mutant(
        "function-of-channels-for-the-public",
        "channel names are told to whoever asks",
        "grant execute on function private.channel(text) to public",
    ),
    Mutant(
        "function-for-anon",
        "nobody in particular calls what people call",
        "grant usage on schema helpdesk to anon; grant execute on function helpdesk.article(uuid) to anon",
    ),
    Mutant(
        "trigger-function-for-people",
        "a trigger's function can be hung on a table of theirs",
        "grant execute on function private.list_attachments() to helpdesk_member",
    ),
    Mutant(
        "leakproof",
        "a function with words of a row in its errors runs before the policies",
        "alter function private.holds_published(uuid) leakproof; grant execute on function private.folded(text)"
        " to helpdesk_member",
    ),
]
