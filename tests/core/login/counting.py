"""A password hasher that counts how often a password was hashed."""

from __future__ import annotations

from django.contrib.auth.hashers import MD5PasswordHasher

hashed = 0


class CountingHasher(MD5PasswordHasher):
    def encode(self, password: str, salt: str) -> str:
        global hashed
        hashed += 1
        return super().encode(password, salt)
