"""A server on this machine that keeps what it is asked and answers what it is told."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class WebServer:
    """``answers`` are given one after the other, the last for ever: a status, headers and a body."""

    def __init__(self):
        self.asked = []
        self.answers = [(200, {"Content-Type": "application/json"}, '{"ok":true}')]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def _handler(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                outer.asked.append(
                    {"method": self.command, "path": self.path, "headers": self.headers.items(), "body": body}
                )
                status, headers, text = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                content = text if isinstance(text, bytes) else text.encode()
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer  # noqa: N815

            def log_message(self, *_):
                pass

        return Handler

    def header(self, name, request=-1):
        """A header of a request, the last unless another is meant; None if it has none."""
        return dict(self.asked[request]["headers"]).get(name)

    def answer_json(self, value, status=200):
        self.answers = [(status, {"Content-Type": "application/json"}, json.dumps(value))]

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
