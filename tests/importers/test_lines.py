"""Reading the stream: whatever a file may be, every line is told by its number."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_tui.importers.lines import Unreadable, read, unpack


def lines(data: bytes, **more):
    return list(read(unpacked(data), **more))


def unpacked(data: bytes) -> Any:
    stream: Any = io.BufferedReader(io.BytesIO(data))
    return unpack(stream)


def test_each_object_has_its_line_number_and_blank_lines_count():
    found = lines(b'{"a": 1}\n\n  \n{"a": 2}')
    assert [(line.number, line.value) for line in found] == [(1, {"a": 1}), (4, {"a": 2})]


def test_gzip_is_known_by_its_content_not_by_its_name():
    assert [line.value for line in lines(gzip.compress(b'{"a": 1}\n') + gzip.compress(b'{"b": 2}\n'))] == [
        {"a": 1},
        {"b": 2},
    ]


def test_a_byte_order_mark_is_passed_over():
    assert lines(b'\xef\xbb\xbf{"a": 1}\n')[0].value == {"a": 1}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"a": }', "not JSON"),
        (b'{"a": 1} {"b": 2}', "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"17", "not an object"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "digits"),
        (b'{"a": "' + b"x" * 2_000_000 + b'"}', "longer than 1 MiB"),
    ],
    ids=["json", "two", "utf8", "number", "nan", "deep", "digits", "long"],
)
def test_a_broken_line_is_told_by_its_number_and_the_next_one_is_read(data, words):
    found = lines(b'{"before": 1}\n' + data + b'\n{"after": 1}\n', longest=1024 * 1024)
    assert [line.number for line in found] == [1, 2, 3]
    assert found[1].value is None
    assert words in (found[1].problem or "")
    assert found[2].value == {"after": 1}


def test_an_array_is_answered_with_what_is_wanted():
    assert "one object on each line" in (lines(b'[{"a": 1}]')[0].problem or "")


@pytest.mark.parametrize("cut", [5, 30, -9, -4])
def test_a_file_that_is_cut_off_says_so_after_its_last_whole_line(cut):
    whole = b"".join(json.dumps({"n": n, "text": "x" * 50}).encode() + b"\n" for n in range(200))
    seen: list[int] = []
    stream = unpacked(gzip.compress(whole)[:cut])
    with pytest.raises(Unreadable, match=r"ends in the middle|damaged") as caught:
        seen.extend(line.number for line in read(stream))
    assert caught.value.number == len(seen) + 1


def test_a_damaged_file_says_so():
    data = bytearray(gzip.compress(b'{"a": 1}\n' * 5000))
    data[len(data) // 2] ^= 0xFF
    with pytest.raises(Unreadable, match=r"damaged|ends in the middle"):
        lines(bytes(data))


def test_the_file_is_streamed_a_line_in_memory_at_a_time():
    bomb = gzip.compress(b'{"text": "' + b"x" * 40_000_000 + b'"}\n{"a": 1}\n')
    tracemalloc.start()
    found = lines(bomb, longest=100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [line.value for line in found] == [None, {"a": 1}]
    assert peak < 12_000_000


@given(st.binary(max_size=300))
def test_whatever_the_bytes_are_they_are_lines_or_unreadable(data):
    try:
        found = lines(data, longest=64)
    except Unreadable:
        return
    assert all((line.value is None) != (line.problem is None) for line in found)
    assert [line.number for line in found] == sorted({line.number for line in found})
