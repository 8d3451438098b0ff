"""The desk without a server: an embedded Postgres, a sign-in beside it, and a demo company to look at."""
