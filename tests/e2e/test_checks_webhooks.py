"""Check 35 of docs/security.md: a name that leads elsewhere the second time it is asked for.

The daemon runs where /etc/resolv.conf names a small name server of this test, so that its names are resolved
as any are; for a public address, which nothing here could listen on, stands one that webhook_allow has.
"""

import os
import pathlib
import queue
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

import harness

GOOD, BAD, SERVER = "127.0.0.2", "127.0.0.1", "127.0.0.53"


def may_have_its_own_resolv_conf():
    if os.geteuid() != 0:
        return False  # port 53, and the mount
    return subprocess.run(["unshare", "-m", "mount", "--bind", "/etc/hosts", "/etc/resolv.conf"],
                          capture_output=True, check=False).returncode == 0


class NameServer:
    """Answers A with what `answers` has next (the last one again when it is empty), AAAA with nothing."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((SERVER, 53))
        self.answers = [[BAD]]
        self.asked = 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        self.socket.sendto(b"", (SERVER, 53))  # the end
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            if not query:
                return
            end = 12
            while query[end]:
                end += 1 + query[end]
            kind = struct.unpack("!H", query[end + 1:end + 3])[0]
            addresses = []
            if kind == 1:
                self.asked += 1
                addresses = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(one)
                               for one in addresses)  # a TTL of 0: nobody may remember it
            head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, len(addresses), 0, 0)
            self.socket.sendto(head + query[12:end + 5] + records, peer)


class Listener:
    """Keeps the bytes that come, and answers 204."""

    def __init__(self, address, port=0):
        self.socket = socket.create_server((address, port))
        self.port = self.socket.getsockname()[1]
        self.got = queue.Queue()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                self.got.put(connection.recv(1 << 16))
                connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")


@unittest.skipUnless(may_have_its_own_resolv_conf(), "a mount of its own and port 53 are needed")
class Rebinding(unittest.TestCase):
    def setUp(self):
        self.names = NameServer()
        self.addCleanup(self.names.close)
        self.good = Listener(GOOD)
        self.bad = Listener(BAD, self.good.port)
        for listener in (self.good, self.bad):
            self.addCleanup(listener.close)
        handle, name = tempfile.mkstemp()
        os.close(handle)
        conf = pathlib.Path(name)
        self.addCleanup(conf.unlink)
        conf.write_text(f"nameserver {SERVER}\noptions attempts:2 timeout:5\n")
        conf.chmod(0o644)
        self.millrace = harness.Daemon(config=f'cpu: 8\npools: {{cpu: 8}}\nwebhook_allow: ["{GOOD}"]\n')
        self.millrace.before = ["unshare", "-m", "sh", "-c",
                                f'mount --bind {name} /etc/resolv.conf && exec "$@"', "sh"]
        self.addCleanup(self.millrace.close)
        self.millrace.start()

    def outcome(self, dag_id):
        """What became of the one notification of a run."""
        self.millrace.submit(f"""
dag_id: {dag_id}
notify: {{on_success: [{{webhook: "http://rebind.example:{self.good.port}/hook"}}]}}
tasks: {{a: {{command: ["true"]}}}}
""")
        self.millrace.finish(dag_id, self.millrace.trigger(dag_id))

        def look():
            rows = self.millrace.get("/eventLogs", dag_id=dag_id, limit=1000).json["event_logs"]
            return next((row["cause"] for row in rows if row["event"] == "notification"), None)
        return self.millrace.wait_until(look, "the notification ended")

    def test_check_35_the_address_that_was_judged_is_the_one_that_is_posted_to(self):
        self.names.answers = [[GOOD], [BAD]]
        self.assertIn("answered 204", self.outcome("rebinds"))
        self.assertTrue(self.good.got.get_nowait().startswith(b"POST /hook "))
        self.assertTrue(self.bad.got.empty())
        self.assertEqual(self.names.asked, 1)
        # The next one asks anew, and is told the private address that the first was lured to.
        self.assertIn(f"is at {BAD}", self.outcome("lured"))
        self.assertTrue(self.bad.got.empty())

    def test_check_35_one_private_address_among_others_is_enough(self):
        self.names.answers = [[GOOD, BAD]]
        self.assertIn(f"is at {BAD}", self.outcome("several"))
        self.assertTrue(self.good.got.empty() and self.bad.got.empty())


if __name__ == "__main__":
    unittest.main()
