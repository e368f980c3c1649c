"""A file of runs as a stream of items for the intake, each with the row a person finds it in.

Tables name their columns in the first row. Cells are text or times, never calculated. The column `objects` holds
JSON, or `name:status:message; name:status:message`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from integrations.backup_tickets.intake import Placed

from . import sheets
from .problems import UnreadableFileError

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
    """The runs in the file. Raises `UnreadableFileError` (also on the way) when it is not what `form` says."""
    if form == "json":
        return _json_items(stream)
    rows = sheets.rows(stream) if form == "xlsx" else _csv_rows(stream)
    return _table_items(rows)


def _table_items(rows: Iterator[tuple[int, list[Any]]]) -> Iterator[Placed]:
    _, header = next(rows, (1, []))
    names = [str(name or "").strip().lower().replace(" ", "_") for name in header]
    _check(names)
    for number, cells in rows:
        if any(cell not in (None, "") for cell in cells):
            yield Placed(_item(names, cells), f"Row {number}")


def _check(names: list[str]) -> None:
    cure = f"The first row must name the columns; known are {', '.join(COLUMNS)}."
    if missing := [name for name in REQUIRED if name not in names]:
        raise UnreadableFileError(f"These columns are missing: {', '.join(missing)}. {cure}")
    if unknown := [name[:50] for name in names if name and name not in COLUMNS]:
        raise UnreadableFileError(f"These columns are not known: {', '.join(unknown[:10])}. Remove them. {cure}")
    if len(set(filter(None, names))) < len([name for name in names if name]):
        raise UnreadableFileError("A column is named twice in the first row; keep one of the two.")


def _item(names: list[str], cells: list[Any]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    for position, cell in enumerate(cells):
        name = names[position] if position < len(names) else ""
        if name:
            item[name] = cell
        elif cell not in (None, ""):
            item[f"column {position + 1}"] = cell  # refused by the intake, with its name
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


def _csv_rows(stream: BinaryIO) -> Iterator[tuple[int, list[Any]]]:
    begin = stream.read(2)
    stream.seek(0)
    if begin in BYTE_ORDER_MARKS:
        raise UnreadableFileError("The file is UTF-16. Save it as “CSV UTF-8” and try again.")
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    number = 0
    try:
        first = text.readline(100_000)
        text.seek(0)
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(text, delimiter=delimiter)
        for row in reader:
            number = reader.line_num
            yield number, list(row)
    except UnicodeDecodeError:
        raise UnreadableFileError(
            f"The file is not UTF-8 (after row {number}); it looks like Windows-1252. "
            "Save it as “CSV UTF-8” and try again."
        ) from None
    except csv.Error as error:
        raise UnreadableFileError(f"The file cannot be read after row {number}: {error}. Is it CSV?") from None
    finally:
        text.detach()


def _json_items(stream: BinaryIO) -> Iterator[Placed]:
    content = stream.read(JSON_LIMIT + 1)
    if len(content) > JSON_LIMIT:
        raise UnreadableFileError(f"JSON files may have {JSON_LIMIT // 1_000_000} MB; split it, or use CSV.")
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UnreadableFileError(f"The file is not UTF-8: byte {error.start + 1}. Save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise UnreadableFileError(
            f"The file is not JSON: {error.msg}, line {error.lineno}, column {error.colno}."
        ) from None
    except (ValueError, RecursionError):
        raise UnreadableFileError("The JSON holds a number too long or is nested too deeply.") from None
    runs = value.get("runs", [value]) if isinstance(value, dict) else value
    if not isinstance(runs, list):
        raise UnreadableFileError('The file must hold {"runs": […]}, a list of runs, or a single run.')
    for number, run in enumerate(runs, 1):
        yield Placed(run, f"Run {number}")
