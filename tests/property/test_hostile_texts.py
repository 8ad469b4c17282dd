"""10,000 hostile texts through every door and into every sink: none escapes, and nothing raises what it may not.

What each text becomes is read back by a reader that is not ours, wherever there is one.
"""

from __future__ import annotations

import csv
import json
import logging
import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator
from email.parser import BytesHeaderParser
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree

import pytest
from hostile_texts import hostile_texts

from ariroute.asterisk.ami import checked as checked_action
from ariroute.asterisk.events import StasisStart, decode
from ariroute.asterisk.frames import frame, portions, quoted, set_variable, set_variables
from ariroute.asterisk.variables import UNWANTED, VALUE_LIMIT, clean_value, is_readable, is_writable
from ariroute.cli.output import printable
from ariroute.config.read import read_bytes, read_text
from ariroute.daemon.logs import JsonLines, Text
from ariroute.drawing.dot import dot
from ariroute.drawing.dot import quoted as dot_text
from ariroute.drawing.mermaid import mermaid
from ariroute.drawing.outline import Box, Exit, Outline
from ariroute.drawing.svg import svg
from ariroute.errors import ConfigError, LookupFailed
from ariroute.flow.contact import dialled_party, party
from ariroute.flow.endpoints import Endpoint
from ariroute.lookups.astdb import key_of, key_pieces
from ariroute.lookups.base import Surroundings
from ariroute.lookups.body import JsonTemplate, PrivateTemplate, form_body, header_value
from ariroute.lookups.csv_table import packed_here
from ariroute.lookups.ldap_filter import FilterTemplate
from ariroute.lookups.record import checked as checked_record
from ariroute.lookups.redis import RedisSettings, RedisSource
from ariroute.lookups.redis_link import packed
from ariroute.lookups.sql import bindable
from ariroute.lookups.sql_statement import Statement
from ariroute.lookups.table import Task
from ariroute.lookups.template import UrlTemplate
from ariroute.proof.page import html
from ariroute.proof.result import Ending, InjectedFault, Proof, ProvenCall, Run

TEXTS = hostile_texts(10_000)
NOT_SAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def inputs(text: str) -> dict[str, str]:
    return {"caller.name": text, "crm.id": text}


def test_the_texts_are_as_many_as_promised_and_all_different() -> None:
    assert len(set(TEXTS)) == 10_000


# ---- The doors


def test_a_caller_is_clean_whatever_it_is_called() -> None:
    for text in TEXTS:
        known = party(text, text, "SE")
        assert re.fullmatch(r"(\+?[0-9*#]{1,32})?", known.number, re.ASCII), text
        assert re.fullmatch(r"(\+[0-9]{3,15})?", known.e164, re.ASCII), text
        assert len(known.name) <= 64
        assert unicodedata.is_normalized("NFC", known.name), text
        assert not NOT_SAFE & {unicodedata.category(c) for c in known.name}, text


def test_what_was_dialled_is_a_number_or_a_plain_word() -> None:
    for text in TEXTS:
        assert re.fullmatch(r"(\+?[0-9*#]{1,32}|[A-Za-z0-9_-]{0,64})", dialled_party(text, "SE").number, re.ASCII), text


def test_an_event_is_read_whatever_stands_in_it() -> None:
    for text in TEXTS:
        told = json.dumps(
            {"type": "StasisStart", "args": [text], "channel": {"id": text, "name": text, "caller": {"name": text}}}
        )
        event = decode(told)
        if isinstance(event, StasisStart):
            assert str(event.channel.caller_name).isascii()
        else:  # JSON of Asterisk never has half characters
            assert not text or as_sent(text) != text, text
        decode(text.encode("utf-8", "surrogatepass"))


def test_a_record_of_a_customer_system_is_clean() -> None:
    for text in TEXTS:
        (value,) = checked_record({"name": text, text: text}, {"name": "string"}).values()
        assert isinstance(value, str)
        assert len(value) <= 1024
        assert not NOT_SAFE & {unicodedata.category(c) for c in value}, text


# ---- Towards customer systems


def filled(fill: Callable[[dict[str, str]], str]) -> Iterator[tuple[str, str]]:
    """Each text with what became of it; without those that are declined, which is declared."""
    for text in TEXTS:
        try:
            yield text, fill(inputs(text))
        except LookupFailed as declined:
            if declined.asked or (text in str(declined) and len(text) > 5):
                pytest.fail(f"{text!r}: {declined}")


