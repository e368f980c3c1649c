"""What iTop's answers mean: from its codes and sentences to the portal's errors.

Strange and dealt with here: refusals come with HTTP 200 and a code in the body; code 100 is said of everything, so the
English sentence decides; a program that died answers 500 with HTML, perhaps for ever; a bad query is answered with all
attribute names, kilobytes of them. Source: fact sheet, sections 1, 3 and 4.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from integrations.texts import gettext as _
from integrations.transport.answers import raise_for_status
from integrations.transport.errors import (
    ConfigurationError,
    ConflictError,
    MalformedResponseError,
    NotFoundError,
    RejectedError,
    TemporaryError,
    UnknownOutcomeError,
)
from integrations.transport.session import Answer

LIMIT = 300  # characters of the vendor's sentences
UNAUTHORIZED, MISSING_VERSION, MISSING_JSON, INVALID_JSON = 1, 2, 3, 4
MISSING_USER, MISSING_PASSWORD, UNSUPPORTED_VERSION, UNKNOWN_OPERATION = 5, 6, 10, 11
UNSAFE, INVALID_PAGE, INTERNAL_ERROR = 12, 13, 100
INVALID_LOGIN = "Invalid login"
_NOT_UNDERSTOOD = frozenset({MISSING_VERSION, UNSUPPORTED_VERSION, UNKNOWN_OPERATION})
_NO_RIGHT = re.compile(r"does not have enough permissions for (\w+) data of class(?:\(es\):)? ([\w, ]+)")
_NO_OBJECT = re.compile(r"(?:Error: )?Invalid object (\w+)::(\d+)")  # of a field its name stands before it
_NO_CLASS = re.compile(r"(?:Error: )?class: '([^']*)' is not a valid class")
_MISSING_FIELDS = re.compile(r"Missing mandatory attribute\(s\) for applying the stimulus: ([\w, ]+)")
# What is said before anything is stored, perhaps after the name of a field. Anything else under code 100 may come from
# half of a write; it may also quote the write, so that only its beginning counts.
_REFUSALS = re.compile(
    r"(?:Error: )?(?:\w+: )?(?:Unexpected value|invalid attribute code|Unknown attribute|Unknown class|Invalid object"
    r"|Missing parameter|Missing mandatory|No item found|Several items found|Wrong format|Null not allowed)",
)
_PASSES = re.compile(
    r"deadlock|lock wait|gone away|lost connection|too many connections|maintenance|read[- ]only|try again",
    re.IGNORECASE,
)


class NotAllowed(ConfigurationError):
    """The account's profiles do not include this. `class_name` is what of, where iTop says so."""

    def __init__(self, message: str, class_name: str = "") -> None:
        super().__init__(message, status=200)
        self.class_name = class_name


class UnknownClass(ConfigurationError):
    """This iTop has no such class: the module is not installed."""


class WrongState(ConflictError):
    """The stimulus is not allowed in the ticket's present state: read it, often it is where it should be."""


class NotDone(ConflictError):
    """iTop said yes and showed no object: something vetoed the write. Read the object before anything else."""


class MissingFields(RejectedError):
    """The stimulus needs these fields."""

    def __init__(self, message: str, fields: tuple[str, ...]) -> None:
        super().__init__(message, status=200)
        self.fields = fields


class TooLarge(RejectedError):
    """The file is larger than this connection, or a server on the way, allows."""


class Crashed(UnknownOutcomeError):
    """iTop's program died over a write (HTTP 500). Some answer so for ever: count the tries."""


def result_of(answer: Answer, *, safe: bool) -> dict[str, Any]:
    """The envelope of a success. Raises what any other answer means.

    An answer to a write (`safe` False) that cannot be understood leaves its outcome unknown.
    """
    _judge_status(answer, safe=safe)
    try:
        body = answer.json()
        if not isinstance(body, dict) or type(body.get("code")) is not int:
            raise MalformedResponseError(
                _("iTop's answer has no code: is the address of the connection iTop's own?"), excerpt=answer.excerpt()
            )
    except MalformedResponseError as broken:
        if safe:
            raise
        unknown = UnknownOutcomeError(
            _("iTop's answer to a write cannot be read ({message}); whether it was carried out is not known.").format(
                message=broken.message
            ),
            status=answer.status,
            excerpt=broken.excerpt,
        )
    else:
        if body["code"] != 0:
            said = body.get("message")
            refuse(body["code"], answer.quote(said if isinstance(said, str) else "", LIMIT), safe=safe)
        return body
    raise unknown


def _judge_status(answer: Answer, *, safe: bool) -> None:
    if answer.status == 413:
        raise TooLarge(_("The web server of this iTop refuses a request of this size (413)."), status=413)
    if answer.status in (404, 410):
        raise ConfigurationError(
            _(
                "There is no webservices/rest.php at the address of this connection ({status}): enter iTop's root, "
                "the address at which people see it, without /pages."
            ).format(status=answer.status),
            status=answer.status,
        )
    if answer.status == 500 and not safe:
        raise Crashed(
            _("iTop's program died over this write (500); whether it was carried out is not known."),
            status=500,
            excerpt=answer.excerpt(),
        )
    raise_for_status(answer, safe=safe)


