#!/bin/bash
# SPDX-License-Identifier: ISC
# What anybody who reaches the socket can do without being a client: garbage, half handshakes, slow
# bytes, crowds, recordings. The daemon serves on, says nothing of it, and no room dies.
. "$(dirname "$0")/lib.sh"

instance site
edit workers 2
echo 'limits = { sessions = 64; handshake_ms = 3000; };' >>"$dir/candor.conf"
start
three_officers

rooms()
{
	local r
	for r in intake desk store dispatch; do echo "$r" $(room_pids "$r"); done
}
file()
{
	printf '{"category":"other","narrative":"%s"}' "$1" | timeout 60 "$candor" report --json -
}
n_cases()
{
	as Dana cases --json | json 'len(j)'
}

# Raw clients: each attack is a function, on each of the two sockets.
cat >"$work/attack.py" <<'P'
import os, select, socket, struct, sys, time
run, what = sys.argv[1], sys.argv[2]
SOCKETS = [os.path.join(run, n) for n in ("intake.sock", "desk.sock")]

def dial(path):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    s.connect(path)
    return s

def dropped(s):
    """Closed by the daemon, without a byte."""
    try:
        return s.recv(65536) == b""
    except (ConnectionResetError, BrokenPipeError):
        return True

def push(s, data):
    try:
        s.sendall(data)
    except (ConnectionResetError, BrokenPipeError):
        pass

def frame(body):
    return struct.pack(">H", len(body)) + body

def garbage(path):
    for n in (1, 2, 33, 50, 98, 4096, 100000):
        s = dial(path)
        push(s, os.urandom(n))
        s.shutdown(socket.SHUT_WR)
        assert dropped(s), n

def forged(path):
    """Handshakes of the right length: random keys, points of low order, each length there can be."""
    low = [bytes(32), b"\x01" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"]
    for e in low + [os.urandom(32) for _ in range(8)]:
        for n in (0, 16, 48, 64):
            s = dial(path)
            push(s, frame(e + os.urandom(n)))
            s.shutdown(socket.SHUT_WR)
            assert dropped(s), (e, n)

def truncated(path):
    hello = frame(os.urandom(48))
    for n in range(len(hello)):
        s = dial(path)
        push(s, hello[:n])
        s.close()

def oversized(path):
    for n in (0, 1, 31, 97, 4096, 65535):
        s = dial(path)
        push(s, struct.pack(">H", n) + bytes(64))
        assert dropped(s), n

def slow(path):
    """A byte now and then must not hold a place for longer than the limit."""
    s = dial(path)
    for b in frame(os.urandom(48)) * 100:
        try:
            s.sendall(bytes([b]))
        except (ConnectionResetError, BrokenPipeError):
            return
        if select.select([s], [], [], 0.1)[0]:
            assert dropped(s)
            return
    raise AssertionError("never dropped")

def stages(path):
    """Closed at once, after a byte, half closed, with unread bytes on either side."""
    for data in (b"", b"\0", b"\0\x30", frame(os.urandom(48))):
        for how in ("close", "shut", "linger"):
            s = dial(path)
            push(s, data)
            if how == "shut":
                s.shutdown(socket.SHUT_WR)
                dropped(s)
            elif how == "linger":
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()

def descriptors(path):
    """A descriptor sent along is not taken in."""
    s = dial(path)
    socket.send_fds(s, [frame(os.urandom(48))], [0, 1, 2])
    assert dropped(s)

def crowd(path):
    """Many who say nothing, until standard input ends."""
    import resource
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    waiting = []
    for i in range(1000):
        s = socket.socket(socket.AF_UNIX)
        s.setblocking(False)
        try:
            s.connect(path)
        except BlockingIOError:
            select.select([], [], [], 0.02)
            continue
        waiting.append(s)
    print(len(waiting), flush=True)
    sys.stdin.read()

for path in SOCKETS[:1] if what == "crowd" else SOCKETS:
    globals()[what](path)
P
attack()
{
	timeout 120 /usr/bin/python3 "$work/attack.py" "$dir/run" "$1"
}

file "before" >"$work/first.json"
check "a report is filed before" test -s "$work/first.json"
before=$(rooms)
lines=$(wc -l <"$dir/log")

check "random bytes are dropped" attack garbage
check "so are forged handshakes" attack forged
check "and truncated ones" attack truncated
check "a length that none can have ends the session" attack oversized
check "so does a byte now and then" attack slow
check "sessions may be cut at any point" attack stages
check "descriptors are not taken in" attack descriptors

# A thousand who say nothing, and one who files.
mkfifo "$work/hold"
/usr/bin/python3 "$work/attack.py" "$dir/run" crowd <"$work/hold" >"$work/crowd" 2>&1 &
crowd=$!
started+=("$crowd")
exec 9>"$work/hold"
check "a thousand connect and say nothing" wait_for 60 test -s "$work/crowd"
file "in the crowd" >"$work/second.json" 2>"$work/second.err"
check "and a report is filed all the same" test -s "$work/second.json"
check "nearly all of them were connected" test "$(head -1 "$work/crowd")" -gt 900
exec 9>&-
wait "$crowd"

# A session recorded between client and daemon, sent again.
cat >"$work/tap.py" <<'P'
import os, select, socket, sys
here, there, record = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX)
listener.bind(here)
listener.listen(8)
print("listening", flush=True)
n = 0
while True:
    s, _ = listener.accept()
    d = socket.socket(socket.AF_UNIX)
    d.connect(there)
    with open(f"{record}.{n}", "wb") as out:
        open_ends = True
        while open_ends:
            for end in select.select([s, d], [], [])[0]:
                data = end.recv(65536)
                if not data:
                    open_ends = False
                    break
                if end is s:
                    out.write(data)
                    out.flush()
                (d if end is s else s).sendall(data)
    s.close()
    d.close()
    n += 1