def as_sent(text: str) -> str:
    """``text`` as UTF-8 can carry it."""
    return re.sub("[\ud800-\udfff]", "?", text)


def test_a_value_in_an_address_stays_one_part_of_the_path_and_one_value_of_the_query() -> None:
    template = UrlTemplate.parse("http://crm.local/customers/{caller.name}/orders?for={crm.id}&size=1")
    seen = 0
    for text, target in filled(template.target):
        path, _, query = target.partition("?")
        before, value, after = path.removeprefix("/").split("/")
        assert (before, after) == ("customers", "orders")
        assert unquote(value) == as_sent(text)
        assert value not in (".", "..")
        assert re.fullmatch(r"[A-Za-z0-9_.~%-]+", value, re.ASCII), text
        assert parse_qs(query, keep_blank_values=True) == {"for": [as_sent(text)], "size": ["1"]}
        seen += 1
    assert seen >= len(TEXTS) - 3  # nothing, . and ..


def test_a_value_in_a_header_stays_one_header() -> None:
    template = PrivateTemplate("n={caller.name};")
    parser = BytesHeaderParser()
    for text, value in filled(lambda given: header_value(template, given)):
        message = parser.parsebytes(f"X-Name: {value}\r\nX-After: 1\r\n\r\n".encode("ascii"))
        assert message.keys() == ["X-Name", "X-After"], text
        assert unquote(value) == f"n={as_sent(text)};"


def test_a_value_in_a_body_stays_one_text() -> None:
    template = JsonTemplate.parse({"name": "{caller.name}", "about": ["a {crm.id} b"], "n": 1}, is_query=False)
    form = {"name": PrivateTemplate("{caller.name}"), "n": PrivateTemplate("1")}
    for text in TEXTS:
        given = inputs(text)
        name = as_sent(text)
        assert json.loads(template.body(given)) == {"name": name or None, "about": [f"a {name} b"], "n": 1}
        assert parse_qs(form_body(form, given).decode("ascii"), keep_blank_values=True) == {"name": [name], "n": ["1"]}


def test_a_value_in_sql_is_bound_and_comes_back_as_it_was() -> None:
    statement = Statement.parse("SELECT :caller.name, 1 AS one")
    written = statement.written(lambda number: f"?{number}")
    database = sqlite3.connect(":memory:")
    for text in TEXTS:
        try:
            bound = bindable("caller.name", text)
        except LookupFailed:
            assert "\0" in text or as_sent(text) != text
            continue
        assert database.execute(written, [bound]).fetchone() == (text, 1)
    database.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # ldap3 uses names of pyasn1 that have others now
