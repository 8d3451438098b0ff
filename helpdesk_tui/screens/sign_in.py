"""Getting in: signing in, with a code where the account has a second factor; adding one; signing up; a new password."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on, work
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.screen import Screen
from textual.widgets import Button, Input, Static

from helpdesk_tui.core.errors import HelpdeskError, SignInError
from helpdesk_tui.core.text import safe_block
from helpdesk_tui.screens.sign_in_steps import STEPS, Name

if TYPE_CHECKING:
    from helpdesk_tui.core.credential import Session
    from helpdesk_tui.core.factors import Enrolment
    from helpdesk_tui.core.session import SecondFactor, SignIn

__all__ = ["SignInScreen"]

KEYS = "Enter goes on · Tab next field · ^Q leaves"
ENROL_KEYS = "Enter adds it · Esc goes back · ^Q leaves"
#: Columns that the words beside a QR code need.
BESIDE = 35
#: Lines below which the card does without margins.
LOW = 26


class SignInScreen(Screen[object]):
    """Asks for what a sign-in needs, one step after the other; dismissed with the ``Session``.

    Args:
        sign_in: does it.
        where: the helpdesk's name, shown so that nobody types a password into the wrong one.
        reason: why somebody has to sign in (again), if there is more to say.
        email: what the e-mail field starts with.
        mail: where the codes are that would come by e-mail, where there is no mail server.
        newcomer: called with the session of somebody who has just signed up.
        factor: whoever is signed in gives or adds a second factor first: ``owed`` by staff, where one is demanded;
            ``wanted``: Esc goes on without one.
    """

    CSS_PATH = "sign_in.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "app.quit", "Leave", id="app.quit"),
        Binding("escape", "back", show=False),
        Binding("ctrl+n", "step('up')", "Sign up", show=False, id="sign_in.up"),
        Binding("ctrl+r", "step('forgot')", "New password", show=False, id="sign_in.forgot"),
        Binding("ctrl+o", "step('mail')", "Code by e-mail", show=False, id="sign_in.mail"),
        # Before the field hears of it: what is typed right behind an address, a password, must not land in its field.
        Binding("enter", "next_field", show=False, priority=True),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(
        self,
        sign_in: SignIn,
        where: str,
        *,
        reason: str = "",
        email: str = "",
        mail: str = "",
        newcomer: Callable[[Session], None] = lambda _: None,
        factor: Literal["", "owed", "wanted"] = "",
    ) -> None:
        super().__init__()
        self._sign_in = sign_in
        self._where = where
        self._reason = reason
        self._email = email
        self._mail = mail
        self._newcomer = newcomer
        self._wants = factor
        self._factor: SecondFactor | None = None
        self._enrolment: Enrolment | None = None
        self._busy = False
        self._step: Name = "in"

    def compose(self) -> ComposeResult:
        """A card in the middle; a QR code beside it, where there is one to scan."""
        with Horizontal(id="both"):
            yield Static("", id="qr", markup=False)
            with Vertical(id="card"):
                yield Static("helpdesk", id="title", markup=False)
                yield Static("", id="where", markup=False)
                yield Static("", id="secret", markup=False)
                yield Input(placeholder="Your name", id="name", max_length=200)
                yield Input(self._email, placeholder="E-mail", id="email")
                yield Input(placeholder="Password", password=True, id="password")
                yield Input(placeholder="Code", id="code", max_length=20)
                yield Input(placeholder="A new password", password=True, id="new_password")
                yield Button("", variant="primary", id="go")
                yield Static(safe_block(self._reason), id="said", markup=False)
                yield Static(
                    "[@click=screen.step('up')]New here? ^N signs up[/]   "
                    "[@click=screen.step('forgot')]Forgot the password? ^R[/]\n"
                    "[@click=screen.step('mail')]A code by e-mail instead of a password: ^O[/]",
                    id="others",
                )
                yield Static("", id="keys", markup=False)

    def on_mount(self) -> None:
        """The first step."""
        for field in self.query(Input):
            field.cursor_blink = False  # no painting while nobody types
        self._show("lead" if self._wants else "in")
        if self._wants:
            self._go()

    def _show(self, name: Name) -> None:
        """Go to a step: its fields, the first empty one with the focus."""
        step = STEPS[name]
        self._step = name
        self.query_one("#where", Static).update(f"{step.title} {self._where}")
        self.query_one("#go", Button).label = step.button
        self.query_one("#others").display = name == "in"
        keys = f"Esc goes back · {KEYS}" if step.back else KEYS
        self.query_one("#keys", Static).update(ENROL_KEYS if name == "enroll" else keys)
        self.query_one("#secret").display = name == "enroll"
        self._fit(self.app.size.width, self.app.size.height)
        code = self.query_one("#code", Input)
        code.value = ""
        by_app = name in ("factor", "reset_factor", "enroll")
        code.placeholder = "Code from your authenticator app" if by_app else "Code from the e-mail"
        if name == "enroll":
            code.placeholder = "The six digits it shows"
        fields = list(self.query(Input))
        for field in fields:
            field.display = field.id in step.fields
        shown = [field for field in fields if field.display]
        next((field for field in shown if not field.value), shown[0] if shown else self.query_one("#go")).focus()

    def _fit(self, width: int, height: int) -> None:
        """What there is room for: the QR code, if there is one, beside the words and whole, or not at all."""
        lines: list[str] = []
        if self._step == "enroll" and self._enrolment is not None:
            from helpdesk_tui.core.qr import half_blocks

            lines = half_blocks(self._enrolment.uri)
        fits = bool(lines) and len(lines[0]) + BESIDE <= width and len(lines) <= height
        code = self.query_one("#qr", Static)
        code.display = fits
        code.update("\n".join(lines) if fits else "")
        if self._enrolment is not None:
            half = len(self._enrolment.grouped) // 2
            key = f"{self._enrolment.grouped[:half].strip()}\n{self._enrolment.grouped[half:].strip()}"
            first = (
                "Scan this with an authenticator app, or type the key:"
                if fits
                else "Type this key into an authenticator app:"
            )
            self.query_one("#secret", Static).update(safe_block(f"{first}\n\n{key}\n\n{self._enrolment.uri}"))
        self.set_class(height < LOW, "low")
        self.set_class(self._step == "enroll", "enrolling")
        self.set_class(fits and width < len(lines[0]) + 60, "tight")

    def on_resize(self, event: Resize) -> None:
        """There may be room for the QR code now, or none any more."""
        self._fit(event.size.width, event.size.height)

    def _value(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._go()

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self._go()

    def _say(self, words: str, *, failed: bool = True) -> None:
        said = self.query_one("#said", Static)
        said.set_class(failed, "failed")
        said.update(safe_block(words))

    # Keys

    def action_next_field(self) -> None:
        """Enter in a field goes to the next one; in the last, and on the button, it goes on."""
        fields = STEPS[self._step].fields
        if not isinstance(self.focused, Input) or self.focused.id not in fields[:-1]:
            raise SkipAction
        self.focus_next()

    def action_step(self, name: Name) -> None:
        """To signing up, or to a new password; from the first step alone."""
        if self._step == "in" and not self._busy:
            self._say("")
            self._show(name)

    def action_back(self) -> None:
        """Back, for another account or a fresh start. What was begun at the server ends."""
        back = STEPS[self._step].back
        if self._busy:
            return
        if self._wants == "wanted" and self._sign_in.session is not None:
            self.dismiss(self._sign_in.session)
        elif back is not None:
            self._factor = self._enrolment = None
            self._say("")
            self._show(back)
            self.run_worker(self._sign_in.abandon())

    @work
    async def _go(self) -> None:
        if self._busy:
            return
        self._busy = True
        self._say(STEPS[self._step].working, failed=False)
        try:
            await self._do()
        except HelpdeskError as error:
            self._say(str(error))
            shown = [field for field in self.query(Input) if field.display]
            if isinstance(error, SignInError) and error.kind == "second_factor" and shown:
                shown[-1].value = ""  # the next one is typed from the beginning
            if shown:
                next((field for field in shown if not field.value), shown[-1]).focus()
        finally:
            self._busy = False

    async def _do(self) -> None:
        """What the step is for; then the next one."""
        email = self._value("email").strip()
        match self._step:
            case "in":
                await self._password(email)
            case "factor":
                assert self._factor is not None
                self.dismiss(await self._sign_in.second_factor(self._factor, self._value("code")))
            case "up":
                session = await self._sign_in.sign_up(email, self._value("new_password"), self._value("name"))
                if not self._in(session):
                    self._show("confirm")
                    self._say(f"We have sent a code to {email}. {self._elsewhere()}", failed=False)
            case "confirm":
                self._in(await self._sign_in.confirm(email, self._value("code")))
            case "forgot":
                await self._sign_in.recover(email)
                self._show("code")
                self._say(
                    f"If there is an account of {email}, a code is on its way to it. {self._elsewhere()}", failed=False
                )
            case "code":
                factor = await self._sign_in.redeem(email, self._value("code"))
                self._next_to_new(factor)
            case "reset_factor":
                assert self._factor is not None
                await self._sign_in.prove(self._factor, self._value("code"))
                self._next_to_new(None)
            case "mail":
                await self._sign_in.send_code(email)
                self._show("mailed")
                self._say(
                    f"If there is an account of {email}, a code is on its way to it, one a minute at most. "
                    f"{self._elsewhere()}",
                    failed=False,
                )
            case "mailed":
                self._entered(await self._sign_in.enter(email, self._value("code")))
            case "lead":
                await self._lead()
            case "enroll":
                assert self._enrolment is not None
                self.dismiss(await self._sign_in.finish(self._enrolment, self._value("code")))
            case "new":
                self._in(await self._sign_in.set_password(self._value("new_password")))

    def _in(self, session: Session | None) -> bool:
        """Whether that was all."""
        if session is not None:
            if self._step in ("up", "confirm"):
                self._newcomer(session)
            self.dismiss(session)
        return session is not None

    async def _password(self, email: str) -> None:
        self._entered(await self._sign_in.password(email, self._value("password")))

    async def _lead(self) -> None:
        """Whoever is signed in gives the second factor that they have, or adds one."""
        factor = await self._sign_in.owed()
        if factor is not None:
            self._ask_factor("factor", factor)
        else:
            self._enrolment = await self._sign_in.enroll()
            self._show("enroll")
            self._say(self._reason, failed=False)

    def _entered(self, answer: Session | SecondFactor) -> None:
        from helpdesk_tui.core.accounts import SecondFactor  # loads what the first paint must not wait for

        if isinstance(answer, SecondFactor):
            self._ask_factor("factor", answer)
        else:
            self.dismiss(answer)

    def _next_to_new(self, factor: SecondFactor | None) -> None:
        if factor is not None:
            self._ask_factor("reset_factor", factor)
        else:
            self.query_one("#new_password", Input).value = ""
            self._show("new")
            self._say("Now the new password. Your other devices will be signed out.", failed=False)

    def _ask_factor(self, step: Name, factor: SecondFactor) -> None:
        self._factor = factor
        self._show(step)
        self._say(f"Now the code from {factor.friendly_name or 'your authenticator app'}.", failed=False)

    def _elsewhere(self) -> str:
        return f"There is no mail server here: look into {self._mail}." if self._mail else "Type it here."
