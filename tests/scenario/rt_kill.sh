#!/bin/bash
# SPDX-License-Identifier: ISC
# A real Request Tracker 5 and a real mail server, and kill -9 of hosts and of dispatch at any moment and at the
# worst: every case gets its ticket and its mail, none a second ticket, and no mail another Message-ID.
#   CASES=5000 KILLS=150 tests/scenario/rt_kill.sh    10,000 deliveries: hours, most of them Request Tracker's
. "$(dirname "$0")/lib.sh"
. "$top/tests/support/servers.sh"
cases=${CASES:-8} kills=${KILLS:-8}

rt_or_leave
ticket_site rt5.conf "$rt" 'queue = "General";'
mail_server 'events = ["filed"]; retry_min_s = 1; retry_max_s = 2; max_attempts = 1000; rate = { per_hour = 0; };'
check "mails are sent as well" "$candor" admin reload --key "$admin_key"

left()
{
	"$candor" admin plugin list --json --key "$admin_key" 2>>"$work/err" | json 'sum(p["pending"] for p in j)'
}
down_to() # DELIVERIES
{
	[ "$(left)" -le "$1" ]
}
shoot() # ROOM: one of that name, whichever
{
	room_pids "$1" | shuf -n 1 | xargs -r kill -9
}
reporters 4 "$cases" kept "$work/acknowledged" >/dev/null 2>&1
check "$cases reports are filed" test "$(wc -l <"$work/acknowledged")" = "$cases"
for ((n = 1; n <= kills; n++)); do
	# Evenly over what there is to do, and from before a search to after a ticket is made.
	wait_for 600 down_to $((2 * cases - 2 * cases * n / (kills + 1))) || break
	read -r -t "0.$((RANDOM % 10))5" <> <(:) || :
	shoot "$([ $((RANDOM % 3)) = 0 ] && echo dispatch || echo host)"
done
check "hosts and dispatch are killed $kills times" test "$n" -gt "$kills"
check "all is delivered" wait_for 600 down_to 0
check "and none failed" test "$(deliveries --failed)" = "[]"
rt_tickets | sort >"$work/tickets"
check "every case got its ticket" test "$(cut -d' ' -f1 "$work/tickets" | sort -u | wc -l)" = "$cases"
check "no case has a second ticket" test -z "$(cut -d' ' -f1 "$work/tickets" | uniq -d)"
cat "$work"/smtp/mail/new/*.eml | tr -d '\r' |
	awk '/^Subject:/ { n = $2 } /^Message-ID:/ { print n, $2 }' >"$work/mails"
check "every case is told of by mail" test "$(cut -d' ' -f1 "$work/mails" | sort -u | wc -l)" = "$cases"
check "under one Message-ID each" test "$(sort -u "$work/mails" | wc -l)" = "$cases"
echo "figure: $(wc -l <"$work/tickets") tickets and $(wc -l <"$work/mails") mails for $cases cases over $kills kills"
rm "$dir/plugins.d/email.conf"

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
