"""Mail that a real sign-in server would send is kept in a file, ``outbox.mbox``, which any mail program opens."""

from __future__ import annotations

import mailbox
import os
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

SENDER = "Helpdesk <no-reply@helpdesk.localhost>"


class Outbox:
    """The file that mail goes to. Only its owner may read it: it holds codes that let people in."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def send(self, recipient: str, subject: str, text: str) -> None:
        """Adds a message."""
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = SENDER, recipient, subject
        message["Date"] = formatdate(usegmt=True)
        message.set_content(text)
        os.close(os.open(self.file, os.O_WRONLY | os.O_CREAT, 0o600))
        box = mailbox.mbox(self.file)
        box.lock()
        try:
            box.add(message)
        finally:
            box.close()

    def messages(self) -> list[tuple[str, str, str]]:
        """Recipient, subject and text of each message, oldest first."""
        if not self.file.exists():
            return []
        found = []
        for message in mailbox.mbox(self.file, create=False):
            text = message.get_payload(decode=True)
            assert isinstance(text, bytes)
            found.append((str(message["To"]), str(message["Subject"]), text.decode()))
        return found
