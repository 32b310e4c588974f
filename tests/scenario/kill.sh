#!/bin/bash
# SPDX-License-Identifier: ISC
# kill -9 of each room in turn while 16 reporters file: whatever was acknowledged is there, once, and
# opens, and officers are told of every case, with the same key however often it was tried.
. "$(dirname "$0")/lib.sh"

instance site
edit workers 2
mail_server 'events = ["filed"]; retry_min_s = 1; retry_max_s = 2; rate = { per_hour = 0; };'
start
three_officers


rooms="intake desk store dispatch host"
reporters 16 1200 new "$work/acknowledged" >"$work/load.out" 2>"$work/load.err" &
load=$!
started+=("$load")
some_more()
{
	[ "$(wc -l <"$work/acknowledged" 2>/dev/null || echo 0)" -ge "$1" ] || ! kill -0 "$load"
}
killed=0
for room in $rooms $rooms; do
	wait_for 30 some_more $(((killed + 1) * 100))
	for pid in $(room_pids "$room"); do
		kill -9 "$pid" && killed=$((killed + 1))
		break
	done
done
wait "$load"
check "every reporter was told FILED in the end" test $? = 0
check "all rooms were killed twice" test "$killed" = 10
check "each room runs again" wait_for 20 sh -c "for r in $rooms; do pgrep -P $daemon \"candor-\$r\" || exit 1; done"
n=$(wc -l <"$work/acknowledged")
echo "figure: $n reports acknowledged over $killed kills, $(cut -f5 "$work/load.out") retries"
check "1200 reports were acknowledged" test "$n" = 1200

# Page through all cases as an officer, and open every one.
all_cases()
{
	local after= page
	while :; do
		page=$(as Dana cases --json --limit 200 ${after:+--after "$after"}) || return 1
		[ "$(echo "$page" | json 'len(j)')" = 0 ] && break
		echo "$page" | json '"\n".join(x["case"] for x in j)'
		after=$(echo "$page" | json 'j[-1]["case"]')
	done
}
check "the officers' desk is back" wait_for 20 as Dana cases --json
all_cases >"$work/cases"
check "every case is listed once" test -z "$(sort "$work/cases" | uniq -d)"
check "there are as many cases as reports" test "$(wc -l <"$work/cases")" = 1200

# One session, key opened once: every narrative says its number.
sed 's/^/case show /; s/$/ --json/' "$work/cases" | as Dana desk >"$work/shown" 2>"$work/desk.err"
grep -ao '"narrative": *"This is report number [0-9]*' "$work/shown" | grep -o '[0-9]*$' | sort | uniq -c >"$work/numbers"
check "every one opens" test "$(wc -l <"$work/numbers")" = 1200
check "and is there once" test -z "$(awk '$1 != 1' "$work/numbers")"

# One mail a case in the end; a mail that was sent twice has the same Message-ID.
mails()
{
	cat "$work"/smtp/mail/new/*.eml | tr -d '\r' | awk '/^Subject:/ { number = $2 } /^Message-ID:/ { print number, $2 }' | sort -u
}
all_told()
{
	[ "$(ls "$work/smtp/mail/new" | wc -l)" -ge 1200 ] && [ "$(mails | wc -l)" -ge 1200 ]
}
check "officers are told of every case" wait_for 90 all_told
mails >"$work/mails"
check "with one key for each case" test "$(cut -d' ' -f1 "$work/mails" | sort | uniq -d | wc -l) $(wc -l <"$work/mails")" = "0 1200"
echo "figure: $(ls "$work/smtp/mail/new" | wc -l) mails for 1200 cases"
check "no delivery failed" test "$("$candor" admin delivery list --failed --json --key "$admin_key" | json 'len(j)')" = 0
check "the daemon leaves when told" stop
