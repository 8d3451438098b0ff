"""Who there is in the demo. Apart from demo.py, which a start of a desk that is filled already need not import."""

from __future__ import annotations

__all__ = ["ACCOUNTS", "DEMO_PASSWORD"]

DEMO_PASSWORD = "lumen-loom"  # noqa: S105  (printed for everybody who opens the demo)
"""The password of every demo account."""

ACCOUNTS = {"agent": "agent@example.com", "admin": "admin@example.com", "customer": "customer@example.com"}
"""The account that stands for each role."""
