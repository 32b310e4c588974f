#!/bin/bash
# SPDX-License-Identifier: ISC
# The daemon as those see it who run it: started, started twice, reloaded rightly and wrongly, shot,
# told to stop; and what systemd hears of it.
. "$(dirname "$0")/lib.sh"

instance site
edit workers 2

# ---- what systemd hears -----------------------------------------------------------------------------
/usr/bin/python3 - "$work/notify" >"$work/heard" 2>&1 <<'PY' &
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("listening", flush=True)
while True:
    text = s.recv(1000).decode()
    print(text.replace("\n", " | "), flush=True)
    if text.startswith("STOPPING"):
        break
PY
listener=$!
started+=("$listener")
wait_for 10 grep -q listening "$work/heard"
export NOTIFY_SOCKET=$work/notify
start
unset NOTIFY_SOCKET
check "systemd hears READY=1" wait_for 5 grep -q '^READY=1' "$work/heard"
check "both intakes run" test "$(room_pids intake | wc -l)" = 2
check "a client gets the guide" "$candor" guide
for room in intake desk store dispatch; do
	pid=$(room_pids $room | head -1)
	check "$room may gain no privileges" grep -q '^NoNewPrivs:[[:space:]]*1' "/proc/$pid/status"
done

refuses "a second daemon on the same state is refused" 73 "another daemon" \
	"$candord" -c "$dir/candor.conf"
check "and the first goes on" "$candor" guide

# ---- reload -----------------------------------------------------------------------------------------
logged()
{
	[ "$(grep -c -- "$1" "$dir/log")" -ge "$2" ]
}
cp "$dir/candor.conf" "$work/right"
echo 'worker = 3;' >>"$dir/candor.conf"
kill -HUP "$daemon"
check "a faulty file is named with its line at reload" \
	wait_for 10 logged 'candor.conf:[0-9]*: worker is unknown; did you mean "workers"' 1
check "and the old configuration serves on" "$candor" guide
cp "$work/right" "$dir/candor.conf"
edit workers 3
edit site_name '"Renamed hospital"'
kill -HUP "$daemon"
check "what needs a new start is named at reload" wait_for 10 logged 'started anew: workers$' 1
renamed()
{
	"$candor" guide | grep -q "Renamed hospital"
}
check "clients see the new configuration" wait_for 10 renamed
check "systemd hears RELOADING=1" grep -q '^RELOADING=1 | MONOTONIC_USEC=' "$work/heard"
refuses "an administrator's reload tells the fault" 78 "worker is unknown" \
	bash -c "echo 'worker = 3;' >>'$dir/candor.conf'; '$candor' admin reload --key '$admin_key'"
cp "$work/right" "$dir/candor.conf"
check "and when it is mended, that it is done" "$candor" admin reload --key "$admin_key"

# ---- hosts come and go ---------------------------------------------------------------------------------
hosts_are()
{
	[ "$(room_pids host | wc -l)" = "$1" ]
}
another_host()
{
	[ -n "$(room_pids host)" ] && [ "$(room_pids host)" != "$host" ]
}
cp "$dir/plugins.d/email.conf.example" "$dir/plugins.d/email.conf"
check "a new plugin's file is accepted" "$candor" admin reload --key "$admin_key"
check "and starts its host" wait_for 10 hosts_are 1
host=$(room_pids host)
sed -i 's/port = 587/port = 2587/' "$dir/plugins.d/email.conf"
check "a changed file is accepted" "$candor" admin reload --key "$admin_key"
check "and the host is another" wait_for 20 another_host
host=$(room_pids host)
check "a reload without a change is accepted" "$candor" admin reload --key "$admin_key"
check "and the host stays" test "$(room_pids host)" = "$host"
rm "$dir/plugins.d/email.conf"
check "a file may go" "$candor" admin reload --key "$admin_key"
check "and its host goes" wait_for 20 hosts_are 0

# ---- death, and the end ----------------------------------------------------------------------------------
pid=$(room_pids desk)
kill -9 "$pid"
another_desk()
{
	[ -n "$(room_pids desk)" ] && [ "$(room_pids desk)" != "$pid" ] &&
		"$candor" admin status --key "$admin_key"
}
check "a desk that was shot is back and knows its officers" wait_for 20 another_desk

