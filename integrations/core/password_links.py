"""Links by mail to the page where a person chooses their password: invitations, and forgotten passwords.

Row first: a click, or the page for forgotten passwords, writes a row and its job. The job makes the secret, keeps its
digest, and mails it; so a job that runs again replaces the secret by another, and only the newest mail opens anything.
"""

from __future__ import annotations

import smtplib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.transport.errors import ConfigurationError, TemporaryError

from . import audit, jobs
from .models import AuditEntry, Job, PasswordLink, ResetRequest, User

MAIL, ANSWER = "core.mail_password_link", "core.answer_reset_request"
LIFE = {PasswordLink.Purpose.INVITATION: timedelta(days=3), PasswordLink.Purpose.RESET: timedelta(hours=1)}
SUBJECT = {
    PasswordLink.Purpose.INVITATION: _("Your invitation to the integration portal"),
    PasswordLink.Purpose.RESET: _("A new password for the integration portal"),
}
ASKS_PER_ADDRESS, ASKS_PER_PLACE = 3, 20  # requests for a forgotten password within an hour; more are passed over
NO_MAIL = _("No mail server is set up: set EMAIL_URL, and start the portal again.")


def obstacle(user: User) -> str:
    """Why this person cannot be invited now, as a sentence; empty when they can."""
    if not user.is_active:
        return gettext("This person is not active. Switch “active” on first.")
    if user.has_usable_password():
        return gettext("This person has a password already.")
    if not user.email:
        return gettext("This person has no e-mail address. Enter one first.")
    return "" if settings.MAIL_IS_SET_UP else str(NO_MAIL)


def invite(user: User, *, by: User) -> PasswordLink:
    """Ask for an invitation to be mailed; a link of before opens nothing any more.

    Raises `ValueError` with the sentence of `obstacle`.
    """
    if reason := obstacle(user):
        raise ValueError(reason)
    with transaction.atomic():
        link = _make(user, PasswordLink.Purpose.INVITATION, by=by)
        _tell(by, user, "user.invite", gettext("By a link to {address}.").format(address=user.email))
    return link


def revoke(user: User, *, by: User) -> None:
    """Take an invitation back: its link opens nothing any more, and the person is no longer active."""
    with transaction.atomic():
        end_links(user)
        User.objects.filter(pk=user.pk).update(is_active=False)
        _tell(by, user, "user.revoke_invitation", gettext("The person is no longer active."))


def end_links(user: User) -> None:
    """Whatever was mailed to this person opens nothing any more."""
    user.password_links.filter(over_at=None).update(over_at=timezone.now())


def ask_for_reset(address: str, *, asked_from: str) -> None:
    """Somebody forgot the password of this address. Does the same whether anybody has it; above a limit, nothing."""
    lately = ResetRequest.objects.filter(at__gt=timezone.now() - timedelta(hours=1))
    with transaction.atomic():
        if lately.filter(address__iexact=address).count() >= ASKS_PER_ADDRESS:
            return
        if lately.filter(asked_from=asked_from).count() >= ASKS_PER_PLACE:
            return
        request = ResetRequest.objects.create(address=address, asked_from=asked_from)
        jobs.enqueue(ANSWER, request.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL)


def answer_reset_request(claim: jobs.Claim, pk: int) -> str:
    """Job `core.answer_reset_request`: a link for everybody who has this address, is active and has a password."""
    address = ResetRequest.objects.get(pk=pk).address
    people = [
        person
        for person in User.objects.filter(email__iexact=address, is_active=True, is_staff=True)
        if person.has_usable_password()
    ]
    with transaction.atomic():
        for person in people:
            _make(person, PasswordLink.Purpose.RESET, by=None)
    return gettext("{people} links asked for.").format(people=len(people))


def _make(user: User, purpose: PasswordLink.Purpose, *, by: User | None) -> PasswordLink:
    now = timezone.now()
    User.objects.select_for_update().get(pk=user.pk)  # of two who ask at once, one waits
    user.password_links.filter(purpose=purpose, over_at=None).update(over_at=now)
    link = PasswordLink.objects.create(
        user=user, purpose=purpose, sent_to=user.email, made_by=by, expires_at=now + LIFE[purpose]
    )
    jobs.enqueue(MAIL, link.pk, priority=Job.Priority.CLICK, trigger=Job.Trigger.MANUAL, user=by)
    return link


