#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A syslog collector for tests, on loopback: it takes RFC 5424 by the letter and nothing else.

Over TCP and TLS octet counting alone. Each message goes to DIR/N.json: its parts
taken apart, or {"error": …} for what no RFC allows. Prints "ready PORT" and leaves when its standard
input closes.
"""
import argparse
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time

import certs

HEADER = re.compile(
    rb"<(0|[1-9][0-9]{0,2})>1 "
    rb"(-|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})) "
    rb"([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) ")
NAME = re.compile(rb"[!#-<>-\\^-~]{1,32}")
# A value: none of the three unescaped; a backslash before anything else is one.
VALUE = re.compile(rb'"((?:[^"\\\]]|\\.)*)"', re.S)


def elements(data):
    """STRUCTURED-DATA; what is left behind it."""
    if data[:1] == b"-":
        return {}, data[1:]
    found = {}
    while data[:1] == b"[":
        m = NAME.match(data, 1)
        name, at, values = m[0].decode(), m.end(), {}
        if name in found:
            raise ValueError("an SD-ID twice")
        while data[at:at + 1] == b" ":
            m = NAME.match(data, at + 1)
            key = m[0].decode()
            if data[m.end():m.end() + 1] != b"=":
                raise ValueError("no = behind a name")
            m = VALUE.match(data, m.end() + 1)
            if key in values:
                raise ValueError("a parameter twice")
            values[key] = re.sub(rb'\\(["\\\]])', rb"\1", m[1]).decode()
            at = m.end()
        if data[at:at + 1] != b"]":
            raise ValueError("no ] at the end")
        found[name], data = values, data[at + 1:]
    if not found:
        raise ValueError("no structured data")
    return found, data


def parse(data):
    try:
        m = HEADER.match(data)
        pri, time, host, app, proc, msgid = (g.decode() for g in m.groups())
        if int(pri) > 191:
            raise ValueError("a priority that there is not")
        sd, rest = elements(data[m.end():])
        if rest[:1] not in (b"", b" "):
            raise ValueError("no blank before the message")
        rest = rest[1:]
        if rest[:3] == b"\xef\xbb\xbf":
            rest = rest[3:]
        elif any(c > 0x7f for c in rest):
            raise ValueError("UTF-8 without a BOM")
        text = rest.decode()
        if re.search(r"[\x00-\x1f\x7f]", data.decode()):
            raise ValueError("a control character")
        return {"facility": int(pri) // 8, "severity": int(pri) % 8, "time": time, "host": host, "app": app,
                "proc": proc, "msgid": msgid, "sd": sd, "text": text}
    except (TypeError, ValueError, IndexError) as e:
        return {"error": str(e), "raw": repr(data)}


def client_certificate(base):
    """base/client.pem and client.key, which the same CA signed."""
    with open(f"{base}/client.ext", "w") as f:
        f.write("extendedKeyUsage=clientAuth\n")
    certs.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-subj", "/CN=candor", "-keyout", f"{base}/client.key", "-out", f"{base}/client.csr")
    certs.openssl("x509", "-req", "-in", f"{base}/client.csr", "-CA", f"{base}/ca.pem",
                  "-CAkey", f"{base}/ca.key", "-CAcreateserial", "-days", "2",
                  "-extfile", f"{base}/client.ext", "-out", f"{base}/client.pem")


class Collector:
    def __init__(self, opt):
        self.opt = opt
        self.lock = threading.Lock()
        self.seen = self.kept = 0

    def keep(self, data):
        with self.lock:
            self.kept += 1
            with open(f"{self.opt.dir}/{self.kept}.new", "w") as f:
                json.dump(parse(data), f)
            os.rename(f.name, f"{self.opt.dir}/{self.kept}.json")

    def frames(self, data):
        while data:
            m = re.match(rb"([1-9][0-9]{0,5}) ", data)
            if m is None or len(data) < m.end() + int(m[1]):
                self.keep(b"a frame that is none: " + data)
                return
            self.keep(data[m.end():m.end() + int(m[1])])
            data = data[m.end() + int(m[1]):]

    def serve(self, conn, context):
        with self.lock:
            self.seen += 1
            fault = self.opt.fault if self.seen <= self.opt.times else None
        if fault == "reset":
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            conn.recv(1)
            conn.close()
            return
        if fault == "mute":
            sys.stdin.buffer.read()
        if fault == "drip":  # a handshake byte by byte, for ever
            conn.sendall(b"\x16\x03\x03\x40\x00")
            while True:
                conn.sendall(b"\x02")
                time.sleep(0.05)
        if fault == "garbage":
            conn.sendall(b"SSH-2.0-nonsense\r\n" * 100)
            conn.close()
            return
        try:
            if context is not None:
                conn = context.wrap_socket(conn, server_side=True)
            data = b""
            while True:
                more = conn.recv(65536)
                if not more:
                    break
                data += more
            if fault == "drop":  # gone without a farewell
                os.close(conn.detach())
                return
            self.frames(data)
            if fault == "hold":
                sys.stdin.buffer.read()
            if context is not None:
                conn = conn.unwrap()
            conn.close()
        except (OSError, ssl.SSLError):
            conn.close()


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--dir", required=True)
    p.add_argument("--over", choices=["tls", "tcp", "udp"], default="tls")
    p.add_argument("--wrong-certificate", choices=certs.FAULTS)
    p.add_argument("--client-certificate", action="store_true", help="ask for one")
    p.add_argument("--fault", choices=["reset", "mute", "garbage", "drop", "hold", "drip"])
    p.add_argument("--times", type=int, default=1000000, help="how many connections have the fault")
    return p.parse_args()


if __name__ == "__main__":
    opt = options()
    collector = Collector(opt)
    context = certs.certificate(opt.dir, opt.wrong_certificate) if opt.over == "tls" else None
    if opt.client_certificate:
        client_certificate(opt.dir)
        context.load_verify_locations(f"{opt.dir}/ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if opt.over == "udp" else socket.SOCK_STREAM)
    s.bind(("127.0.0.1", 0))
    if opt.over != "udp":
        s.listen(16)
    print("ready", s.getsockname()[1], flush=True)

    def run():
        while True:
            if opt.over == "udp":
                collector.keep(s.recv(65536))
            else:
                threading.Thread(target=collector.serve, args=(s.accept()[0], context), daemon=True).start()

    threading.Thread(target=run, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)
