"""An alert opens once, is told once, is over once; nobody is flooded, and nothing is lost on the way."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail as post
from pytest_django import Settings

from integrations.core.alerts import attending, evaluating, notices, sending
from integrations.core.alerts.deciding import decide
from integrations.core.models import Alert, AlertChannel, AlertMessage, AlertNotice, AuditEntry, Client, Job
from integrations.core.processes import HOST
from integrations.core.running import run_due_jobs, sweep
from tests.core.world import person
from tests.translation import CLOSE, OPEN, bracketed

from .conftest import Fire, Minutes
from .receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def subjects() -> list[str]:
    return [message.subject for message in post.outbox]


def test_it_opens_once_is_told_once_and_is_over_once(minute: Minutes, fire: Fire, mail: AlertChannel) -> None:
    fire.burning["the kitchen"] = None
    minute.passes(10)
    assert subjects() == ["[portal] Alert (warning): the kitchen burns"]
    fire.burning.clear()
    minute.passes(20)
    assert subjects() == ["[portal] Alert (warning): the kitchen burns", "[portal] Over: the kitchen burns"]
    alert = Alert.objects.get()
    assert (alert.state, alert.count, alert.told) == ("recovered", 1, "recovered")


def test_the_mail_says_at_three_in_the_morning_what_since_when_what_to_do_and_where(
    minute: Minutes, fire: Fire, mail: AlertChannel, settings: Settings
) -> None:
    settings.PORTAL_BASE_URL = "https://portal.example.com"
    fire.burning["the kitchen"] = None
    minute.passes()
    message = post.outbox[0]
    assert message.to == ["night@example.com", "day@example.com"]
    assert message.body.splitlines()[:5] == [
        "Alert (warning): the kitchen burns",
        "Since:      2026-11-26 03:00 UTC",
        "What:       There is fire in the kitchen.",
        "To do:      Take water.",
        "Page:       https://portal.example.com/admin/",
    ]
    assert message.extra_headers["Message-ID"].endswith("@portal.example.com>")


def test_the_mail_is_in_the_language_of_the_portal_and_its_severity_keeps_its_name(
    minute: Minutes, fire: Fire, mail: AlertChannel
) -> None:
    fire.burning["the kitchen"] = None
    with bracketed():
        minute.passes()
    assert subjects()[0].startswith(f"[portal] {OPEN}Alert{CLOSE} (")
    assert [line for line in post.outbox[0].body.splitlines() if line and not line.startswith(OPEN)] == []
    assert AlertMessage.objects.get().content["alerts"][0]["severity"] == "warning"


def test_a_title_with_line_breaks_makes_one_line(minute: Minutes, fire: Fire, mail: AlertChannel) -> None:
    fire.burning["a\r\nBcc: everybody@example.com\nroom" + "x" * 300] = None
    minute.passes()
    assert "\n" not in subjects()[0]
    assert len(subjects()[0]) <= 150


def test_what_goes_on_is_told_again_once_a_day_until_somebody_looks_after_it(
    minute: Minutes, fire: Fire, mail: AlertChannel, settings: Settings
) -> None:
    fire.burning["the kitchen"] = None
    minute.passes(2)
    minute.now += dt.timedelta(hours=24)
    minute.passes(3)
    assert subjects()[1:] == ["[portal] Still open (warning): the kitchen burns"]
    attending.acknowledge(Alert.objects.get(), person("otto", "Operator"))
    minute.now += dt.timedelta(hours=48)
    minute.passes(3)
    assert len(post.outbox) == 2
    fire.burning.clear()
    minute.passes(7)
    assert subjects()[2:] == ["[portal] Over: the kitchen burns"]
    assert AuditEntry.objects.get().action == "alert.acknowledge"


def test_what_flaps_is_told_once_and_its_end_once_it_stays(minute: Minutes, fire: Fire, mail: AlertChannel) -> None:
    for _ in range(10):
        fire.burning["the kitchen"] = None
        minute.passes(2)
        fire.burning.clear()
        minute.passes(2)
    assert subjects() == ["[portal] Alert (warning): the kitchen burns"]
    minute.passes(6)
    assert subjects()[1:] == ["[portal] Over: the kitchen burns"]
    assert Alert.objects.get().count == 10


def test_what_comes_back_after_its_end_was_told_is_told_once_it_stays(
    minute: Minutes, fire: Fire, mail: AlertChannel
) -> None:
    fire.burning["the kitchen"] = None
    minute.passes()
    fire.burning.clear()
    minute.passes(10)
    fire.burning["the kitchen"] = None
    minute.passes(4)
    assert len(post.outbox) == 2
    minute.passes(3)
    assert subjects()[2:] == ["[portal] Alert (warning): the kitchen burns"]
    assert "it has come and gone 2 times" in post.outbox[2].body
    assert Alert.objects.count() == 1


def test_a_day_later_it_is_a_new_alert_and_told_at_once(minute: Minutes, fire: Fire, mail: AlertChannel) -> None:
    fire.burning["the kitchen"] = None
    minute.passes()
    fire.burning.clear()
    minute.passes(10)
    minute.now += dt.timedelta(days=1)
    fire.burning["the kitchen"] = None
    minute.passes()
    assert len(post.outbox) == 3
    assert list(Alert.objects.order_by("pk").values_list("state", flat=True)) == ["recovered", "open"]


def test_a_muted_subject_stays_muted_when_it_opens_anew(minute: Minutes, fire: Fire, mail: AlertChannel) -> None:
    fire.burning["the kitchen"] = None
    minute.passes()
    attending.mute(Alert.objects.get(), person("otto", "Operator"), minute.now + dt.timedelta(hours=8))
    fire.burning.clear()
    minute.passes(60)
    fire.burning["the kitchen"] = None
    minute.passes(10)
    assert subjects()[1:] == ["[portal] Over: the kitchen burns"]
    minute.now += dt.timedelta(hours=8)
    minute.passes()
    assert subjects()[2:] == ["[portal] Alert (warning): the kitchen burns"]


def test_many_alerts_of_one_minute_are_one_message(minute: Minutes, fire: Fire, mail: AlertChannel) -> None:
    fire.burning |= {f"room {number:03}": None for number in range(57)}
    minute.passes(5)
    assert subjects() == ["[portal] Alert (warning): room 000 burns, and 56 more"]
    assert post.outbox[0].body.count("To do:") == 20
    assert "…and 37 more. All of them: http" in post.outbox[0].body


def test_a_thousand_dead_jobs_of_one_minute_are_one_message(minute: Minutes, mail: AlertChannel) -> None:
    Job.objects.bulk_create(
        Job(kind=f"zoo.feed_{number % 40}", key=str(number), state="dead", finished_at=minute.now, outcome="Given up.")
        for number in range(1000)
    )
    minute.passes(5)
    assert len(post.outbox) == 1
    assert Alert.objects.count() == 40
    assert "25 jobs were given up: zoo.feed_0" in post.outbox[0].body


def test_a_channel_gets_twelve_messages_an_hour_and_then_what_came_meanwhile(
    minute: Minutes, fire: Fire, mail: AlertChannel
) -> None:
    for number in range(50):
        fire.burning[f"room {number}"] = None
        minute.passes()
    assert len(post.outbox) == 12
    minute.passes(11)
    assert len(post.outbox) == 13
    assert subjects()[12].endswith("and 37 more")


def test_what_is_over_before_it_was_sent_is_not_sent_and_neither_is_its_end(
    minute: Minutes, fire: Fire, mail: AlertChannel, settings: Settings
) -> None:
    settings.ALERT_MESSAGES_PER_HOUR = 1
    fire.burning["the kitchen"] = None
    minute.passes()
    fire.burning["the hall"] = None
    minute.passes(2)
    fire.burning.pop("the hall")
    minute.passes(70)
    assert subjects() == ["[portal] Alert (warning): the kitchen burns"]
    assert AlertNotice.objects.get(alert__subject="room:the hall").state == "dropped"


def test_each_channel_gets_its_clients_and_from_its_severity(minute: Minutes, fire: Fire, elite: Client) -> None:
    other = Client.objects.create(slug="other", name="Other")
    for name, client, severity in (("all", None, 10), ("elite", elite, 20), ("urgent", None, 30)):
        AlertChannel.objects.create(name=name, client=client, minimum_severity=severity, emails=f"{name}@example.com")
    fire.burning |= {"elite's": elite.pk, "other's": other.pk, "the house's": None}
    minute.passes()
    told = {message.to[0]: message.body.count("To do:") for message in post.outbox}
    assert told == {"all@example.com": 3, "elite@example.com": 1}


# --- the webhook ------------------------------------------------------------------------------------------------------


def test_a_webhook_is_signed_and_says_what_is_wrong(
    minute: Minutes, fire: Fire, hook: AlertChannel, listener: Receiver, elite: Client
) -> None:
    fire.burning["the kitchen"] = elite.pk
    minute.passes()
    [message] = listener.got  # the receiver checked the signature by itself
    assert message["message"] == listener.calls[0][0]["X-Portal-Message"]
    [entry] = message["alerts"]
    wanted = {
        "what": "opened",
        "rule": "house.fire",
        "subject": "room:the kitchen",
        "severity": "warning",
        "client": "elite",
        "title": "the kitchen burns",
        "since": "2026-11-26T03:00:00+00:00",
        "recovered_at": None,
    }
    assert {name: entry[name] for name in wanted} == wanted
    fire.burning.clear()
    minute.passes(8)
    assert [one["alerts"][0]["what"] for one in listener.got] == ["opened", "recovered"]


def test_a_changed_body_or_time_does_not_pass_the_receivers_check(
    minute: Minutes, fire: Fire, hook: AlertChannel, listener: Receiver
) -> None:
    fire.burning["the kitchen"] = None
    minute.passes()
    headers, body = listener.calls[0]
    assert listener.take(headers, body) == 200
    assert listener.take(headers, body.replace(b"kitchen", b"stables")) == 401
    assert listener.take(headers | {"X-Portal-Timestamp": "1"}, body) == 401


def test_a_dead_channel_hurts_no_other_is_tried_again_and_shown(
    minute: Minutes, fire: Fire, hook: AlertChannel, listener: Receiver, mail: AlertChannel
) -> None:
    listener.is_away = True
    fire.burning["the kitchen"] = None
    minute.passes(20)
    assert subjects()[0] == "[portal] Alert (warning): the kitchen burns"
    hook.refresh_from_db()
    assert hook.problem == "The receiver answered 500."
    assert len(listener.calls) == 5  # after 1, 2, 5 and 10 minutes
    assert len({headers["X-Portal-Message"] for headers, _ in listener.calls}) == 1
    assert len({body for _, body in listener.calls}) == 1
    assert subjects()[1:] == ["[portal] Alert (warning): Alerts do not reach “pager”"]
    listener.is_away = False
    minute.passes(20)
    hook.refresh_from_db()
    assert hook.problem == ""
    assert [entry["title"] for one in listener.got for entry in one["alerts"]] == ["the kitchen burns"]
    assert subjects()[2:] == ["[portal] Over: Alerts do not reach “pager”"]


def test_a_message_that_nobody_takes_is_given_up_and_the_next_one_is_tried(
    minute: Minutes, fire: Fire, hook: AlertChannel, listener: Receiver
) -> None:
    listener.is_away = True
    fire.burning["the kitchen"] = None
    minute.passes(130)
    assert AlertMessage.objects.get(state="failed").attempts == 8
    listener.is_away = False
    fire.burning["the hall"] = None
    minute.passes(2)
    assert [entry["title"] for one in listener.got for entry in one["alerts"]] == ["the hall burns"]
    fire.burning.clear()
    minute.passes(8)
    told = [(entry["what"], entry["title"]) for one in listener.got for entry in one["alerts"]]
    assert told[1:] == [("recovered", "the hall burns")], "the end of what was never told is not told"


@pytest.mark.parametrize(
    ("url", "allowed", "said"),
    [
        ("http://127.0.0.1:9/alerts", False, "is not a public one, so nothing was sent"),
        ("http://169.254.169.254/latest", True, "is not a public one, so nothing was sent"),
        ("http://127.0.0.1:9/alerts", True, "could not be reached"),
    ],
)
def test_an_address_that_is_refused_or_does_not_answer_is_a_sentence(
    hook: AlertChannel, url: str, allowed: bool, said: str
) -> None:
    AlertChannel.objects.filter(pk=hook.pk).update(url=url, allow_private_address=allowed)
    hook.refresh_from_db()
    message = sending.send_test(hook, by="anna")
    assert message.state == "failed"
    assert said in message.outcome
    assert AlertChannel.objects.get(pk=hook.pk).problem == message.outcome


def test_without_a_mail_server_nothing_is_called_sent(
    minute: Minutes, fire: Fire, mail: AlertChannel, settings: Settings
) -> None:
    settings.MAIL_IS_SET_UP = False
    fire.burning["the kitchen"] = None
    minute.passes()
    assert not post.outbox
    mail.refresh_from_db()
    assert mail.problem.startswith("No mail server is set up: set EMAIL_URL")


# --- deaths and rivals ------------------------------------------------------------------------------------------------


def test_a_process_that_dies_between_row_and_send_loses_nothing(
    minute: Minutes, fire: Fire, hook: AlertChannel, listener: Receiver
) -> None:
    """The message is written, its process is gone: the job is freed and another process sends that message."""
    fire.burning["the kitchen"] = None
    evaluating.evaluate(minute.now)
    died = Job.objects.get(kind=notices.SEND)
    message = sending._next(hook)
    assert message is not None
    Job.objects.filter(pk=died.pk).update(
        state="running", attempts=1, owner_pid=2**22 + 1, owner_started=1.0, owner_host=HOST
    )
    assert sweep() == 1
    run_due_jobs()
    assert [one["message"] for one in listener.got] == [f"alert-message-{message.pk}"]
    assert AlertMessage.objects.get().state == "sent"


def test_a_process_that_dies_between_alert_and_job_loses_nothing(
    minute: Minutes, fire: Fire, mail: AlertChannel
) -> None:
    fire.burning["the kitchen"] = None
    evaluating.evaluate(minute.now)
    Job.objects.all().delete()
    minute.passes()
    assert len(post.outbox) == 1


def test_of_two_who_evaluate_at_once_one_opens_the_alert_and_one_tells_it(
    minute: Minutes, fire: Fire, mail: AlertChannel
) -> None:
    """Both have decided before either writes; the second finds the first's rows in its way."""
    fire.burning |= {f"room {number}": None for number in range(20)}
    found, severities = evaluating.found_by(evaluating.active_rules())
    mine, rivals = (decide(found, [], minute.now) for _ in range(2))
    evaluating.carry_out(rivals, severities, minute.now)
    evaluating.carry_out(mine, severities, minute.now)
    assert Alert.objects.count() == 20
    assert [evaluating.tell(minute.now) for _ in range(2)] == [20, 0]
    assert AlertNotice.objects.count() == 20


def test_a_rival_who_is_faster_leaves_nothing_to_do(minute: Minutes, fire: Fire, mail: AlertChannel) -> None:
    """A whole other evaluation runs while this one looks."""
    fire.burning["the kitchen"] = None
    fire.meanwhile.append(lambda: evaluating.evaluate(minute.now))
    minute.passes(3)
    assert Alert.objects.count() == 1
    assert len(post.outbox) == 1
