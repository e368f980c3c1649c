"""A file of runs as a stream of items for the intake, each with the line or row a person finds it in.

Tables name their columns in the first row. Cells are text or times, never calculated. The column `objects` holds
JSON, or `name:status:message; name:status:message`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from django.utils.translation import gettext

from integrations.backup_tickets.intake import Placed

from . import sheets
from .problems import Line, UnreadableFileError

if TYPE_CHECKING:
    import _csv

FORMATS = ("csv", "xlsx", "json")
REQUIRED = ("external_id", "customer", "job", "status", "started_at")
COLUMNS = (*REQUIRED, "backup_type", "finished_at", "remark", "objects")
JSON_LIMIT = 100_000_000  # bytes; JSON is read as a whole
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def format_of(name: str, stream: BinaryIO) -> str:
    """The format, by the file's name, else by how it begins. Leaves the stream at its start."""
    ending = name.rpartition(".")[2].lower()
    if ending in FORMATS:
        return ending
    begin = stream.read(64)
    stream.seek(0)
    if begin.startswith(b"PK"):
        return "xlsx"
    return "json" if begin.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else "csv"


def read_file(stream: BinaryIO, form: str) -> Iterator[Placed]:
    """The runs in the file. Raises `UnreadableFileError`, at the first item, when it is not what `form` says.

    Later trouble becomes an item with a fault, so that what stood before it is kept and what follows is read.
    """
    if form == "json":
        return _json_items(stream)
    rows = sheets.rows(stream) if form == "xlsx" else _csv_rows(stream)
    return _table_items(rows)


def _table_items(rows: Iterator[Line]) -> Iterator[Placed]:
    header = next(rows, None)
    if header is None:
        raise UnreadableFileError(_cured(gettext("The file is empty.")))
    if header.fault:
        raise UnreadableFileError(f"{header.place}: {header.fault}")
    names = [str(name or "").strip().lower().replace(" ", "_") for name in header.cells]
    _check([name.encode("utf-8", "replace").decode() for name in names])
    for line in rows:
        if line.fault:
            yield Placed(None, line.place, line.fault)
        elif any(cell not in (None, "") for cell in line.cells):
            yield Placed(_item(names, line.cells), line.place)


def _check(names: list[str]) -> None:
    if missing := [name for name in REQUIRED if name not in names]:
        said = gettext("These columns are missing: {columns}.").format(columns=", ".join(missing))
        raise UnreadableFileError(_cured(said))
    if unknown := [name[:50] for name in names if name and name not in COLUMNS]:
        said = gettext("These columns are not known: {columns}. Remove them.").format(columns=", ".join(unknown[:10]))
        raise UnreadableFileError(_cured(said))
    if len(set(filter(None, names))) < len([name for name in names if name]):
        raise UnreadableFileError(gettext("A column is named twice in the first row; keep one of the two."))


def _cured(said: str) -> str:
    cure = gettext("The first row must name the columns; known are {columns}.")
    return f"{said} {cure.format(columns=', '.join(COLUMNS))}"


def _item(names: list[str], cells: list[Any]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for position, cell in enumerate(cells):
        name = names[position] if position < len(names) else ""
        if name:
            item[name] = cell
        elif cell not in (None, ""):
            item[gettext("column {number}").format(number=position + 1)] = cell  # refused by the intake, with its name
    if isinstance(item.get("objects"), str):
        item["objects"] = _objects(item["objects"].strip())
    elif item.get("objects", ()) is None:
        del item["objects"]
    return item


def _objects(text: str) -> Any:
    """The objects of a cell; what cannot be read is returned as it is, and refused by the intake."""
    if text.startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    parts = [part.strip() for part in text.split(";") if part.strip()]
    found = []
    for part in parts:
        name, _, rest = part.partition(":")
        status, _, message = rest.partition(":")
        found.append({"name": name.strip(), "status": status.strip(), "message": message.strip()})
    return found


def _csv_rows(stream: BinaryIO) -> Iterator[Line]:
    begin = stream.read(2)
    stream.seek(0)
    if begin in BYTE_ORDER_MARKS:
        raise UnreadableFileError(gettext("The file is UTF-16. Save it as “CSV UTF-8” and try again."))
    # What is no UTF-8 becomes surrogates, which the intake refuses: it costs its row, not the file.
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    try:
        first = text.readline(100_000)
        text.seek(0)
        yield from _csv_lines(csv.reader(text, delimiter=max(",;\t", key=first.count), strict=True))
    finally:
        if not text.closed:
            text.detach()  # the stream is the caller's


def _csv_lines(reader: _csv.Reader) -> Iterator[Line]:
    place = gettext("Line {number}")
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _broken(begins, reader.line_num, error)
        else:
            yield Line(place.format(number=begins), list(cells))


def _broken(begins: int, ends: int, error: csv.Error) -> Line:
    place = gettext("Line {number}") if ends <= begins else gettext("Lines {number} to {last}")
    if "limit" in str(error):
        said = gettext("a cell holds more than {most} characters; shorten it.")
        fault = said.format(most=f"{csv.field_size_limit():,}")
    else:
        fault = gettext('a quotation mark is opened or closed at the wrong place; write " inside a cell as "".')
    return Line(place.format(number=begins, last=ends), [], fault)


def _json_items(stream: BinaryIO) -> Iterator[Placed]:
    content = stream.read(JSON_LIMIT + 1)
    if len(content) > JSON_LIMIT:
        said = gettext("JSON files may have {limit} MB; split it, or use CSV.")
        raise UnreadableFileError(said.format(limit=JSON_LIMIT // 1_000_000))
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        said = gettext("The file is not UTF-8: byte {number}. Save it as UTF-8.")
        raise UnreadableFileError(said.format(number=error.start + 1)) from None
    except json.JSONDecodeError as error:
        said = gettext("The file is not JSON: {fault}, line {line}, column {column}.")
        said = said.format(fault=error.msg, line=error.lineno, column=error.colno)
        raise UnreadableFileError(said) from None
    except (ValueError, RecursionError):
        raise UnreadableFileError(gettext("The JSON holds a number too long or is nested too deeply.")) from None
    runs = value.get("runs", [value]) if isinstance(value, dict) else value
    if not isinstance(runs, list):
        said = gettext("The file must hold {form}, a list of runs, or a single run.")
        raise UnreadableFileError(said.format(form='{"runs": […]}'))
    place = gettext("Run {number}")
    for number, run in enumerate(runs, 1):
        yield Placed(run, place.format(number=number))
