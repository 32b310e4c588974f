#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""For tests: between a client and an HTTP server on loopback, to hold up what matters. A POST whose path is
--path is written down as a line in DIR/seen when it comes, reaches the server BEFORE seconds later, and its
answer the client AFTER seconds later, whether the client still lives or not: DIR/delay says "BEFORE AFTER".
Prints "ready PORT"; leaves when its standard input closes.
"""
import argparse
import http.client
import http.server
import os
import sys
import threading
import time


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--dir", required=True)
    p.add_argument("--to", type=int, required=True, help="the server's port")
    p.add_argument("--path", required=True)
    return p.parse_args()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def forward(self):
        opt = self.server.opt
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        before = after = 0.0
        if self.command == "POST" and self.path == opt.path:
            with open(f"{opt.dir}/delay") as f:
                before, after = map(float, f.read().split())
            with open(f"{opt.dir}/seen", "a") as f:
                f.write("seen\n")
        time.sleep(before)
        server = http.client.HTTPConnection("127.0.0.1", opt.to, timeout=60)
        server.request(self.command, self.path, body or None, dict(self.headers.items()))
        answer = server.getresponse()
        said = answer.read()
        time.sleep(after)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = do_PUT = forward


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, address):
        pass  # a client that was killed


if __name__ == "__main__":
    front = Server(("127.0.0.1", 0), Handler)
    front.opt = options()
    print("ready", front.server_address[1], flush=True)
    threading.Thread(target=front.serve_forever, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)
