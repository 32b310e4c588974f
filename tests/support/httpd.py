#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A small HTTPS server for tests: loopback, a CA of its own in DIR (DIR/ca.pem is what a client must
trust). Each request is kept as DIR/N.json, with a verdict on its Standard Webhooks signature, then
answered as scripted: one of --answer for each request, the last one for all that follow. With
--tracker it is a ticket system instead (trackers.py), and the script comes before what that says.
It prints "ready PORT" and leaves when its standard input closes.

An answer is STATUS, STATUS:Header=value, or one of
  drop     take the request and hang up without a word
  late     do what the ticket system does, then hang up
  hang     take the request and say nothing
  garbage  answer what is no HTTP
  slow     answer 200 byte by byte, for ever
  huge     answer 200 with a body that never ends
  pass     what the ticket system says
  say:TEXT answer 200 with that body
"""
import argparse
import base64
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading
import time

import certs
import trackers


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--dir", required=True)
    p.add_argument("--answer", action="append", default=[])
    p.add_argument("--secret", action="append", default=[], help="whsec_… to verify signatures by")
    p.add_argument("--wrong-certificate", choices=certs.FAULTS)
    p.add_argument("--clear", action="store_true", help="HTTP without TLS")
    p.add_argument("--tracker", choices=sorted(trackers.KINDS))
    return p.parse_args()


def signatures(opt, headers, body):
    """Which of the secrets have signed, by their position; independent of the plugin's code."""
    given = [s for s in headers.get("webhook-signature", "").split(" ") if s.startswith("v1,")]
    content = f"{headers.get('webhook-id')}.{headers.get('webhook-timestamp')}.".encode() + body
    good = []
    for i, secret in enumerate(opt.secret):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        if any(hmac.compare_digest(s, "v1," + digest) for s in given):
            good.append(i)
    return good


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def take(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        now = int(time.time())
        stamp = self.headers.get("webhook-timestamp", "0")
        with self.server.lock:
            self.server.seen += 1
            n = self.server.seen
            with open(f"{self.server.opt.dir}/{n}.tmp", "w") as f:
                json.dump({"method": self.command, "path": self.path, "headers": self.headers.items(),
                           "body": body.decode(), "signed": signatures(self.server.opt, self.headers, body),
                           "fresh": abs(now - int(stamp)) < 300 if stamp.isdigit() else False}, f)
            os.rename(f"{self.server.opt.dir}/{n}.tmp", f"{self.server.opt.dir}/{n}.json")
        answers = self.server.opt.answer or ["pass" if self.server.tracker else "200"]
        self.answer(answers[min(n, len(answers)) - 1], body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = take

    def answer(self, what, body):
        if what in ("pass", "late"):
            with self.server.lock:
                status, said = self.server.tracker.handle(self.command, self.path, self.headers, body)
        if what in ("drop", "late"):
            self.close_connection = True
        elif what == "hang":
            time.sleep(3600)
        elif what == "garbage":
            self.wfile.write(b"\x00\xff220 not what you think\r\n" * 50)
            self.close_connection = True
        elif what == "slow":
            self.pour(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"y", 0.05)
        elif what == "huge":
            self.pour(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2000\r\n" + b"x" * 8192 + b"\r\n", 0)
        elif what.startswith("say:"):
            self.reply(200, {}, what[4:].encode())
        elif what == "pass":
            self.reply(status, {}, b"" if said is None else json.dumps(said).encode())
        else:
            status, _, header = what.partition(":")
            headers = dict([header.split("=", 1)]) if header else {}
            if headers.get("Retry-After", "").startswith("+"):  # seconds from now, as a date
                headers["Retry-After"] = time.strftime(
                    "%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + int(headers["Retry-After"])))
            self.reply(int(status), headers, b"the server's\n own words")

    def reply(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def pour(self, first, piece, pause):
        try:
            self.wfile.write(first)
            while True:
                self.wfile.write(piece)
                time.sleep(pause)
        except OSError:
            self.close_connection = True


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, opt):
        self.opt = opt
        self.seen = 0
        self.lock = threading.Lock()
        self.tracker = trackers.KINDS[opt.tracker]() if opt.tracker else None
        self.context = None if opt.clear else certs.certificate(opt.dir, opt.wrong_certificate)
        super().__init__(("127.0.0.1", 0), Handler)

    def finish_request(self, request, address):
        if self.context is not None:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, address)
        request.close()

    def handle_error(self, request, address):
        pass


if __name__ == "__main__":
    server = Server(options())
    print("ready", server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)
