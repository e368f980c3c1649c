"""Single sign-on by OpenID Connect, an optional extra: imported only where `OIDC_ISSUER` is set.

django-allauth speaks with the provider (`provider`), `people` decides who that is here, `pages` signs them in.
"""
