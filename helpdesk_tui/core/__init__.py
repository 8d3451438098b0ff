"""Postgres and the rules of the desk. Nothing in here imports Textual."""