def refuse(code: int, said: str, *, safe: bool) -> NoReturn:
    """Raise what a code and its sentence mean."""
    sentence = f"iTop: {said.removeprefix('Error: ') or 'refused without a word'} ({code})"
    if code in (UNAUTHORIZED, MISSING_USER, MISSING_PASSWORD):
        _refuse_access(said, sentence)
    if code in _NOT_UNDERSTOOD:
        raise ConfigurationError(
            _("{sentence}. Check the version of the REST services on the connection.").format(sentence=sentence),
            status=200,
        )
    if code in (MISSING_JSON, INVALID_JSON, UNSAFE, INVALID_PAGE):
        raise RejectedError(sentence, status=200)
    _refuse_internal(said, sentence, safe=safe)


def _refuse_access(said: str, sentence: str) -> NoReturn:
    if no_right := _NO_RIGHT.search(said):
        raise NotAllowed(
            _("The account's profiles in iTop do not allow {act} {record}.").format(
                act=no_right[1], record=no_right[2]
            ),
            no_right[2],
        )
    if INVALID_LOGIN in said:
        raise ConfigurationError(
            _(
                "iTop refused the login: enter user name and password again, and see whether the account is locked or "
                "expired."
            ),
            status=200,
        )
    if "REST Services User" in said:
        raise ConfigurationError(
            _("The account lacks the profile REST Services User in iTop; administrators need it too."), status=200
        )
    raise NotAllowed(_("{sentence}. Check the account's profiles in iTop.").format(sentence=sentence))


def _refuse_internal(said: str, sentence: str, *, safe: bool) -> NoReturn:
    if no_class := _NO_CLASS.match(said):
        raise UnknownClass(
            _("This iTop has no class {class_name}: its module is not installed.").format(class_name=no_class[1]),
            status=200,
        )
    if gone := _NO_OBJECT.fullmatch(said):
        raise NotFoundError(
            _("iTop does not have {class_name} {number}, or does not show it to this account.").format(
                class_name=gone[1], number=gone[2]
            ),
            status=200,
        )
    if said.startswith("Invalid stimulus"):
        raise WrongState(sentence, status=200)
    if missing := _MISSING_FIELDS.match(said):
        raise MissingFields(sentence, tuple(part.strip() for part in missing[1].split(",")))
    if _REFUSALS.match(said):
        raise RejectedError(sentence, status=200)
    if not safe:
        raise _unknown(sentence)
    raise TemporaryError(sentence, status=200) if _PASSES.search(said) else RejectedError(sentence, status=200)


def _unknown(sentence: str) -> UnknownOutcomeError:
    return UnknownOutcomeError(
        _("{sentence}; whether the write was carried out is not known.").format(sentence=sentence), status=200
    )


def lacks_its_form(answer: Answer) -> bool:
    """Whether iTop misses what was in the form of this call: PHP drops one that is too large, and says nothing."""
    try:
        body = answer.json()
    except MalformedResponseError:
        return False
    code, said = (body.get("code"), body.get("message")) if isinstance(body, dict) else (None, None)
    return code in (MISSING_VERSION, MISSING_JSON) or (code == UNAUTHORIZED and INVALID_LOGIN in str(said))


@dataclass(frozen=True, slots=True)
class Found:
    """One object of an answer: its real class, its id, and the fields that were asked for."""

    class_name: str
    id: int
    fields: dict[str, Any]


def objects_in(body: dict[str, Any], class_name: str) -> list[Found]:
    """The objects of an envelope, in iTop's order; none where it has null.

    Raises MalformedResponseError, also where there is neither a list nor null: never taken for "nothing there".
    """
    objects = body.get("objects", "absent")
    if objects is None or objects == []:
        return []
    if not isinstance(objects, dict):
        raise MalformedResponseError(
            _("iTop's answer has no objects where {class_name} was asked for.").format(class_name=class_name)
        )
    return [_object(one, class_name) for one in objects.values()]


def _object(one: Any, class_name: str) -> Found:
    key, kind, fields = (one.get(name) for name in ("key", "class", "fields")) if isinstance(one, dict) else (None,) * 3
    if isinstance(fields, list) and not fields:
        fields = {}  # PHP's empty object
    number = str(key) if isinstance(key, str | int) and not isinstance(key, bool) else ""
    usable = number.isascii() and number.isdigit() and len(number) < 19 and int(number) > 0
    if not usable or not isinstance(kind, str) or not kind or not isinstance(fields, dict):
        raise MalformedResponseError(
            _("iTop's answer for {class_name} holds something that is no object.").format(class_name=class_name)
        )
    return Found(kind[:100], int(number), fields)


def found_in(body: dict[str, Any]) -> int:
    """How many objects match in all, whatever the page shows. Raises MalformedResponseError."""
    said = body.get("message")
    found = re.fullmatch(r"Found: ([0-9]{1,15})", said) if isinstance(said, str) else None
    if found is None:
        raise MalformedResponseError(_("iTop's answer does not say how many objects were found."))
    return int(found[1])
