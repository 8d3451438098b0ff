"""A helpdesk in the terminal, straight on the team's own Postgres."""

__version__ = "0.1.0"
