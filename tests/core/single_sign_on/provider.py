"""An OpenID Connect provider at the wire: discovery, authorize, token, keys, userinfo. It signs what it is told to."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

OURS, ANOTHERS = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
CLIENT, SECRET = "portal", "only-for-tests-secret"


@dataclass
class Provider:
    """`claims` is what it says of whoever signs in; the rest makes it say something wrong."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)  # put over what the ID token says
    userinfo: dict[str, Any] = field(default_factory=dict)  # put over what userinfo says
    issuer: str = ""  # of its discovery document, when it is not its address
    key: Any = OURS
    algorithm: str = "RS256"
    is_refusing: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)  # by the browsers it was sent
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorize(self, request: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        self.asked.append(request)
        if self.is_refusing:
            return f"{request['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': request['state']})}"
        code = f"code-{len(self.codes)}"
        self.codes[code] = request
        return f"{request['redirect_uri']}?{urlencode({'code': code, 'state': request['state']})}"

    def discovery(self, _form: dict[str, str]) -> dict[str, Any]:
        places = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        return {
            "issuer": self.issuer or self.url,
            "jwks_uri": f"{self.url}/keys",
            **{f"{name}_endpoint": f"{self.url}/{path}" for name, path in places.items()},
        }

    def keys(self, _form: dict[str, str]) -> dict[str, Any]:
        key = jwt.algorithms.RSAAlgorithm.to_jwk(OURS.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": "k1", "alg": "RS256", "use": "sig"}]}

    def give_token(self, form: dict[str, str]) -> dict[str, Any]:
        """For a code, once, to the client it was made for, who knows what the challenge was made of."""
        request = self.codes.pop(form["code"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == request["code_challenge"]
        assert (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        assert form["redirect_uri"] == request["redirect_uri"]
        now = int(time.time())
        told = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": request["nonce"], **self.claims}
        key = "a-shared-secret-that-is-long-enough" if self.algorithm == "HS256" else self.key
        signed = jwt.encode({**told, **self.token}, key, algorithm=self.algorithm, headers={"kid": "k1"})
        return {"access_token": "an-access-token", "token_type": "Bearer", "id_token": signed}

    def tell(self, _form: dict[str, str]) -> dict[str, Any]:
        return {**self.claims, **self.userinfo}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        doors = {
            "/.well-known/openid-configuration": self.discovery,
            "/keys": self.keys,
            "/token": self.give_token,
            "/userinfo": self.tell,
        }
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        answer = json.dumps(doors[environ["PATH_INFO"]](dict(parse_qsl(body)))).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def serve() -> Iterator[Provider]:
    """The provider, answering on a port of its own."""
    provider = Provider()
    with make_server("127.0.0.1", 0, provider, server_class=WSGIServer, handler_class=Quiet) as server:
        provider.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(address.partition("?")[2]).items()}
