"""Files with replies, on the command line."""

from __future__ import annotations

from uuid import uuid4


async def test_file_goes_with_a_reply_is_listed_and_saved(cli, desk, tmp_path):
    await desk.ticket()
    sent = tmp_path / "log.txt"
    sent.write_text("what happened")
    message = str(uuid4())
    reply = ["tickets", "reply", "1", "-m", "See the log.", "--attach", str(sent), "--to-newest", "--id", message]
    for _ in range(2):  # a lost answer: sent again
        result = await cli.run(desk.agent, *reply)
        assert result.code == 0, result.err
    for person in (desk.agent, desk.customer):
        listed = await cli.run(person, "tickets", "attachments", "1", "--json")
        assert [(each["name"], each["size"], each["content_type"], each["message"]) for each in listed.json] == [
            ("log.txt", 13, "text/plain", message)
        ]
        assert "log.txt" in (await cli.run(person, "tickets", "show", "1")).out
        folder = tmp_path / person.name
        folder.mkdir()
        saved = await cli.run(person, "tickets", "save", "1", "--to", str(folder))
        assert saved.out.strip() == str(folder / "log.txt")
        assert (folder / "log.txt").read_text() == "what happened"


async def test_file_of_a_note_is_no_file_to_the_requester(cli, desk, tmp_path):
    await desk.ticket()
    sent = tmp_path / "secret.txt"
    sent.write_text("SECRET")
    result = await cli.run(desk.agent, "tickets", "note", "1", "-m", "Look.", "--attach", str(sent))
    assert result.code == 0, result.err
    listed = await cli.run(desk.customer, "tickets", "attachments", "1", "--json")
    assert listed.json == []
    assert (await cli.run(desk.customer, "tickets", "save", "1", "--to", str(tmp_path))).code == 6
    assert "secret" not in (await cli.run(desk.customer, "tickets", "show", "1", "--json")).out


async def test_file_that_cannot_be_sent_sends_nothing(cli, desk, tmp_path):
    await desk.ticket()
    result = await cli.run(
        desk.agent, "tickets", "reply", "1", "-m", "See.", "--to-newest", "--attach", str(tmp_path / "none")
    )
    assert result.code == 2
    assert "cannot be read" in result.err
