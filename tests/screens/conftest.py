"""The fixture of the screens' tests."""

from __future__ import annotations

import pytest

from tests.screens.opened import TICKETS, Team
from tests.world import DeskDatabase, People


@pytest.fixture
async def team(database: DeskDatabase, people: People) -> Team:
    """Two agents of Support, one of Billing, an admin and a customer with six tickets."""
    agent = await people.sign_up("mira@example.com", "Mira Okonkwo", "agent", "Support")
    colleague = await people.sign_up("tomas@example.com", "Tomás Vega", "agent", "Support")
    stranger = await people.sign_up("bo@example.com", "Bo Berg", "agent", "Billing")
    admin = await people.sign_up("helena@example.com", "Helena Marchetti", "admin")
    customer = await people.sign_up("noor@example.com", "Noor van Dijk")
    async with await database.connect() as owner, owner.transaction():
        await owner.execute("set local helpdesk.mute = 'on'")
        await owner.execute(TICKETS, {"customer": customer.id, "agent": agent.id})
        await owner.execute(
            "insert into public.ticket_messages (ticket_id, sender_id, content, created_at) "
            "select id, customer_id, 'Please help with: ' || title, created_at from public.tickets"
        )
    return Team(database, people, agent, colleague, stranger, admin, customer)
