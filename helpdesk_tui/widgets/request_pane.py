"""A customer's request: what it is, its thread, and the composer below while they write."""

from __future__ import annotations

from datetime import tzinfo

from helpdesk_tui.widgets.request_header import RequestHeader
from helpdesk_tui.widgets.ticket_header import Clock, Header
from helpdesk_tui.widgets.ticket_pane import TicketPane

__all__ = ["RequestPane"]


class RequestPane(TicketPane):
    """As the team's pane, in words for the requester."""

    PLAIN = True
    DEFAULT_CSS = """
    RequestPane {
        & > ThreadView { height: 1fr; }
        & > Composer { display: none; }
        &.writing > Composer { display: block; }
    }
    """

    def make_header(self, clock: Clock, zone: tzinfo | None) -> Header:
        """What is above the thread."""
        return RequestHeader(clock=clock, zone=zone)

    @property
    def about(self) -> RequestHeader:
        """The header, by its kind."""
        assert isinstance(self.header, RequestHeader)
        return self.header