P
/usr/bin/python3 "$work/tap.py" "$work/tap.sock" "$dir/run/intake.sock" "$work/record" >"$work/tap.out" 2>&1 &
started+=("$!")
wait_for 10 grep -q listening "$work/tap.out"
sed "s|^connect *=.*|connect = \"unix:$work/tap.sock\";|" "$site" >"$work/tap.conf"
CANDOR_SITE=$work/tap.conf file "recorded" >"$work/third.json" 2>"$work/third.err"
check "a report is filed through a tap" test -s "$work/third.json"
check "which recorded it" test -s "$work/record.0"
cat >"$work/replay.py" <<'P'
import glob, os, socket, sys
path, pattern = sys.argv[1:]
for name in sorted(glob.glob(pattern)):
    data = open(name, "rb").read()
    # As it was; cut after the handshake; twice in one session.
    for bytes_ in (data, data[:50], data + data):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(60)
        s.connect(path)
        heard = b""
        try:
            s.sendall(bytes_)
            s.shutdown(socket.SHUT_WR)
            while True:
                more = s.recv(65536)
                if not more:
                    break
                heard += more
        except (ConnectionResetError, BrokenPipeError):
            pass
        # The handshake's answer at most: keys are new, so that the recorded request does not open.
        assert len(heard) <= 50, len(heard)
P
check "a recorded session gets no answer" /usr/bin/python3 "$work/replay.py" "$dir/run/intake.sock" "$work/record.*"
check "nor does one at the other door" /usr/bin/python3 "$work/replay.py" "$dir/run/desk.sock" "$work/record.*"

check "a report is filed afterwards" file "afterwards"
check "there are the cases that were filed, and no other" test "$(n_cases)" = 4
check "all rooms are who they were" test "$(rooms)" = "$before"
check "the log has not a line of all this" test "$(wc -l <"$dir/log")" = "$lines"
check "the daemon leaves when told" stop
