"""A reader of the event stream, for e2e tests: messages as they come, on a thread of its own."""

import contextlib
import http.client
import json
import socket
import threading


class Message:
    def __init__(self, id, type, data):
        self.id, self.type, self.data = id, type, data

    def __repr__(self):
        return f"{self.id} {self.type} {self.data}"


class Stream:
    """Reads until it ends. `messages` only grows; wait_for() looks at them."""

    def __init__(self, daemon, path="/events", last_event_id=None, token=None, **query):
        self.messages, self.ended = [], False
        self.last_id = last_event_id
        self.change = threading.Condition()
        head = {"Authorization": f"Bearer {token or daemon.token}"}
        if last_event_id is not None:
            head["Last-Event-ID"] = str(last_event_id)
        if query:
            path += "?" + "&".join(f"{name}={value}" for name, value in query.items())
        self.connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=120)
        self.connection.request("GET", "/api/v2" + path, headers=head)
        self.socket = self.connection.sock  # the answer takes it over
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        id, type, data = None, "message", None
        try:
            for line in self.answer:
                if not line.endswith(b"\n"):
                    break  # a killed daemon stops anywhere: what it didn't say to the end wasn't said
                line = line.decode().rstrip("\n")
                if line.startswith("id: "):
                    id = int(line[4:])
                elif line.startswith("event: "):
                    type = line[7:]
                elif line.startswith("data: "):
                    data = json.loads(line[6:])
                elif not line:
                    self.take(id, type, data)
                    id, type, data = None, "message", None
        except (OSError, http.client.HTTPException):
            pass
        finally:
            with self.change:
                self.ended = True
                self.change.notify_all()

    def take(self, id, type, data):
        with self.change:
            if id is not None:
                self.last_id = id
            if data is not None:
                self.messages.append(Message(id, type, data))
            self.change.notify_all()

    def wait_for(self, true, guard_s=120):
        """The first message for which `true` holds."""
        with self.change:
            def look():
                return next((m for m in self.messages if true(m)), None)
            found = self.change.wait_for(lambda: look() or self.ended, guard_s) and look()
            if not found:
                raise AssertionError(f"not said (ended: {self.ended}): {self.messages[-5:]}")
            return found

    def wait_for_end(self, guard_s=120):
        with self.change:
            if not self.change.wait_for(lambda: self.ended, guard_s):
                raise AssertionError(f"the stream goes on: {self.messages[-3:]}")

    def close(self):
        """Wakes the reader too, who holds the answer."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.answer.close()
