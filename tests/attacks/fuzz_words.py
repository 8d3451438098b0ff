"""Hostile statements without rows: settings, changes of structure, roles, transactions. ``{…}`` is drawn."""

from __future__ import annotations

from typing import Final

SETTINGS: Final = (
    "search_path = pg_temp, public, pg_catalog", "search_path = ''", "search_path = private, helpdesk, public",
    "session_replication_role = replica", "row_security = off", "helpdesk.mute = 'on'", "request.jwt.claims = '{}'",
    "request.jwt.claim.sub = '{}'", "\"request.jwt.claim.role\" = 'service_role'",
    "plan_cache_mode = force_generic_plan", "constraint_exclusion = on",
    "default_transaction_isolation = 'serializable'", "transaction_isolation = 'repeatable read'",
    "check_function_bodies = off", "local_preload_libraries = 'x'", "lo_compat_privileges = on", "event_triggers = off",
    "zero_damaged_pages = on", "allow_system_table_mods = on", "ignore_system_indexes = on", "timezone = 'Asia/Tokyo'",
    "datestyle = 'SQL, DMY'", "bytea_output = 'escape'", "client_min_messages = debug5", "debug_print_plan = on",
    "log_statement = 'none'", "role = 'service_role'", "session_authorization = 'postgres'", "enable_seqscan = off",
    "enable_indexscan = off", "jit = off", "default_table_access_method = 'heap'", "xmlbinary = hex",
    "extra_float_digits = 3", "helpdesk.policies = '[]'", "array_nulls = off", "quote_all_identifiers = on",
    "standard_conforming_strings = off",
)  # fmt: skip
"""What SET is tried with."""

DDL: Final = (
    "create table {schema}.evil (id uuid)", "create temp table {bare} (id uuid)", "create temp view {bare} as select 1",
    "create view {schema}.evil as select * from {table}", "create materialized view evil as select * from {table}",
    "create domain {schema}.uuid as text", "create type {schema}.ticket_status as enum ('x')",
    "create or replace function {schema}.evil() returns trigger language plpgsql as 'begin return null; end'",
    "create or replace function pg_temp.evil() returns text language sql as 'select 1::text'",
    "create or replace function private.uid() returns uuid language sql as 'select {id}::uuid'",
    "create or replace function private.muted() returns boolean language sql as 'select true'",
    "create trigger evil before insert on {table} for each row execute function {schema}.evil()",
    "create rule evil as on insert to {table} do instead nothing", "create schema evil", "create schema pg_temp_evil",
    "create policy evil on {table} using (true)",
    'alter policy "Customers can view own tickets" on public.tickets to public',
    'drop policy if exists "Customers can view own tickets" on public.tickets',
    "alter table {table} disable trigger all", "alter table {table} disable row level security",
    "alter table {table} no force row level security", "alter table {table} owner to current_user",
    "alter table {table} add column evil text", "alter table {table} alter column id drop default",
    "alter table {table} replica identity full", "alter table {table} drop constraint if exists tickets_pkey",
    "create index evil on {table} ((evil(id)))", "create statistics evil on id, ctid from {table}",
    "drop table {table}", "truncate {table} cascade", "drop trigger if exists tickets_guard on public.tickets",
    "drop function private.uid()", "drop schema private cascade", "grant all on {table} to current_user",
    "grant select on private.secrets to public", "grant {role} to current_user", "grant helpdesk_member to {role}",
    "revoke all on {table} from {role}", "create event trigger evil on ddl_command_end execute function evil()",
    "create operator {schema}.= (leftarg = uuid, rightarg = uuid, function = uuid_ne)",
    "create cast (uuid as text) with inout as implicit", "create extension if not exists dblink",
    "create aggregate {schema}.count(*) (sfunc = int8inc, stype = int8)", "create language plpython3u",
    "create server evil foreign data wrapper postgres_fdw", "create publication evil for all tables",
    "create subscription evil connection '' publication evil", "comment on table {table} is 'evil'",
    "security label on table {table} is 'x'", 'create collation {schema}.evil from "C"', "vacuum {table}",
    "analyze {table}", "reindex table {table}", "cluster {table} using tickets_pkey",
    "refresh materialized view {table}", "checkpoint", "lock table {table} in access exclusive mode nowait",
    "lock table {table} in row exclusive mode nowait",
    "create conversion evil for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8", "load 'x'",
    "import foreign schema x from server x into public", "alter system set wal_level = minimal",
    "drop owned by {role} cascade", "reassign owned by {role} to current_user",
)  # fmt: skip
"""What changes the structure."""

OF_ROLES: Final = (
    "set role {role}", "set local role {role}", "set role none", "reset role", "set session authorization {role}",
    "reset session authorization", "reset all", "discard all", "discard temp", "discard plans", "discard sequences",
    "alter role {role} set search_path = evil", "alter role {role} superuser", "alter role {role} bypassrls",
    "alter role {role} createrole", "alter role {role} password 'x'", "create role evil superuser", "drop role {role}",
    "alter default privileges grant all on tables to public", "alter role all set session_replication_role = replica",
    "alter database postgres set search_path = evil", "drop owned by current_user",
    "reassign owned by current_user to {role}", "alter role current_user rename to postgres",
)  # fmt: skip
"""Other roles, or another nature for one."""

TRANSACTIONS: Final = (
    "begin", "commit", "rollback", "savepoint a", "savepoint b", "rollback to savepoint a", "release savepoint b",
    "begin isolation level serializable", "begin isolation level repeatable read read only",
    "set constraints all deferred", "set transaction read only", "set transaction isolation level repeatable read",
    "prepare transaction 'evil'", "commit prepared 'evil'", "rollback and chain", "abort",
    "start transaction deferrable",
)  # fmt: skip
"""Beginnings and ends."""
