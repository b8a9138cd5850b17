"""What Vault asks of Kubernetes' API server, and nothing else of it: TokenReview, over TLS on loopback.

It makes the tokens, too: for an account, for an audience, for a while, as Kubernetes does.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import ssl
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PATH = "/apis/authentication.k8s.io/v1/tokenreviews"
REVIEWER = "token-of-who-may-ask"
ISSUER = "https://kubernetes.default.svc"


class TokenReviews:
    """Serves until its block is left. `gone`: accounts whose pods are no more."""

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.ca, pair = _certificate(self._key, folder)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, name="token reviews", daemon=True)
        self.gone: set[str] = set()
        self.asked = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def token(self, namespace: str, name: str, audience: str, lifetime_s: int = 600, key: Any = None) -> str:
        """As a pod finds it; `key` is another's where it is forged."""
        now = int(time.time())
        account = {"namespace": namespace, "serviceaccount": {"name": name, "uid": str(uuid.uuid4())}}
        claims = {
            "aud": [audience],
            "exp": now + lifetime_s,
            "iat": now - 3600,
            "nbf": now - 3600,
            "iss": ISSUER,
            "sub": f"system:serviceaccount:{namespace}:{name}",
            "kubernetes.io": account,
        }
        return jwt.encode(claims, key or self._key, algorithm="ES256")

    def review(self, asked: dict[str, Any], authorization: str | None) -> dict[str, Any]:
        self.asked += 1
        spec = asked["spec"]
        refused = {"status": {"authenticated": False, "error": "invalid bearer token"}}
        if authorization != f"Bearer {REVIEWER}":
            return refused
        audiences = spec.get("audiences") or [ISSUER]
        try:
            claims = jwt.decode(spec["token"], self._key.public_key(), algorithms=["ES256"], audience=audiences)
        except jwt.InvalidTokenError:
            return refused
        if claims["sub"] in self.gone:
            return refused
        uid = claims["kubernetes.io"]["serviceaccount"]["uid"]
        user = {"username": claims["sub"], "uid": uid, "groups": ["system:serviceaccounts"]}
        return {"status": {"authenticated": True, "user": user, "audiences": audiences}}


def _handler(reviews: TokenReviews) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            known = self.path == PATH
            head = {"kind": "TokenReview", "apiVersion": "authentication.k8s.io/v1"}
            content = json.dumps(head | reviews.review(asked, self.headers.get("Authorization"))).encode()
            self.send_response(201 if known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """What is asked holds tokens."""

    return Handler


def _certificate(key: ec.EllipticCurvePrivateKey, folder: Path) -> tuple[str, Path]:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api server")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=6))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    certificate = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pair = folder / "api-server.pem"
    pair.write_bytes(private + certificate)
    return certificate.decode(), pair
