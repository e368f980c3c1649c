"""Who somebody is here that a provider vouches for, and which roles its word gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.core import audit, roles
from integrations.core.models import AuditEntry, User

Claims = Mapping[str, Any]


class Refused(Exception):
    """The provider's word is not enough to sign in here; the text is for the person."""


NOT_YOURS = _("Nobody who may sign in this way belongs to this account. Ask an administrator of the portal to add you.")
NOT_VERIFIED = _("Your provider does not confirm your e-mail address, so the portal cannot tell who you are.")


def person_of(claims: Claims) -> User:
    """The person with the provider's id for them, or at their first time the one with their verified address.

    Without one a person is made where `OIDC_MAKE_PEOPLE` says so. Raises `Refused`; never a superuser, whose way in
    must not depend on others.
    """
    with transaction.atomic():
        known = (
            SocialAccount.objects.select_related("user").filter(provider=settings.OIDC_ID, uid=claims["sub"]).first()
        )
        user = known.user if known else _by_address(claims)
        if not user.is_active or not user.is_staff or user.is_superuser:
            raise Refused(NOT_YOURS)
        if known is None:
            if SocialAccount.objects.filter(provider=settings.OIDC_ID, user=user).exists():
                raise Refused(NOT_YOURS)  # the address went to another account there, perhaps of somebody else
            SocialAccount.objects.create(provider=settings.OIDC_ID, uid=claims["sub"], user=user)
            _tell(
                user,
                "user.connect_sign_in",
                gettext("Signs in with {provider} from now on.").format(provider=settings.OIDC_LABEL),
            )
        if settings.OIDC_ROLE_CLAIM:
            _give_roles(user, roles_of(claims))
    return user


def _by_address(claims: Claims) -> User:
    address = str(claims.get("email") or "")
    if not address or claims.get("email_verified") is not True:
        raise Refused(NOT_VERIFIED)
    people = list(User.objects.filter(email__iexact=address)[:2])
    if len(people) == 1:
        return people[0]
    if people or not settings.OIDC_MAKE_PEOPLE or User.objects.filter(username__iexact=address).exists():
        raise Refused(NOT_YOURS)
    user = User.objects.create_user(
        address,
        email=address,
        first_name=str(claims.get("given_name") or "")[:150],
        last_name=str(claims.get("family_name") or "")[:150],
        is_staff=True,
        all_clients=False,
    )
    _tell(
        user,
        "user.make",
        gettext("By their first sign-in with {provider}; without a role or a client.").format(
            provider=settings.OIDC_LABEL
        ),
    )
    return user


def roles_of(claims: Claims) -> set[str]:
    """The portal's roles for what the claim named by `OIDC_ROLE_CLAIM` says, by the table `OIDC_ROLES`."""
    said = claims.get(settings.OIDC_ROLE_CLAIM)
    values = said if isinstance(said, list) else [said]
    return {settings.OIDC_ROLES[value] for value in values if isinstance(value, str) and value in settings.OIDC_ROLES}


def _give_roles(user: User, wanted: set[str]) -> None:
    """Exactly these of the portal's roles; groups that were made by hand stay."""
    held = set(user.groups.filter(name__in=roles.ROLES).values_list("name", flat=True))
    if held == wanted:
        return
    user.groups.remove(*Group.objects.filter(name__in=held - wanted))
    user.groups.add(*Group.objects.filter(name__in=wanted - held))
    given = ", ".join(sorted(wanted)) or gettext("none")
    _tell(user, "user.roles", gettext("By {provider}: {roles}.").format(provider=settings.OIDC_LABEL, roles=given))


def _tell(user: User, action: str, detail: str) -> None:
    entry = audit.begin(action, actor=settings.OIDC_LABEL, record=f"user:{user.pk}", detail=f"{user}: {detail}")
    audit.finish(entry, AuditEntry.Outcome.DONE)
