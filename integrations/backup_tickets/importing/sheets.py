"""The first sheet of an XLSX file, row by row. Formulas come as their text and are never calculated."""

from __future__ import annotations

import datetime as dt
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from .problems import Line, UnreadableFileError

UNPACKED_LIMIT = 200_000_000  # bytes; a small file may unpack to any size
WIDTH = 50  # columns looked at
BROKEN = (zipfile.BadZipFile, zlib.error, InvalidFileException, ParseError, KeyError, ValueError, IndexError, EOFError)


def rows(stream: BinaryIO) -> Iterator[Line]:
    """Line by line. Raises `UnreadableFileError` when there is no sheet; a sheet that breaks off ends with a fault."""
    number, place = 0, _("Row {number}")
    try:
        _check_size(stream)
        book = load_workbook(stream, read_only=True, data_only=False, keep_links=False)
        try:
            sheet: Any = book.worksheets[0]
            sheet.reset_dimensions()  # a file may claim any
            for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=WIDTH), 1):
                yield Line(place.format(number=number), _trimmed([_plain(cell) for cell in cells]))
        finally:
            book.close()
    except BROKEN:
        if not number:
            raise UnreadableFileError(_("The file is not a readable XLSX workbook. Save it anew, or as CSV.")) from None
        fault = _("the workbook is damaged; nothing could be read from there. Save it anew.")
        yield Line(_("After row {number}").format(number=number), [], fault)


def _check_size(stream: BinaryIO) -> None:
    with zipfile.ZipFile(stream) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    stream.seek(0)
    if unpacked > UNPACKED_LIMIT:
        raise UnreadableFileError(_("The workbook unpacks to too much data. Save it as CSV."))


def _plain(cell: Any) -> Any:
    if cell is None or isinstance(cell, str | dt.datetime):
        return cell
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _trimmed(cells: list[Any]) -> list[Any]:
    while cells and cells[-1] is None:
        cells.pop()
    return cells
