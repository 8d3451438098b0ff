"""Signing in: e-mail and password, then a code where the account has a second factor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Button, Input, Static

from helpdesk_tui.core.errors import HelpdeskError
from helpdesk_tui.core.text import safe_block

if TYPE_CHECKING:
    from helpdesk_tui.core.session import SecondFactor, SignIn

__all__ = ["SignInScreen"]


class SignInScreen(Screen[object]):
    """Asks for what a sign-in needs; dismissed with the ``Session``.

    Args:
        sign_in: does it.
        where: the helpdesk's name, shown so that nobody types a password into the wrong one.
        reason: why somebody has to sign in (again), if there is more to say.
        email: what the e-mail field starts with.
    """

    CSS_PATH = "sign_in.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "app.quit", "Leave", id="app.quit"),
        Binding("escape", "first_step", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, sign_in: SignIn, where: str, *, reason: str = "", email: str = "") -> None:
        super().__init__()
        self._sign_in = sign_in
        self._where = where
        self._reason = reason
        self._email = email
        self._factor: SecondFactor | None = None
        self._busy = False

    def compose(self) -> ComposeResult:
        """A card in the middle."""
        with Vertical(id="card"):
            yield Static("helpdesk", id="title", markup=False)
            yield Static(f"Sign in to {self._where}", id="where", markup=False)
            yield Input(self._email, placeholder="E-mail", id="email")
            yield Input(placeholder="Password", password=True, id="password")
            yield Input(placeholder="Code from your authenticator app", id="code", max_length=10)
            yield Button("Sign in", variant="primary", id="go")
            yield Static(safe_block(self._reason), id="said", markup=False)
            yield Static("Enter signs in · Tab next field · ^Q leaves", id="keys", markup=False)

    def on_mount(self) -> None:
        """The first empty field has the focus."""
        for field in self.query(Input):
            field.cursor_blink = False  # no painting while nobody types
        self.query_one("#password" if self._email else "#email", Input).focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "email":
            self.query_one("#password", Input).focus()
        else:
            self._go()

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self._go()

    def _say(self, words: str, *, failed: bool = True) -> None:
        said = self.query_one("#said", Static)
        said.set_class(failed, "failed")
        said.update(safe_block(words))

    def action_first_step(self) -> None:
        """From the code back to e-mail and password, for another account or a fresh start."""
        if self._factor is not None and not self._busy:
            self._factor = None
            self.remove_class("second")
            self._say("")
            self.query_one("#email", Input).focus()
            self.run_worker(self._sign_in.abandon())

    @work
    async def _go(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            await self._sign_in_once()
        finally:
            self._busy = False

    async def _sign_in_once(self) -> None:
        email = self.query_one("#email", Input).value.strip()
        password = self.query_one("#password", Input)
        code = self.query_one("#code", Input)
        if self._factor is None and (not email or not password.value):
            self._say("Both are needed: the e-mail address and the password.")
            return
        self._say("Signing in …", failed=False)
        from helpdesk_tui.core.session import SecondFactor  # loads what the first paint must not wait for

        try:
            if self._factor is None:
                answer = await self._sign_in.password(email, password.value)
            else:
                answer = await self._sign_in.second_factor(self._factor, code.value.strip())
        except HelpdeskError as error:
            self._say(str(error))
            (password if self._factor is None else code).focus()
            return
        if isinstance(answer, SecondFactor):
            self._factor = answer
            self.add_class("second")
            self._say(
                f"Now the code from {answer.friendly_name or 'your authenticator app'}. Esc goes back.", failed=False
            )
            code.focus()
        else:
            self.dismiss(answer)
