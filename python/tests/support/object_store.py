# SPDX-License-Identifier: Apache-2.0
"""Object stores for tests: moto's S3 server and an emulator of Google's, each behind a proxy that fails as it is told.

    store = S3Store()
    store.put("bucket/train/a", b"...")
    store.proxy.fail("GET", "train/a", "cut", times=2)
    subprocess.run([engine, "head", "s3://bucket/train/a"], env={**os.environ, **store.environment()})
    store.close()
"""

from __future__ import annotations

import dataclasses
import datetime
import http.client
import http.server
import ipaddress
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

# What is no secret, but must not be found anywhere.
KEYS = {"AWS_ACCESS_KEY_ID": "AKIACANARYCANARY0001", "AWS_SECRET_ACCESS_KEY": "canary+secret/0002", "AWS_SESSION_TOKEN": "canary=token=0003"}


@dataclasses.dataclass
class Fault:
    method: str
    part: str  # Of the path.
    kind: str  # "cut" and "stall" in the middle of the answer, or a status as "403".
    times: int


class FaultyProxy:
    """`asked` has what came in: "GET /bucket/a bytes=0-99"."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self.end_of_stalls = threading.Event()
        self._lock = threading.Lock()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                pass

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (ConnectionError, BrokenPipeError):
                    self.close_connection = True

            def answer(self) -> None:
                proxy._answer(self)

            do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer  # noqa: N815

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def fail(self, method: str, part: str, kind: str, times: int = 1) -> None:
        self.faults.append(Fault(method, part, kind, times))

    def forget(self) -> None:
        with self._lock:
            self.faults.clear()
            self.asked.clear()

    def close(self) -> None:
        self.end_of_stalls.set()
        self._server.shutdown()
        self._server.server_close()

    def _fault_of(self, method: str, path: str) -> str:
        with self._lock:
            for fault in self.faults:
                if fault.method == method and fault.part in path and fault.times > 0:
                    fault.times -= 1
                    return fault.kind
        return ""

    def _answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        body = _body(request)
        path = urllib.parse.unquote(request.path)
        with self._lock:
            self.asked.append(" ".join([request.command, path, request.headers.get("Range") or ""]).strip())
        kind = self._fault_of(request.command, path)
        if kind.isdigit():
            code = {"403": "AccessDenied", "404": "NoSuchKey"}.get(kind, "InternalError")
            text = f"<Error><Code>{code}</Code><Message>as it was told</Message></Error>".encode()
            request.send_response_only(int(kind))
            request.send_header("Content-Type", "application/xml")
            request.send_header("Content-Length", str(len(text)))
            request.end_headers()
            if request.command != "HEAD":
                request.wfile.write(text)
            return
        upstream = http.client.HTTPConnection("127.0.0.1", self.target, timeout=60)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OF_THIS_CONNECTION}
        upstream.request(request.command, request.path, body=body, headers=headers)
        response = upstream.getresponse()
        content = response.read()
        upstream.close()
        request.send_response_only(response.status, response.reason)
        for name, value in response.getheaders():
            if name.lower() not in (*_OF_THIS_CONNECTION, "content-length"):
                request.send_header(name, value)
        length = response.getheader("Content-Length") if request.command == "HEAD" else str(len(content))
        request.send_header("Content-Length", length or "0")
        request.end_headers()
        if kind:
            request.wfile.write(content[: len(content) // 2])
            request.wfile.flush()
            if kind == "stall":
                self.end_of_stalls.wait(60)
            request.close_connection = True
            request.connection.shutdown(socket.SHUT_RDWR)
        elif request.command != "HEAD":
            request.wfile.write(content)


_OF_THIS_CONNECTION = ("connection", "expect", "transfer-encoding")


def _body(request: http.server.BaseHTTPRequestHandler) -> bytes:
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    body = b""
    while size := int(request.rfile.readline().split(b";")[0], 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    while request.rfile.readline().strip():  # Trailers.
        pass
    return body


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class _Store:
    """A server of its own process, until it is closed."""

    HEADERS: dict[str, str] = {}

    def __init__(self, command: list[str]) -> None:
        self.port = _free_port()
        self._server = subprocess.Popen(
            [argument.replace("PORT", str(self.port)) for argument in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            if self._server.poll() is not None:
                raise RuntimeError(f"{command} has ended at once")
            time.sleep(0.1)
        self.proxy = FaultyProxy(self.port)

    def request(
        self, method: str, path: str, body: bytes | None = None, content_type: str = "application/octet-stream", acl: str = ""
    ) -> bytes:
        asked = urllib.request.Request(
            self.url() + path, data=body, method=method, headers={"Content-Type": content_type, **self.HEADERS, **({"x-amz-acl": acl} if acl else {})}
        )
        with urllib.request.urlopen(asked, timeout=60, context=self.context()) as response:
            return bytes(response.read())

    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def context(self) -> ssl.SSLContext | None:
        return None

    def close(self) -> None:
        self.proxy.close()
        self._server.terminate()
        self._server.wait()


def _make_certificate(folder: str) -> tuple[str, str]:
    """The files of a certificate for 127.0.0.1, which it has signed itself, and of its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's store")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem")
    with open(paths[0], "wb") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
    with open(paths[1], "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return paths


class S3Store(_Store):
    # Signed in name only: moto does not check it, but lets nobody unknown replace anything.
    HEADERS = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"}

    def __init__(self, certificate: str = "") -> None:
        """`certificate`: a folder for that of a server with TLS, which the proxy is not before."""
        self.certificate = ""
        tls: list[str] = []
        if certificate:
            self.certificate, key = _make_certificate(certificate)
            tls = ["-s", "-c", self.certificate, "-k", key]
        main = "import sys; from moto.server import main; main(sys.argv[1:])"
        super().__init__([sys.executable, "-c", main, "-H", "127.0.0.1", "-p", "PORT", *tls])
        self.request("PUT", "/bucket")

    def url(self) -> str:
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    def context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.certificate) if self.certificate else None

    def environment(self) -> dict[str, str]:
        url = self.url() if self.certificate else f"http://127.0.0.1:{self.proxy.port}"
        return {**KEYS, "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true"}

    def put(self, key: str, content: bytes, acl: str = "") -> None:
        self.request("PUT", "/" + urllib.parse.quote(key), content)
        if acl:
            self.request("PUT", f"/{urllib.parse.quote(key)}?acl", b"", acl=acl)

    def get(self, key: str) -> bytes:
        return self.request("GET", "/" + urllib.parse.quote(key))

    def keys(self) -> list[str]:
        text = self.request("GET", "/bucket?list-type=2").decode()
        return sorted(part.split("</Key>")[0] for part in text.split("<Key>")[1:])


class GoogleStore(_Store):
    def __init__(self) -> None:
        super().__init__([os.path.join(os.path.dirname(sys.executable), "gcp-storage-emulator"), "start", "--port=PORT", "-M", "-q"])
        self.request("POST", "/storage/v1/b?project=p", b'{"name": "bucket"}', "application/json")

    def environment(self) -> dict[str, str]:
        return {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{self.proxy.port}"}

    def put(self, key: str, content: bytes) -> None:
        bucket, name = key.split("/", 1)
        self.request("POST", f"/upload/storage/v1/b/{bucket}/o?uploadType=media&name={urllib.parse.quote(name, safe='')}", content)

    def get(self, key: str) -> bytes:
        bucket, name = key.split("/", 1)
        return self.request("GET", f"/download/storage/v1/b/{bucket}/o/{urllib.parse.quote(name, safe='')}?alt=media")


def put_folder(store: S3Store | GoogleStore, folder: str, key: str) -> None:
    """All files below a folder."""
    for parent, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                store.put(f"{key}/{os.path.relpath(path, folder)}", file.read())
