"""What a message says: one content, from which the mail's text and the webhook's body are made. Pure.

It is read at three in the morning: what, since when, what to do, where to look.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core.models import Alert, AlertNotice, Severity
from integrations.core.registry import Rule

LINES = 20  # alerts that a message tells one by one; the others are counted
LONGEST_SUBJECT = 150
What = AlertNotice.What
TEST = "test"
_WORDS = {What.OPENED: _("Alert"), What.REMINDER: _("Still open"), What.RECOVERED: _("Over")}


def content_of(
    notices: Sequence[AlertNotice], rules: dict[str, Rule], *, base_url: str, now: datetime
) -> dict[str, Any]:
    """What is stored and sent: the most severe first, what is over last."""
    in_order = sorted(notices, key=lambda n: (n.what == What.RECOVERED, -n.alert.severity, n.alert.since, n.pk))
    return {
        "sent_at": now.isoformat(timespec="seconds"),
        "portal": base_url,
        "alerts": [_entry(notice, rules, base_url) for notice in in_order[:LINES]],
        "more": max(0, len(in_order) - LINES),
    }


def test_content(*, base_url: str, now: datetime, by: str) -> dict[str, Any]:
    """A message that says that messages arrive."""
    entry = {
        "what": TEST,
        "title": gettext("This is a test"),
        "sentence": gettext("{by} asked for it, to see whether alerts arrive here. Nothing is wrong.").format(by=by),
        "advice": gettext("Nothing."),
        "severity": "notice",
        "since": now.isoformat(timespec="seconds"),
        "url": f"{base_url}/admin/",
    }
    return {"sent_at": now.isoformat(timespec="seconds"), "portal": base_url, "alerts": [entry], "more": 0}


def _entry(notice: AlertNotice, rules: dict[str, Rule], base_url: str) -> dict[str, Any]:
    alert, rule = notice.alert, rules.get(notice.alert.rule)
    return {
        "what": str(notice.what),
        "id": alert.pk,
        "rule": alert.rule,
        "subject": alert.subject,
        "severity": Severity(alert.severity).name.lower(),
        "client": alert.client.slug if alert.client else None,
        "title": alert.title,
        "sentence": alert.sentence,
        "advice": str(rule.advice) if rule else "",
        "since": _iso(alert.since),
        "recovered_at": _iso(alert.recovered_at) if alert.state == Alert.State.RECOVERED else None,
        "times_opened": alert.count,
        "url": f"{base_url}{alert.path}",
        "alert_url": f"{base_url}/admin/core/alert/{alert.pk}/change/",
    }


def subject_of(content: dict[str, Any]) -> str:
    """One line, for the list of a mailbox or a phone's lock screen."""
    entries, more = content["alerts"], content["more"]
    first = entries[0]
    said = f"{_word(first)}: {first['title']}" if first["what"] != TEST else first["title"]
    others = len(entries) - 1 + more
    line = f"[portal] {said}"
    if others:
        line = gettext("{line}, and {count:,} more").format(line=line, count=others)
    line = " ".join(line.split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1] + "…"


def text_of(content: dict[str, Any]) -> str:
    """The mail: plain text, an alert after the other."""
    parts = [_lines(entry) for entry in content["alerts"]]
    if content["more"]:
        more = gettext("…and {count:,} more. All of them: {url}")
        parts.append(more.format(count=content["more"], url=f"{content['portal']}/admin/core/alert/"))
    why = gettext("You get this because your address stands in an alert channel of {portal}.")
    parts.append(why.format(portal=content["portal"]))
    return "\n\n".join(parts) + "\n"


def _lines(entry: dict[str, Any]) -> str:
    is_over = entry["what"] == What.RECOVERED
    said = [(gettext("Since:"), _when(entry["since"]))]
    if entry.get("recovered_at"):
        said.append((gettext("Over since:"), _when(entry["recovered_at"])))
    said.append((gettext("What:"), entry["sentence"]))
    if not is_over:
        said.append((gettext("To do:"), entry["advice"]))
    if entry.get("times_opened", 1) > 1:
        flaps = gettext("it has come and gone {count} times.").format(count=entry["times_opened"])
        said.append((gettext("Note:"), flaps))
    said.append((gettext("Page:"), entry["url"]))
    width = len(gettext("Over since:"))
    return "\n".join([f"{_word(entry)}: {entry['title']}", *(f"{name:<{width}} {text}" for name, text in said)])


def _word(entry: dict[str, Any]) -> str:
    if entry["what"] == TEST:
        return gettext("Test")
    word = str(_WORDS[What(entry["what"])])
    return word if entry["what"] == What.RECOVERED else f"{word} ({Severity[entry['severity'].upper()].label})"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _when(iso: str) -> str:
    return datetime.fromisoformat(iso).strftime("%Y-%m-%d %H:%M UTC")
