"""What the checks share: bytes as they are over a socket, and every route of the daemon's own document."""

import json
import re
import socket

# For each path parameter a value that may exist.
VALUES = {"dag_id": "etl", "run_id": "r1", "task_id": "t", "map_index": "-1", "try_number": "1", "key": "k",
          "backfill_id": "1", "pool_name": "cpu", "event_log_id": "1", "version_number": "1",
          "token_id": "nobody", "session_id": "ses_0", "code": "0", "asset_id": "1", "asset_alias_id": "1",
          "dataset": "d", "version": "1", "import_error_id": "1", "docs_file": "docs.css",
          "variable_key": "v", "file_token": "etl", "page": "dags", "asset_file": "none.js"}


class Reply:
    def __init__(self, data):
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if len(lines[0].split()) > 1 else 0
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            self.headers.setdefault(name.lower(), value)
        self.closed = self.headers.get("connection") == "close"

    def __repr__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r}"


def raw(port, data, head_only=False, timeout=30):
    """Sends bytes, reads one answer. Status 0: the connection ended without one."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
        try:
            s.sendall(data)
        except OSError:
            pass  # refused before all of it was read: the answer is there all the same
        got = b""
        while True:
            try:
                piece = s.recv(1 << 16)
            except OSError:
                break
            if not piece:
                break
            got += piece
            head, found, body = got.partition(b"\r\n\r\n")
            if not found:
                continue
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            empty = head_only or re.match(rb"HTTP/1.1 [23]04 ", head)
            if empty or (length and len(body) >= int(length[1])):
                break
        return Reply(got)


def request(port, method, target, headers=(), body=b"", host=None):
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host or f'127.0.0.1:{port}'}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return raw(port, "\r\n".join(lines).encode() + b"\r\n\r\n" + body, method == "HEAD")


def bearer(token):
    return ("Authorization", f"Bearer {token}")


JSON = ("Content-Type", "application/json")


def filled(path, **other):
    values = {**VALUES, **other}
    return re.sub(r"\{(\w+)\}", lambda m: values[m[1]], path)  # a new parameter needs its value above


def routes(millrace):
    """(method, path, least role) of all that the daemon serves."""
    document = millrace.request("GET", "/openapi.json", base="").json
    found = [(method.upper(), path, operation["x-permission"])
             for path, methods in document["paths"].items()
             for method, operation in methods.items()]
    assert len(found) > 40, found
    return found


def operations(millrace):
    """The same as the document describes them: (method, path, operation)."""
    document = millrace.request("GET", "/openapi.json", base="").json
    return [(method.upper(), path, operation) for path, methods in document["paths"].items()
            for method, operation in methods.items()]


def new_token(millrace, name, role="viewer", **more):
    answer = millrace.post("/tokens", {"name": name, "role": role, **more})
    assert answer.status == 201, answer
    return answer.json["token"]


def audit_logs(millrace):
    return millrace.get("/auditLogs", limit=1000).json["audit_logs"]


def parsed(text):
    return json.loads(text)
