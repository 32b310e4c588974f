#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""A small real SMTP server for tests and the demo: loopback, STARTTLS and AUTH required.

It makes a CA of its own in DIR (DIR/ca.pem is what a client must trust), writes each accepted
message to DIR/mail/new/N.eml with its envelope in X-Envelope-* lines in front, prints "ready PORT"
and leaves when its standard input closes. Faults are scripted by options.
"""
import argparse
import asyncio
import logging
import os
import sys
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

import certs


FAULTS = ["gone", "mute", "garbage", "drip"]


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--dir", required=True, help="an existing folder for the CA and the mail")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--user", default="bot")
    p.add_argument("--password", default="pw")
    p.add_argument("--tempfail", type=int, default=0, metavar="N", help="451 to the first N messages")
    p.add_argument("--refuse", action="store_true", help="554 to every message")
    p.add_argument("--reject", action="append", default=[], metavar="ADDRESS", help="550 to it")
    p.add_argument("--defer", action="append", default=[], metavar="ADDRESS",
                   help="452 to it, the first time")
    p.add_argument("--slow", type=float, default=0, metavar="S", help="wait before accepting")
    p.add_argument("--drop", type=int, default=0, metavar="N",
                   help="accept the first N messages and hang up without a word")
    p.add_argument("--wrong-certificate", choices=["ca", "name"], help="signed by a CA that nobody "
                   "knows, or for another host")
    p.add_argument("--no-starttls", action="store_true")
    p.add_argument("--implicit", action="store_true", help="TLS from the first byte")
    p.add_argument("--fault", choices=FAULTS, help="speak no SMTP: hang up, say nothing, babble, or greet byte "
                   "by byte for ever")
    p.add_argument("--open", action="store_true", help="ask for no AUTH")
    return p.parse_args()


class Postbox:
    def __init__(self, opt):
        self.opt = opt
        self.seen = 0
        self.deferred = set()
        self.box = f"{opt.dir}/mail"
        for folder in "tmp", "new", "cur":
            os.makedirs(f"{self.box}/{folder}", exist_ok=True)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.opt.reject:
            return "550 5.1.1 no such mailbox"
        if address in self.opt.defer and address not in self.deferred:
            self.deferred.add(address)
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope):
        self.seen += 1
        if self.seen <= self.opt.tempfail:
            return "451 4.3.0 come back later"
        if self.opt.refuse:
            return "554 5.7.1 message looks like spam"
        if self.opt.slow:
            await asyncio.sleep(self.opt.slow)
        self.keep(server, session, envelope)
        if self.seen <= self.opt.drop:
            server.transport.abort()
        return "250 2.0.0 kept"

    def keep(self, server, session, envelope):
        tls = server.transport.get_extra_info("ssl_object") is not None
        lines = [f"X-Envelope-From: {envelope.mail_from}"]
        lines += [f"X-Envelope-To: {to}" for to in envelope.rcpt_tos]
        lines.append(f"X-Envelope-Tls: {'yes' if tls else 'no'}")
        lines.append(f"X-Envelope-User: {getattr(session, 'user', '')}")
        lines.append(f"X-Envelope-Helo: {session.host_name}")
        name = f"{self.seen}.eml"
        with open(f"{self.box}/tmp/{name}", "wb") as f:
            f.write("\r\n".join(lines).encode() + b"\r\n" + envelope.original_content)
        os.rename(f"{self.box}/tmp/{name}", f"{self.box}/new/{name}")


async def serve(opt):
    context = certs.certificate(opt.dir, opt.wrong_certificate)
    postbox = Postbox(opt)

    def authenticate(server, session, envelope, mechanism, data):
        good = data.login == opt.user.encode() and data.password == opt.password.encode()
        if good:
            session.user = opt.user
        return AuthResult(success=good, handled=good)

    def factory():
        starttls = not (opt.implicit or opt.no_starttls)
        return SMTP(postbox, hostname="localhost", enable_SMTPUTF8=False,
                    tls_context=context if starttls else None, require_starttls=starttls,
                    auth_required=not opt.open, auth_require_tls=starttls,
                    authenticator=authenticate)

    async def misbehave(reader, writer):
        """A server that is none."""
        try:
            if opt.fault == "garbage":
                writer.write(b"\x00\xff220 not what you think\r\n" * 50)
            elif opt.fault == "drip":
                writer.write(b"220 ")
                while True:
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(0.05)
            elif opt.fault == "mute":
                await asyncio.sleep(3600)
        except OSError:
            pass
        writer.close()

    if opt.fault:
        server = await asyncio.start_server(misbehave, "127.0.0.1", opt.port)
        print("ready", server.sockets[0].getsockname()[1], flush=True)
        threading.Thread(target=leave_at_end_of_input, daemon=True).start()
        await server.serve_forever()
    server = await asyncio.get_running_loop().create_server(
        factory, "127.0.0.1", opt.port, ssl=context if opt.implicit else None)
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=leave_at_end_of_input, daemon=True).start()
    await server.serve_forever()


def leave_at_end_of_input():
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    # Faults are the point here, and so is AUTH inside implicit TLS: no tracebacks about them.
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    asyncio.run(serve(options()))
