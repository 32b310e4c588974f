#!/bin/bash
# SPDX-License-Identifier: ISC
# A receipt tells the truth however the connection ends, one receipt is one case, and a copy of the
# database opens to nobody who was kept out.
. "$(dirname "$0")/lib.sh"

instance site
start
three_officers
words()
{
	shuf -n 7 --random-source=/dev/urandom "$top/lib/data/eff_large_wordlist.txt" | tr '\n' ' ' | sed 's/ $//'
}
report_under() # receipt [site file]
{
	printf '{"category":"phi-disclosure","narrative":"A chart was posted.","keep_out":["Ruth Fox"],"receipt":"%s"}' "$1" |
		"$candor" report --json - --site "${2:-$site}"
}
n_cases()
{
	as Dana cases --json --limit 200 2>/dev/null | json 'len(j)'
}
follow()
{
	echo "$1" | "$candor" follow --json
}

r=$(words)
refuses "before anything is filed the receipt says so" 65 "nothing was filed" follow "$r"
check "a report is filed under it" report_under "$r"
check "and again" report_under "$r"
check "which is one case" test "$(n_cases)" = 1
check "the receipt finds it" follow "$r"

# Cut before the daemon has it: nothing was filed, and that is what the receipt says.
r=$(words)
sed 's|^connect *=.*|connect = "exec:head -c 10 >/dev/null";|' "$site" >"$work/cut.conf"
refuses "a connection that is cut at once files nothing" 69 "nothing|not reach|connect" report_under "$r" "$work/cut.conf"
refuses "and the receipt says so" 65 "nothing was filed" follow "$r"

# A relay between client and daemon that counts the client's frames: handshake, guide, report. When the
# report has gone on it says so by a file, and the first time, told to cut, it leaves then and there.
cat >"$work/relay.py" <<'P'
import os, select, socket, sys
path, sent, cut = sys.argv[1:4]
daemon = socket.socket(socket.AF_UNIX)
daemon.connect(path)
buffer, frames = b"", 0
while True:
    for fd in select.select([0, daemon], [], [])[0]:
        data = os.read(0, 65536) if fd == 0 else daemon.recv(65536)
        if not data:
            sys.exit(0)
        if fd != 0:
            os.write(1, data)
            continue
        daemon.sendall(data)
        buffer += data
        while len(buffer) >= 2 and len(buffer) >= 2 + int.from_bytes(buffer[:2], "big"):
            buffer = buffer[2 + int.from_bytes(buffer[:2], "big"):]
            frames += 1
            if frames == 3 and not os.path.exists(sent):
                open(sent, "w").close()
                if cut == "cut":
                    sys.exit(0)
P
relayed() # receipt cut|pass: file through the relay
{
	sed "s|^connect *=.*|connect = \"exec:exec /usr/bin/python3 $work/relay.py $(conf connect | sed 's/^unix://') $work/sent.$2 $2\";|" \
		"$site" >"$work/$2.conf"
	report_under "$1" "$work/$2.conf"
}

# Cut after the daemon has the report and before it answers.
r=$(words)
check "a client that was cut off files all the same" relayed "$r" cut
check "it was cut when the report was sent" test -e "$work/sent.cut"
check "and it is one case" test "$(n_cases)" = 2
check "which its receipt finds" follow "$r"

# Store goes away under a report that waits for it: the client tries again by itself.
r=$(words)
kill -STOP "$(room_pids store)"
relayed "$r" pass >"$work/filed" 2>"$work/err" &
client=$!
started+=("$client")
check "a report is sent while store stands still" wait_for 20 test -e "$work/sent.pass"
check "and is not said to be filed" test ! -s "$work/filed"
kill -9 "$(room_pids store)"
wait "$client"
check "it outlives the death of store" test -s "$work/filed"
check "and is one case" test "$(n_cases)" = 3

# A copy of the database in the hands of an officer who was kept out, and of one who was not.
if command -v age >/dev/null; then
	stop
	cp "$(find "$dir" -name candor.db)" "$work/copy.db"
	mkdir "$work/blobs"
	/usr/bin/python3 - "$work/copy.db" "$work/blobs" <<'P'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
n = 0
for table, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
    for row in db.execute(f"SELECT * FROM {table}"):
        for value in row:
            at = value.find(b"age-encryption.org/v1") if isinstance(value, bytes) else -1
            if at >= 0:
                open(f"{sys.argv[2]}/{n}", "wb").write(value[at:])
                n += 1
P
	opened()
	{
		local n=0 f
		for f in "$work"/blobs/*; do age -d -i "$1" "$f" >/dev/null 2>&1 && n=$((n + 1)); done
		echo "$n"
	}
	check "the copy holds sealed files" test "$(ls "$work/blobs" | wc -l)" -ge 4
	check "who was kept out opens none of them" test "$(opened "$(key_of Ruth)")" = 0
	check "who was not opens each case's secret" test "$(opened "$(key_of Dana)")" -ge 2
	check "and the escrow does" test "$(opened "$dir/escrow.key")" -ge 2
	check "the administrator opens none" test "$(opened "$admin_key")" = 0
else
	skip "age is not installed"
	stop
fi
