"""The whole app for ``bench_triage``, as a person who is signed in: ``python -m benchmarks.triage_app FILE``. FILE is a
pickle of the settings, the session and the path of the journal."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from helpdesk_tui.app import HelpdeskApp
from helpdesk_tui.core.session import SignIn
from helpdesk_tui.core.tokens import MemoryStore


def main() -> None:
    """Run it."""
    settings, session, drafts = pickle.loads(Path(sys.argv[1]).read_bytes())
    sign_in = SignIn(settings, MemoryStore())
    sign_in.session = session
    HelpdeskApp(settings, sign_in, session, drafts=drafts).run()


if __name__ == "__main__":
    main()
