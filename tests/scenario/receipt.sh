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

# Cut after the daemon has it and before it answers: store is stopped meanwhile.
if command -v socat >/dev/null; then
	r=$(words)
	socket=$(conf connect | sed 's/^unix://')
	cat >"$work/through" <<-S
	#!/bin/sh
	exec socat - UNIX-CONNECT:$socket
	S
	chmod +x "$work/through"
	sed "s|^connect *=.*|connect = \"exec:exec $work/through\";|" "$site" >"$work/through.conf"
	store=$(room_pids store)
	kill -STOP "$store"
	report_under "$r" "$work/through.conf" >"$work/filed" 2>"$work/err" &
	client=$!
	started+=("$client")
	# The guide needs no store; what waits in store's socket is the report.
	waiting()
	{
		[ -n "$(pgrep -P "$client" socat)" ] && [ "$(ss -xpn 2>/dev/null | grep -c "pid=$store,.*" || :)" -ge 0 ]
	}
	wait_for 10 waiting
	read -r -t 1 <> <(:) || :
	pkill -P "$client" socat
	kill -CONT "$store"
	wait "$client"
	check "a client that was cut off files all the same" test -s "$work/filed"
	check "and it is one case" test "$(n_cases)" = 2
	check "which its receipt finds" follow "$r"
else
	skip "socat is not installed"
fi

# The daemon goes away under a client that waits: it tries again by itself.
r=$(words)
kill -STOP "$(room_pids store)"
report_under "$r" >"$work/filed" 2>"$work/err" &
client=$!
started+=("$client")
wait_for 5 sh -c "ls /proc/$client/fd | wc -l | grep -qv '^0$'"
kill -9 "$(room_pids store)"
wait "$client"
check "a report outlives the death of store" test -s "$work/filed"
check "and is one case" test "$(n_cases)" = "$(($(command -v socat >/dev/null && echo 2 || echo 1) + 1))"

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
