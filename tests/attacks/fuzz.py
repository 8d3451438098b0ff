"""A seeded generator of hostile SQL: the same seed, catalogue and kind of person give the same statements.

Statements come in *chunks*. Each chunk begins in a fresh state of the session (role, claims, settings, no transaction),
so that a chunk can be run again by itself. The statements know no canary and no id of a hidden row.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Final
from uuid import UUID

from tests.attacks.fuzz_catalogue import Catalogue, Function, Table, ids_for, literal
from tests.attacks.fuzz_words import DDL, OF_ROLES, SETTINGS, TRANSACTIONS

CHUNK: Final = 16

_OPERATORS: Final = (
    "=", "<>", "<", ">", "is distinct from", "~", "like", "@>", "in", "= any", "is null",
)  # fmt: skip

# In whose name a row is.
_WHO: Final = ("customer_id", "sender_id", "user_id", "author_id")

_SAID: Final = {
    "role": ("customer", "agent", "admin"),
    "status": ("draft", "published", "archived", "waiting", "active", "ended"),
    "what": ("department", "category", "tag", "article", "article category", "departments", "categories", "tags"),
    "kind": ("title", "priority", "assignee", "department", "reply", "note", "due"),
    "held": ("keep", "hand over"),
}


class Generator:
    """Draws statements.

    Args:
        seed: what everything follows from.
        catalogue: what there is.
        me: the id of the person, whom rows have to be in the name of.
        trusted: whether the login is believed about who asks. Then only what a client can ask for through it is tried:
            no settings, no roles, no blocks of code.
    """

    def __init__(self, seed: int, catalogue: Catalogue, me: UUID, *, trusted: bool = False) -> None:
        self.random = Random(seed)
        self.known = catalogue
        self.me = me
        self.trusted = trusted
        self._kinds: list[tuple[int, Callable[[], str]]] = [
            (20, self.select), (20, self.update), (18, self.insert), (6, self.delete), (22, self.call_offered),
            (4, self.call_closed), (3, self.call_builtin), (4, self.with_writes), (3, self.merge), (3, self.cursor),
            (3, self.explain), (5, self.ddl),
        ]  # fmt: skip
        if not trusted:
            self._kinds += [
                (5, self.setting),
                (3, self.of_roles),
                (1, self.transaction),
                (4, self.block),
                (2, self.bell),
            ]

    def chunk(self) -> list[str]:
        """Some statements that belong together; now and then all in one transaction."""
        if self.random.random() < 0.15 and not self.trusted:
            # In one transaction the first error would end it: most are tried in blocks.
            made = [self.block() if self.random.random() < 0.9 else self.statement() for _ in range(CHUNK)]
            made[0], made[-1] = "begin", self.random.choice(("commit", "commit", "rollback"))
            return made
        return [self.statement() for _ in range(CHUNK)]

    def statement(self) -> str:
        """One."""
        weights = [weight for weight, _ in self._kinds]
        return self.random.choices([kind for _, kind in self._kinds], weights)[0]()

    # -- parts --------------------------------------------------------------------------------------------------------

    def table(self) -> Table:
        """A table of ours; now and then one of the system's, or one that is closed."""
        number = self.random.random()
        if number < 0.03:
            return self.random.choice(self.known.system)
        offered = [table for table in self.known.tables if table.name.startswith("public.")]
        return self.random.choice(offered if number < 0.9 else self.known.tables)

    def value(self, name: str, kind: str, table: str | None = None, *, fresh: bool = False) -> str:
        """A literal for a column or an argument; a ``fresh`` row mostly has an id of its own."""
        if name in _WHO and self.random.random() < 0.4:
            return f"'{self.me}'"
        if name in _SAID and kind == "text" and self.random.random() < 0.8:
            return f"'{self.random.choice(_SAID[name])}'"
        if name == "id" and fresh and self.random.random() < 0.6:
            return "gen_random_uuid()"
        return literal(self.random, kind, ids_for(self.known, self.random, name, table))

    def condition(self, table: Table, alias: str) -> str:
        """A condition on one column, or a combination."""
        random = self.random
        name, kind = random.choice(table.columns) if random.random() < 0.6 else table.columns[0]
        column = f'{alias}."{name}"'
        match random.choice(_OPERATORS):
            case "in":
                other = self.table()
                return f'{column} in (select "{random.choice(other.columns)[0]}" from {other.name})'
            case "= any":
                return f"{column} = any({self.value(name, kind + '[]', table.name)})"
            case "is null":
                return f"{column} is {random.choice(('null', 'not null'))}"
            case "~" | "like" as operator:
                return f"{column}::text {operator} {random.choice(('$$.$$', '$$%$$', '$$zq$$', '$$^[a-m]$$'))}"
            case "@>" if kind != "jsonb":
                return random.choice(
                    (
                        f"exists (select from {self.table().name} o where o::text ~ {alias}::text)",
                        f"(case when {alias}::text like '%zq%' then 1 / 0 else 1 end) = 1",
                        f"{alias}::text::integer = 1",
                        f"not {column} = {self.value(name, kind, table.name)} or true",
                    )
                )
            case operator:
                return f"{column} {operator} {self.value(name, kind, table.name)}"

    def where(self, table: Table, alias: str, seldom: float = 0.3) -> str:
        """A WHERE, or none."""
        if self.random.random() < seldom:
            return ""
        joined = f" {self.random.choice(('and', 'or'))} ".join(
            self.condition(table, alias) for _ in range(self.random.choice((1, 1, 1, 2)))
        )
        return f" where {joined}"

    def output(self, table: Table, alias: str) -> str:
        """What to ask of rows."""
        column = f'{alias}."{self.random.choice(table.columns)[0]}"'
        return self.random.choice(
            (
                "*", f"{alias}::text", column, column, f"to_jsonb({alias})", f"count({column})", f"max({column}::text)",
                f"string_agg({alias}::text, ',')", f"lag({column}) over ()", f"{alias}.tableoid, {alias}.ctid",
                f"encode(convert_to({alias}::text, 'UTF8'), 'hex')", f"{alias}.xmin, {alias}", f"upper({column}::text)",
            )
        )  # fmt: skip

    def arguments(self, function: Function) -> str:
        """Values for a function, and at times one too few."""
        random = self.random
        count = random.randint(function.needed, len(function.arguments))
        return ", ".join(self.value(name, kind) for name, kind in function.arguments[:count])

    # -- statements ---------------------------------------------------------------------------------------------------

    def select(self) -> str:
        """A reading of one table or of several."""
        random, table = self.random, self.table()
        source = f"{table.name} t"
        if random.random() < 0.35:
            other = self.table()
            how = random.choice(("join", "left join", "full join", "cross join lateral"))
            if how == "cross join lateral":
                source += f" {how} (select * from {other.name} l{self.where(other, 'l')} limit 20) o"
            else:
                left, right = random.choice(table.columns)[0], random.choice(other.columns)[0]
                source += f' {how} {other.name} o on t."{left}"::text = o."{right}"::text'
        elif random.random() < 0.1:
            source += f" tablesample {random.choice(('bernoulli', 'system'))} (100)"
        what = self.output(table, "t")
        end = random.choice(
            (
                "",
                "",
                "",
                " limit 5",
                " order by 1 limit 9",
                " order by 1 desc offset 1",
                " for update",
                " for key share",
            )
        )
        aggregate = any(word in what for word in ("count", "max", "agg"))
        union = f" union all {self.select()}" if random.random() < 0.03 and not end else ""
        return f"select {what} from {source}{self.where(table, 't')}{'' if aggregate else end}{union}"

    def _assignments(self, table: Table) -> str:
        random = self.random
        kinds = dict(table.columns)
        names = table.updatable if table.updatable and random.random() < 0.85 else tuple(kinds)
        chosen = random.sample(names, min(len(names), random.choice((1, 1, 1, 2, 3))))
        return ", ".join(
            f'"{name}" = ' + (f'"{random.choice(names)}"' if random.random() < 0.1 else self.value(name, kinds[name]))
            for name in chosen
        )

    def update(self) -> str:
        """A change, often blind: with no condition and no RETURNING."""
        table = self.table()
        source = ""
        if self.random.random() < 0.1:
            source = f" from {self.table().name} o"
        returning = f" returning {self.output(table, 't')}" if self.random.random() < 0.3 else ""
        if any(word in returning for word in ("count", "max", "agg", "over")):
            returning = ""
        condition = self.where(table, "t", 0.45)
        return f"update {table.name} t set {self._assignments(table)}{source}{condition}{returning}"

    def insert(self) -> str:
        """A new row or many, at times over one that is there."""
        random, table = self.random, self.table()
        kinds = dict(table.columns)
        names = list(table.insertable) if table.insertable and random.random() < 0.85 else list(kinds)
        if len(names) > 2 and random.random() < 0.7:
            names = [name for name in names if random.random() < 0.8] or names
        if random.random() < 0.1:
            other = self.table()
            values = f"select {', '.join(self.value(name, kinds[name]) for name in names)} from {other.name} limit 9"
        else:
            drawn = (self.value(name, kinds[name], table.name, fresh=True) for name in names)
            values = f"values ({', '.join(drawn)})"
        conflict = ""
        if random.random() < 0.3:
            target = random.choice(("", "(id)", "(ticket_id, customer_id)", "(ticket_id, tag_id)", "(name)"))
            conflict = f" on conflict {target} do nothing"
            if random.random() < 0.6:
                conflict = f" on conflict {target or '(id)'} do update set {self._assignments(table)}"
        returning = " returning *" if random.random() < 0.2 else ""
        quoted = ", ".join(f'"{name}"' for name in names)
        return f"insert into {table.name} ({quoted}) {values}{conflict}{returning}"

    def delete(self) -> str:
        """Removing rows, often all."""
        table = self.table()
        if self.random.random() < 0.4:
            return f"truncate {table.name}{self.random.choice(('', ' cascade', ' restart identity'))}"
        return f"delete from {table.name} t{self.where(table, 't', 0.6)}"

    def with_writes(self) -> str:
        """CTEs that write."""
        inner = self.random.choice((self.update, self.insert, self.delete))()
        if "returning" not in inner:
            inner += " returning *"
        outer = self.random.choice((self.select, self.update, self.insert))()
        return f"with w as ({inner}) {outer}"

    def merge(self) -> str:
        """MERGE."""
        table, other = self.table(), self.table()
        matched = self.random.choice((f"update set {self._assignments(table)}", "delete", "do nothing"))
        left, right = table.columns[0][0], self.random.choice(other.columns)[0]
        return (
            f'merge into {table.name} t using {other.name} s on t."{left}"::text = s."{right}"::text'
            f" when matched then {matched}"
        )

    def _call(self, function: Function) -> str:
        call = f"{function.name}({self.arguments(function)})"
        form = self.random.random()
        if form < 0.55:
            return f"select * from {call}"
        if form < 0.75:
            return f"select {call}"
        if form < 0.85:
            table = self.table()
            return f"select {call}, t from {table.name} t{self.where(table, 't')} limit 3"
        if form < 0.95:
            return f"select string_agg(f::text, ',') from {call} f"
        return f"call {call}" if form > 0.98 else f"select f from {call} f, {self.table().name} t limit 5"

    def call_offered(self) -> str:
        """A function that clients may call."""
        return self._call(self.random.choice(self.known.offered))

    def call_closed(self) -> str:
        """One that they may not."""
        return self._call(self.random.choice(self.known.closed))

    def call_builtin(self) -> str:
        """One of PostgreSQL's own."""
        return self._call(self.random.choice(self.known.builtin))

    def cursor(self) -> str:
        """A cursor, or a change through it."""
        table = self.table()
        return self.random.choice(
            (
                f"declare c cursor with hold for select * from {table.name} t{self.where(table, 't')}",
                f"declare c cursor for select * from {table.name} t for update", "fetch all from c", "move 1 in c",
                f"update {table.name} t set {self._assignments(table)} where current of c", "close c",
                f"prepare p as {self.select()}", "execute p", f"delete from {table.name} where current of c",
            )
        )  # fmt: skip

    def explain(self) -> str:
        """A plan, run or not."""
        options = self.random.choice(("", "(analyze, verbose)", "(verbose, format json)", "(generic_plan)"))
        inner = self.random.choice((self.select, self.update, self.insert, self.call_offered))()
        return f"explain {options} {inner}"

    def ddl(self) -> str:
        """Something that changes the database's structure."""
        return self._fill(self.random.choice(DDL))

    def of_roles(self) -> str:
        """Another role, or another nature for one."""
        return self._fill(self.random.choice(OF_ROLES))

    def _fill(self, template: str) -> str:
        table = self.table().name
        return (
            template.replace("{table}", table).replace("{bare}", table.rpartition(".")[2])
            .replace("{schema}", self.random.choice(("public", "helpdesk", "private", "pg_temp", "pg_catalog")))
            .replace("{role}", self.random.choice(self.known.roles))
            .replace("{id}", f"'{self.random.choice(self.known.ids)}'")
        )  # fmt: skip

    def setting(self) -> str:
        """A hostile setting, for the session or the transaction."""
        if self.random.random() < 0.3:
            claims = json.dumps({"sub": str(self.random.choice(self.known.by_table["public.profiles"])),
                                 "role": self.random.choice(self.known.roles), "aal": "aal2"})  # fmt: skip
            return f"select set_config('request.jwt.claims', '{claims}', {self.random.choice(('true', 'false'))})"
        scope = self.random.choice(("", "", "local ", "session "))
        return f"set {scope}{self.random.choice(SETTINGS)}"

    def transaction(self) -> str:
        """The beginning or the end of a transaction, or of a part of one."""
        return self.random.choice(TRANSACTIONS)

    def bell(self) -> str:
        """A notification, or listening for some."""
        return self.random.choice(
            ("listen staff", "unlisten *", "notify staff, '!'", "select pg_notify('hd_x', '*')",
             "select pg_notify(channel, '*') from helpdesk.channels()")
        )  # fmt: skip

    def block(self) -> str:
        """A statement within a block of code that tells what became of it."""
        inner = self.random.choice((self.select, self.update, self.insert, self.delete, self.call_offered, self.ddl))()
        return (
            f"do $fuzz$ declare r text; begin execute $sql${inner}$sql$ into r; raise notice '%', r;"
            " exception when others then raise notice '% %', sqlstate, sqlerrm; end $fuzz$"
        )
