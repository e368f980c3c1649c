"""What a page may load, run and post to (CSP)."""

from __future__ import annotations

from typing import Any

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

# Nothing foreign is loaded, framed or posted to; no inline script anywhere.
_POLICY: dict[str, Any] = {
    "default-src": [NONE],
    "script-src": [SELF, NONCE],
    "style-src": [SELF, NONCE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "object-src": [NONE],
    "frame-ancestors": [NONE],
}
CONTENT_SECURITY_POLICY = {"DIRECTIVES": _POLICY}
# The admin's theme (Unfold) evaluates strings (Alpine.js) and sets style attributes; style elements stay forbidden.
ADMIN_CONTENT_SECURITY_POLICY = _POLICY | {
    "script-src": [SELF, UNSAFE_EVAL],
    # The one style element is htmx's own for its progress indicator, allowed by its hash (htmx of Unfold 0.91).
    "style-src": [SELF, "'sha256-bsV5JivYxvGywDAZ22EZJKBFip65Ng9xoJVLbBg7bdo='"],
    "style-src-attr": [UNSAFE_INLINE],
}
