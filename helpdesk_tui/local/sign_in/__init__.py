"""A sign-in server in the program itself, which answers as Supabase Auth does.

Held against recorded answers of a real server (tests/local/test_transcripts.py) and driven by the official client. It
has what one desk on one machine needs: accounts with passwords, refresh, TOTP second factors, codes by mail (which
goes to a file), signing out. It has no OAuth, no SAML, no phone, no admin interface and no redirects by GET: nobody
could follow them, since it listens on no port. ``transport`` is the way in.
"""