# timeout(1) and some service managers tell twice: what is in hand is finished all the same.
kill -TERM "$daemon"
kill -TERM "$daemon" 2>/dev/null
wait "$daemon"
check "the daemon leaves with 0 when told" test $? = 0
check "no room had to be killed" bash -c "! grep -qE 'killing|(store|intake)\[0\] died' '$dir/log'"
check "the sockets are gone" test ! -e "$dir/run/intake.sock" -a ! -e "$dir/run/desk.sock"
check "systemd hears STOPPING=1" wait_for 5 grep -q '^STOPPING=1' "$work/heard"

start
kill -9 "$daemon"
wait "$daemon" 2>/dev/null
start
check "after kill -9 of the whole it starts again, over its stale sockets" "$candor" guide
stop
check "and leaves" test $? = 0

# ---- faults at start ---------------------------------------------------------------------------------------
printf 'no key\n' >"$dir/keys/intake.key"
refuses "a key that is none stops the start" 78 "intake.*cannot" "$candord" -c "$dir/candor.conf"
check "and leaves no socket behind" test ! -e "$dir/run/intake.sock"
edit libexec '"/nonexistent"'
refuses "rooms that are not there stop the start" 78 "libexec says where" "$candord" -c "$dir/candor.conf"

# ---- an ordinary user, and the limits it has ------------------------------------------------------------
plain=()
mkdir "$work/plain"
if [ "$(id -u)" = 0 ]; then
	plain=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	chmod 711 "$work"
	chown 65534 "$work/plain"
fi
if ! "${plain[@]}" test -x "$candord"; then
	skip "an ordinary user cannot run $candord"
else
	cd "$work/plain" || exit 1
	# The folder of the sockets is made anew, as a hardened service would.
	umask 077
	"${plain[@]}" "$candord" --init own >/dev/null
	sed -i 's|^intake_socket.*|intake_socket = "new/intake.sock";|' own/candor.conf
	echo 'limits = { sessions = 4096; };' >>own/candor.conf
	refuses "too little locked memory is named with what is needed" 71 \
		"cannot lock [0-9]* KiB .*RLIMIT_MEMLOCK" \
		bash -c 'ulimit -l 1024; exec "$@"' - "${plain[@]}" "$candord" -c own/candor.conf
	if grep -qa libasan "$build/candor-intake"; then
		skip "sanitizer builds have no limit of open files"
	else
		refuses "too few open files are named with what is needed" 71 \
			"ulimit -Hn.*larger than limits.sessions" \
			bash -c 'ulimit -n 4096; exec "$@"' - "${plain[@]}" "$candord" -c own/candor.conf
	fi
	dir=$work/plain/own
	mkfifo ready
	chmod 666 ready
	bash -c 'ulimit -l 8192; exec "$@"' - "${plain[@]}" "$candord" -c own/candor.conf --ready-fd 7 7<>ready 2>"$work/plain.log" &
	daemon=$!
	started+=("$daemon")
	check "as many sessions as may be configured fit 8 MiB of locked memory" \
		bash -c 'read -r -t 20 line && [ "$line" = ready ]' <ready
	check "whoever may not look into a room's folder may go through that of its socket" \
		test "$(stat -c %a own/new)" = 755
	stop
	if [ "$(id -u)" = 0 ]; then
		# Somebody else's file among ours stays theirs: root might be led to give it away.
		touch "$work/shadow"
		ln "$work/shadow" own/state/linked
		start
		check "root's store owns what the former owner had" test "$(stat -c %u own/state/candor.db)" -gt 60000
		check "and nothing else" test "$(stat -c %u "$work/shadow")" = 0
		stop
		refuses "a state folder that root's store owns is refused to others with what to do" 77 "chown" \
			"${plain[@]}" "$candord" -c own/candor.conf
		mkdir foreign
		chown 65534 foreign
		refuses "--init puts no keys into somebody else's folder" 77 "somebody else" "$candord" --init foreign
	fi
fi
