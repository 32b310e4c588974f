# SPDX-License-Identifier: ISC
"""For tests: a certificate authority of one's own and a server's certificate, good or bad in a chosen way."""
import ssl
import subprocess

FAULTS = ["ca", "name", "expired"]


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_ca(base, name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=Test CA", "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign", "-keyout", f"{base}/{name}.key",
            "-out", f"{base}/{name}.pem")


def certificate(base, fault=None):
    """A server's TLS context; base/ca.pem is what clients trust. fault: signed by a CA that nobody
    knows, for another host, or no longer valid."""
    make_ca(base, "ca")
    signer = "ca"
    if fault == "ca":
        signer = "other_ca"
        make_ca(base, signer)
    names = "DNS:elsewhere.example" if fault == "name" else "DNS:localhost,IP:127.0.0.1"
    with open(f"{base}/server.ext", "w") as f:
        f.write(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=localhost", "-keyout", f"{base}/server.key", "-out", f"{base}/server.csr")
    openssl("x509", "-req", "-in", f"{base}/server.csr", "-CA", f"{base}/{signer}.pem",
            "-CAkey", f"{base}/{signer}.key", "-CAcreateserial",
            "-days", "-1" if fault == "expired" else "2",
            "-extfile", f"{base}/server.ext", "-out", f"{base}/server.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{base}/server.pem", f"{base}/server.key")
    return context
