"""Bring in what another helpdesk wrote out: one module a format, all on one pipeline."""