def mail_link(claim: jobs.Claim, pk: int) -> str:
    """Job `core.mail_password_link`: make the link's secret and mail it."""
    link = PasswordLink.objects.select_related("user", "made_by").get(pk=pk)
    purpose, secret = PasswordLink.Purpose(link.purpose), PasswordLink.new_secret()
    live = PasswordLink.objects.filter(pk=pk, over_at=None)
    claim.check()
    expires_at = timezone.now() + LIFE[purpose]
    if not live.update(digest=PasswordLink.digest_of(secret), expires_at=expires_at):
        return gettext("It was taken back or replaced before it was mailed.")
    try:
        _send(link, purpose, f"{settings.PORTAL_BASE_URL}{reverse('admin:password_link', args=[secret])}")
    except (ConfigurationError, TemporaryError) as problem:
        live.update(trouble=str(problem))
        raise
    live.update(mailed_at=timezone.now(), trouble="")
    return gettext("Mailed to {sent_to}.").format(sent_to=link.sent_to)


def _send(link: PasswordLink, purpose: PasswordLink.Purpose, address: str) -> None:
    if not settings.MAIL_IS_SET_UP:
        raise ConfigurationError(str(NO_MAIL))
    text = render_to_string(
        f"portal/mail/{purpose.value}.txt",
        {"link": link, "address": address, "portal": settings.PORTAL_BASE_URL, "life": LIFE[purpose]},
    )
    try:
        EmailMessage(str(SUBJECT[purpose]), text, to=[link.sent_to]).send()
    except (smtplib.SMTPException, OSError) as problem:
        raise TemporaryError(
            gettext("The mail server did not take it ({name}).").format(name=type(problem).__name__)
        ) from problem


def opened_by(secret: str) -> PasswordLink | None:
    """The link with this secret if it still opens the page: neither used, replaced nor too old, and its person active
    with the address it was sent to."""
    link = PasswordLink.objects.select_related("user").filter(digest=PasswordLink.digest_of(secret)).first()
    return link if link is not None and _is_good(link) else None


def use(secret: str, password: str) -> User | None:
    """Give the link's person this password, which was validated, once; None when the link is no longer good."""
    with transaction.atomic():
        link = PasswordLink.objects.select_for_update().filter(digest=PasswordLink.digest_of(secret)).first()
        if link is None or not _is_good(link):
            return None
        user: User = link.user
        end_links(user)
        user.set_password(password)
        user.save(update_fields=["password"])
        _tell(
            user,
            user,
            "user.choose_password",
            gettext("By a mailed link ({purpose}).").format(purpose=link.get_purpose_display()),
        )
    return user


def _is_good(link: PasswordLink) -> bool:
    user = link.user
    return link.over_at is None and timezone.now() < link.expires_at and user.is_active and user.email == link.sent_to


def _tell(by: User, user: User, action: str, detail: str) -> None:
    entry = audit.begin(action, user=by, record=f"user:{user.pk}", detail=f"{user.get_username()}: {detail}")
    audit.finish(entry, AuditEntry.Outcome.DONE)


def state_of(user: Any, invitation: PasswordLink | None) -> tuple[str, str]:
    """How far this person is, and the tone of its label; `invitation` is their live one, if there is any."""
    if not user.is_active:
        return gettext("inactive"), "neutral"
    if user.has_usable_password():
        return gettext("active"), "good"
    if invitation is None:
        return (
            (gettext("active"), "good")
            if settings.SINGLE_SIGN_ON and user.last_login
            else (gettext("no password"), "warning")
        )
    if timezone.now() >= invitation.expires_at:
        return gettext("invitation expired"), "warning"
    if invitation.mailed_at is None:
        return (gettext("invitation not sent"), "bad") if invitation.trouble else (gettext("being invited"), "info")
    return gettext("invited"), "info"
