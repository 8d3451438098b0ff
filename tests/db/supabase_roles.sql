-- The roles of a Supabase project, with desk_owner for the one that is called postgres there.
create role supabase_admin superuser createdb createrole bypassrls nologin;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit password 'gateway''s';
create role supabase_auth_admin login noinherit password 'sign-in''s';
create role desk_owner nosuperuser createdb createrole login replication bypassrls password 'owner''s';
grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role to desk_owner;
do $$
begin
  if current_setting('server_version_num')::integer >= 160000 then
    grant anon, authenticated, service_role to desk_owner with admin option;
  end if;
end
$$;
alter role authenticated set statement_timeout = '8s';
alter role supabase_auth_admin set search_path = 'auth';