def test_a_value_in_a_filter_of_a_directory_stays_one_value() -> None:
    from ldap3.operation.search import parse_filter

    template = FilterTemplate.parse("(&(objectClass=person)(|(cn={caller.name})(mail={crm.id})))")
    for number, text in enumerate(TEXTS):
        filled_in = template.filled(inputs(text))
        assert (filled_in is None) == (not text)
        if filled_in is None:
            continue
        assert re.fullmatch(r"[A-Za-z0-9+@._ \\()&|=-]*", filled_in, re.ASCII), text
        assert filled_in.count("(") == 5
        value = filled_in.partition("cn=")[2].partition(")")[0]
        back = re.sub(rb"\\([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), value.encode("ascii"))
        assert back.decode("utf-8", "surrogatepass") == text
        if number % 50 == 0:  # it takes a millisecond
            assert len(parse_filter(filled_in, None, False, False, None, False).elements[0].elements) == 2


def test_a_value_in_a_key_of_redis_leads_to_no_other_key_and_stays_within_its_command() -> None:
    settings = RedisSettings.model_validate({"url": "redis://127.0.0.1/0", "key": "customer:{caller.name}:tier"})
    source = RedisSource(settings, Surroundings("crm", {"tier": "string"}))
    for text, key in filled(source.key_for):
        assert key.count(":") == (2 if text else 0), text
        assert not re.search(r"[*?\[\]\\\r\n]", key), text
        command = packed(("GET", key))
        size = len(key.encode())
        assert command == b"*2\r\n$3\r\nGET\r\n$%d\r\n%b\r\n" % (size, key.encode())


def test_a_value_in_a_key_of_the_asterisk_database_leads_to_no_other_key() -> None:
    pieces = key_pieces("{caller.name}/tier")
    for text in TEXTS:
        try:
            key = key_of(pieces, inputs(text))
        except LookupFailed:
            continue
        assert key is None or (key.count("/") == 1 and not re.search(r"[(),${}\[\]|&\"'\\\r\n]", key)), text


def test_a_csv_file_gives_each_text_back_or_names_the_line(tmp_path: Path) -> None:
    keys = dict.fromkeys(text.strip() for text in TEXTS if "\0" not in text and as_sent(text) == text)
    keys.pop("", None)
    path = tmp_path / "hostile.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "tier"])
        writer.writerows([key, key] for key in keys)
    table = packed_here(Task(str(path), "name", {"tier": "string"}, None))
    try:
        assert len(table) == len(keys)
        for key in keys:
            assert table.get(key) == {"tier": key}
            assert table.get(f"{key}\n") is None
    finally:
        table.close()


# ---- Towards Asterisk


def test_a_field_of_ami_stays_on_its_line_or_is_refused() -> None:
    for text in TEXTS:
        breaks = bool(re.search(r"[\r\n\0]", text))
        try:
            action = checked_action({"Action": "QueueSummary", "Queue": text})
        except ValueError:
            assert breaks
            continue
        assert not breaks, text
        assert list(action.items()) == [("Action", "QueueSummary"), ("Queue", text)]


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\0"])
def test_a_line_break_or_nul_is_refused_by_ami_and_taken_out_for_ari(sign: str) -> None:
    """A text of a customer system must not cost a caller the decision, so for ARI it is cleaned and not refused."""
    for text in (sign, f"a{sign}b", f"{sign}Action: Originate", f"gold{sign}"):
        with pytest.raises(ValueError, match="line break or NUL"):
            checked_action({"Action": "QueueAdd", "Queue": text})
        with pytest.raises(ValueError, match="no name of an AMI field"):
            checked_action({"Action": "QueueAdd", f"Queue{text}": "gold"})
        assert not is_writable(f"ARIROUTE_QUEUE{text}")
        assert not is_readable(f"ARIROUTE_TO{text}")
        assert sign not in clean_value(text)


def test_a_variable_is_written_clean_under_a_name_of_the_closed_set() -> None:
    for text in TEXTS:
        value = clean_value(text)
        assert not UNWANTED.search(value), text
        assert len(value) <= VALUE_LIMIT
        for request in (
            set_variable("1.2", "ARIROUTE_REASON", value),
            *(set_variables("1.2", part) for part in portions({"ARIROUTE_REASON": value})),
        ):
            told = json.loads(frame("7", request))
            assert set(told) == {
                *("type", "transaction_id", "request_id", "method", "uri", "content_type", "message_body")
            }
            assert (
                value in json.dumps(json.loads(told["message_body"]), ensure_ascii=False)
                or '"' in value
                or "\\" in value
            )
            body = json.loads(told["message_body"])
            assert body in ({"variable": "ARIROUTE_REASON", "value": value}, {"variables": {"ARIROUTE_REASON": value}})


def test_no_text_names_a_variable_or_an_endpoint_unless_it_is_one() -> None:
    for text in TEXTS:
        assert not is_writable(text), text
        assert not is_readable(text), text
        try:
            endpoint = Endpoint(text)
        except ValueError:
            continue
        assert re.fullmatch(r"\w+/[-+_*#./:@0-9A-Za-z]+", endpoint, re.ASCII), text


def test_an_id_stays_one_part_of_the_path() -> None:
    for text in TEXTS:
        part = quoted(text)
        assert re.fullmatch(r"[A-Za-z0-9._~%-]*", part, re.ASCII), text
        assert part not in (".", "..")
        assert unquote(part) == as_sent(text)


# ---- Towards people


def record_of(text: str) -> logging.LogRecord:
    record = logging.LogRecord("ariroute", logging.INFO, "", 0, "said %s", (text,), None)
    record.__dict__.update(caller=text, found={"name": text, text: 1}, reasons=[text])
    return record


def test_a_line_of_the_log_stays_one_line_that_no_terminal_obeys() -> None:
    text_form, json_form = Text(), JsonLines()
    for text in TEXTS:
        for line in (text_form.format(record_of(text)), json_form.format(record_of(text))):
            assert line.isprintable(), text
            assert len(line.splitlines()) == 1
        read = json.loads(line)
        assert as_sent(text) != text or (read["caller"], read["found"]["name"], read["reasons"]) == (text, text, [text])


def test_what_a_command_shows_is_obeyed_by_no_terminal() -> None:
    for text in TEXTS:
        assert not {unicodedata.category(c) for c in printable(text)} & NOT_SAFE, text


def outlines() -> Iterator[Outline]:
    for start in range(0, len(TEXTS), 100):
        boxes = tuple(
            Box(text, "branch", text, (Exit(text, ()),) if number % 4 == 0 else (), text)
            for number, text in enumerate(TEXTS[start : start + 100])
        )
        yield Outline(TEXTS[start], TEXTS[start + 1], boxes, TEXTS[start + 2])


SVG = "{http://www.w3.org/2000/svg}"
ATTRIBUTES = frozenset(
    {*("x", "y", "width", "height", "rx", "class", "d", "viewBox", "role", "textLength", "lengthAdjust")}
)


def test_a_drawing_as_svg_has_no_element_and_no_attribute_of_a_stranger() -> None:
    for flow in outlines():
        for element in ElementTree.fromstring(svg([flow])).iter():
            assert element.tag.removeprefix(SVG) in ("svg", "title", "style", "rect", "g", "text", "path")
            assert element.attrib.keys() <= ATTRIBUTES


def test_a_drawing_as_mermaid_or_dot_has_no_line_of_a_stranger() -> None:
    quiet = r'"(?:[^\W]|[ ,.:/()=+*%-]|#\d+;|<br/>)*"'
    for flow in outlines():
        for line in mermaid([flow]).split("\n"):
            rest = re.sub(quiet, "", line)
            assert re.fullmatch(r"[\w \[\](){}|:,.#<>-]*", rest, re.ASCII), line
            assert "<script" not in line
        for line in dot([flow]).split("\n"):
            rest = re.sub(r'"(?:[^"\\]|\\.)*"', "", line)
            assert re.fullmatch(r"[\w {}\[\]=,>-]*", rest, re.ASCII), line
    for text in TEXTS:
        assert re.fullmatch(r'"(?:[^"\\\n]|\\.)*"', dot_text(text)), text


class Elements(HTMLParser):
    """What a browser makes of a page: its elements, and their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_a_page_has_no_element_and_no_attribute_of_a_stranger() -> None:
    plain = Elements(page_of(["+46701234567", "gold"]))
    for start in range(0, len(TEXTS), 250):
        page = page_of(TEXTS[start : start + 250])
        found = Elements(page)
        assert (found.elements, found.attributes) == (plain.elements, plain.attributes)
        assert not re.search("[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]", page)


def page_of(texts: list[str]) -> str:
    """A proof of calls that are called so, each of them lost: such calls are listed."""
    calls = tuple(ProvenCall(text, text, text, 1.0, Ending.LOST, queues=(text,)) for text in texts)
    run = Run(0.0, 4.0, 0.0, calls, tuple(InjectedFault(text, text, 1.0, 1.0) for text in texts[:5]))
    return html(Proof(texts[0], "1", texts[-1], 1, run, None))


# ---- In the flow file


def in_quotes(text: str) -> str:
    """``text`` as YAML 1.2 has it in double quotes."""
    plain = (c if c.isascii() and c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in text)
    return f'"{"".join(plain)}"'


def test_a_text_in_quotes_of_yaml_is_read_as_it_is() -> None:
    for start in range(0, len(TEXTS), 50):
        texts = [as_sent(text) for text in TEXTS[start : start + 50]]
        written = "".join(f"- {in_quotes(text)}\n" for text in texts)
        assert read_text(written, "x.yaml").data == texts


def test_a_file_of_anything_is_read_or_refused() -> None:
    read = 0
    for text in TEXTS:
        try:
            read_bytes(text.encode("utf-8", "surrogatepass"), "x.yaml")
            read += 1
        except ConfigError:
            continue
    assert 0 < read < len(TEXTS)
