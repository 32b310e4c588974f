#!/bin/bash
# SPDX-License-Identifier: ISC
# A real Request Tracker 5, and kill -9 of hosts and of dispatch at any moment and at the worst: every case gets
# its ticket, and none a second one.
. "$(dirname "$0")/lib.sh"
. "$top/tests/support/servers.sh"

rt_or_leave
ticket_site rt5.conf "$rt" 'queue = "General";'

wait_for 30 quiet
before=$(as Dana cases --json | json 'len(j)')
for n in 1 2 3 4 5 6; do
	file >/dev/null
	# From before the search to after the ticket is made, by turns.
	read -r -t "0.$((n * 8 % 10))5" <> <(:) || :
	for room in $([ $((n % 2)) = 0 ] && echo dispatch) host; do
		for pid in $(room_pids "$room"); do kill -9 "$pid"; done
	done
done
made() { [ "$(rt_tickets | cut -d' ' -f1 | sort -u | wc -l)" = 6 ]; }
check "hosts and dispatch killed over and over, every case gets its ticket" wait_for 120 made
check "all is delivered" wait_for 60 quiet
check "there is a case for each report" test "$(as Dana cases --json | json 'len(j)')" = $((before + 6))
check "no case has a second ticket" test -z "$(rt_tickets | cut -d' ' -f1 | sort | uniq -d)"
check "and none failed" test "$(deliveries --failed)" = "[]"

# The same at the worst moments: the ticket is asked for and not made yet, or made and not heard of yet.
mkdir "$work/proxy"
mkfifo "$work/proxy/in" "$work/proxy/out"
exec 9<>"$work/proxy/in"
/usr/bin/python3 "$top/tests/support/proxy.py" --dir "$work/proxy" --to "${rt##*:}" --path /REST/2.0/ticket \
	<"$work/proxy/in" >"$work/proxy/out" 2>"$work/proxy/log" 9>&- &
started+=("$!")
read -r -t 20 _ port <"$work/proxy/out"
sed -i "s|url = .*; mapping|url = \"http://127.0.0.1:$port\"; mapping|" "$dir/plugins.d/ticket.conf"
anew
under_way() { [ -s "$work/proxy/seen" ]; }
for delay in "2 0" "0 2"; do
	for rooms in host "host dispatch" dispatch; do
		echo "$delay" >"$work/proxy/delay"
		rm -f "$work/proxy/seen"
		file_case
		wait_for 30 under_way
		for room in $rooms; do
			for pid in $(room_pids "$room"); do kill -9 "$pid"; done
		done
		wait_for 60 has_reference "$c"
		wait_for 30 quiet
		check "$rooms killed ${delay% *} s before it is made and ${delay#* } s before it is known: one ticket" \
			test "$(rt_tickets | grep -c "^$c ") $(reference "$c" | cut -d' ' -f1)" = "1 $(rt_tickets | sed -n "s/^$c //p")"
	done
done
sed -i "s|url = .*; mapping|url = \"$rt\"; mapping|" "$dir/plugins.d/ticket.conf"
anew
exec 9>&-

# Request Tracker is away for a while: nothing is lost.
kill -TERM "$rt_pid" && wait "$rt_pid"
file_case
check "with Request Tracker away, the event waits" wait_for 30 waits_with connect
rt_begin
check "and arrives when it is back" wait_for 60 has_reference "$c"

check "there is one ticket for each case" test -z "$(rt_tickets | cut -d' ' -f1 | sort | uniq -d)"
check "the daemon leaves when told" stop
