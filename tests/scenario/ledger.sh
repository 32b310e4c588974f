#!/bin/bash
# SPDX-License-Identifier: ISC
# Notifications as officers and administrators live with them, with the real processes and a real mail
# server: dispatch and hosts are shot at random while they deliver, a mail server is away and comes
# back, plugins come and go, nobody is there to be told, and one is kept out of a case.
. "$(dirname "$0")/lib.sh"

deliveries=${DELIVERIES:-600} # by hand: DELIVERIES=10000
admin()
{
	"$candor" admin "$@" --key "$admin_key"
}
ledger()
{
	admin delivery list --json "$@" | json 'len(j)'
}
plugin()
{
	admin plugin list --json | json "[p for p in j if p['name'] == '$1'][0]['$2']"
}
mails()
{
	find "$work/smtp/mail/new" -name '*.eml' | wc -l
}
subjects()
{
	cat "$work"/smtp/mail/new/*.eml 2>/dev/null | tr -d '\r' | grep '^Subject:'
}
recipients()
{
	cat "$work"/smtp/mail/new/*.eml | tr -d '\r' | sed -n 's/^X-Envelope-To: //p' | sort -u | tr '\n' ' '
}
forget_mails()
{
	rm -f "$work"/smtp/mail/new/*.eml
}
file_one()
{
	printf '%s' "${1:-{\"category\":\"phi-disclosure\",\"narrative\":\"A chart was posted.\"\}}" |
		"$candor" report --json - 2>/dev/null
}
is()
{
	[ "$("${@:2}" 2>/dev/null)" = "$1" ]
}
settings()
{
	sed -n '/settings = {/,$p' "$dir/plugins.d/email.conf"
}
# role NAME ROLE EMAIL: the same key, and something else to do.
role()
{
	"$candor" key show "$(key_of "$1")" 2>/dev/null | grep -o 'age1.*' | head -1 |
		"$candor" admin officer propose "$1" --role "$2" --email "$3" --key "$admin_key" >"$work/propose.out" 2>&1
	signs
}
# email_conf LINE: another head for the same settings.
email_conf()
{
	local rest
	rest=$(settings)
	printf 'plugin = "email"; network = true;\n%s\n%s\n' "$1" "$rest" >"$dir/plugins.d/email.conf"
}

# ---- shot at random --------------------------------------------------------------------------------
instance site
edit workers 1
edit release '["03:00"]'
mail_server 'events = ["filed"]; retry_min_s = 1; retry_max_s = 2; max_attempts = 1000; rate = { per_hour = 0; };'
start
three_officers
reporters 8 "$deliveries" kept "$work/acknowledged" >/dev/null 2>&1
check "$deliveries reports are filed" is "$deliveries" wc -l <"$work/acknowledged"
check "they are released" admin release
kills=0
more_mails()
{
	[ "$(mails)" -ge "$1" ]
}
while [ "$(mails)" -lt $((deliveries * 9 / 10)) ] && [ $kills -lt 40 ]; do
	wait_for 20 more_mails $(($(mails) + 1)) || break
	room=$([ $((RANDOM % 2)) = 0 ] && echo dispatch || echo host)
	for pid in $(room_pids $room | head -1); do
		kill -9 "$pid" && kills=$((kills + 1))
	done
done
check "dispatch and hosts are shot, many times" test $kills -ge 8
nothing_left()
{
	[ "$(plugin email pending)" = 0 ]
}
check "and all is delivered in the end" wait_for 200 nothing_left
check "nothing failed" is 0 ledger --failed
cat "$work"/smtp/mail/new/*.eml | tr -d '\r' |
	awk '/^Subject:/ { n = $2 } /^Message-ID:/ { print n, $2 }' | sort -u >"$work/ids"
check "each case is told" is "$deliveries" sh -c "cut -d' ' -f1 '$work/ids' | sort -u | wc -l"
check "under one Message-ID, however often it was tried" is "$deliveries" sh -c "wc -l <'$work/ids'"
echo "figure: $(mails) mails for $deliveries deliveries over $kills kills"

# ---- what the other side said ------------------------------------------------------------------------
forget_mails
refuses "a test says at once that no administrator has an address" 65 "none has an e-mail address" \
	admin plugin test email
"$candor" key show "$admin_key" 2>/dev/null | grep -o 'age1.*' | head -1 >"$work/admin.line"
admin_name=$("$candor" directory show --json --key "$admin_key" |
	json '[o["name"] for o in j["officers"] if o["role"] == "admin"][0]')
admin officer propose "$admin_name" --role admin --email root@hospital.example <"$work/admin.line" >/dev/null 2>&1
signs
check "a test is delivered and says so" admin plugin test email
check "to the administrator" is "root@hospital.example " recipients
check "in JSON, too" is delivered sh -c "'$candor' admin plugin test email --json --key '$admin_key' | /usr/bin/python3 -c 'import json,sys; print(json.load(sys.stdin)[\"state\"])'"
check "a check finds nothing wrong" admin check
check "in one line" is 1 sh -c "'$candor' admin check --key '$admin_key' | wc -l"

# ---- an outage, and no flood after it ------------------------------------------------------------------
port=$(sed -n 's/.* port = \([0-9]*\).*/\1/p' "$dir/plugins.d/email.conf")
forget_mails
sed -i 's/port = [0-9]*/port = 1/' "$dir/plugins.d/email.conf"
email_conf 'events = ["filed", "alarm"]; retry_min_s = 1; retry_max_s = 2; max_attempts = 1000; rate = { burst = 5; per_hour = 3600; };'
edit alarm_after_h 0
cat >"$dir/plugins.d/second.conf" <<C
plugin = "email"; network = true; events = ["alarm"]; to = ["admins"];
$(settings | sed "s/port = 1;/port = $port;/")
C
check "another mail server's port is configured" admin reload
refuses "a test tells what went wrong" 69 "not delivered: .*127.0.0.1.* port 1|not delivered: .*localhost" admin plugin test email
reporters 4 200 kept >/dev/null 2>&1
check "200 more are released" admin release
alarmed()
{
	[ "$(mails)" -ge 1 ] && has root@hospital.example "$(recipients)"
}
check "an administrator gets an alarm through the plugin that works" wait_for 90 alarmed
check "which names the silent one" sh -c "cat '$work'/smtp/mail/new/*.eml | grep -q '^Subject:.*email'"
check "and nobody else anything" is "root@hospital.example " recipients
wait_for 20 sh -c "! '$candor' admin check --key '$admin_key'"
refuses "a check warns of the silent one" 1 "^CANDOR WARNING - .*plugin email delivers nothing since 20" admin check
check "so does the status" sh -c "'$candor' admin status --key '$admin_key' | grep -q 'warning.*plugin email delivers nothing'"
check "and the log, once" is 1 grep -c 'plugin email delivers nothing since' "$dir/log"
rm "$dir/plugins.d/second.conf"
check "the second plugin goes" admin reload
critical()
{
	admin check >"$work/check.line"
	[ $? = 2 ] && grep -q "^CANDOR CRITICAL - no plugin works" "$work/check.line"
}
check "a check is critical when no plugin works" wait_for 30 critical
forget_mails
stop
sed -i "s/port = 1;/port = $port;/" "$dir/plugins.d/email.conf"
start
check "after the outage all is told" wait_for 120 nothing_left
told=$(mails)
echo "figure: $told mails for 200 cases after an outage"
check "in a handful of mails" test "$told" -le 40
check "the others stand in the ledger as part of a digest" test "$(admin delivery list --json --plugin email | json 'sum(d["state"] == "digested" for d in j)')" -ge 160
check "each naming it" is 0 sh -c "'$candor' admin delivery list --json --key '$admin_key' | /usr/bin/python3 -c 'import json,sys; print(sum(d[\"state\"] == \"digested\" and not d[\"digest\"] for d in json.load(sys.stdin)))'"
check "nothing failed" is 0 ledger --failed
check "and all is well again" admin check

# ---- never to one who is kept out ---------------------------------------------------------------------
forget_mails
edit release '"immediate"'
edit alarm_after_h 24
email_conf 'retry_min_s = 1; retry_max_s = 2; to = ["readers", "leads", "Omar@hospital.example", "box@hospital.example"]; rate = { per_hour = 0; };'
check "routing is changed" admin reload
file_one '{"category":"phi-disclosure","narrative":"Omar Reyes did it, quailcanary.","keep_out":["Omar Reyes"]}' >/dev/null
box_told()
{
	has box@hospital.example "$(recipients)"
}
check "a mail goes out" wait_for 30 box_told
check "to readers and to a shared box, not to the lead who is kept out" \
	is "box@hospital.example dana@hospital.example ruth@hospital.example " recipients
check "a mail holds no word of the report" hasnt quailcanary "$(cat "$work"/smtp/mail/new/*.eml)"
check "nor does the ledger" hasnt quailcanary "$(admin delivery list --json; admin status --json)"

# ---- one a day -------------------------------------------------------------------------------------------
forget_mails
email_conf 'retry_min_s = 1; retry_max_s = 2; cadence = "daily"; at = "00:00"; rate = { per_hour = 0; };'
check "a daily digest is asked for" admin reload
no_digest_left()
{
	[ "$(mails)" -ge 1 ] && nothing_left
}
check "it comes" wait_for 90 no_digest_left
check "to everybody, with nothing of a case" sh -c "! cat '$work'/smtp/mail/new/*.eml | grep -E 'C-[0-9A-Z]{4}-|phi-disclosure'"
forget_mails
file_one >/dev/null
check "the daemon leaves" stop
start
check "a report brings no mail of its own" is 0 mails

# ---- nobody there -----------------------------------------------------------------------------------------
email_conf 'retry_min_s = 1; retry_max_s = 2; events = ["filed"]; to = ["leads"]; rate = { per_hour = 0; };'
check "leads alone are told from now on" admin reload
role "Omar Reyes" officer omar@hospital.example
check "a warning says that no lead is there" grep -q "plugin email can tell nobody of" "$dir/log"
file_one >/dev/null
waits()
{
	[ "$(ledger --waiting)" = "$1" ]
}
check "the event waits" wait_for 30 waits 1
check "and did not fail" is 0 ledger --failed
refuses "a check warns" 1 "1 wait, since nobody" admin check
check "so does the plugin's line" is 1 plugin email waiting
check "nobody was written to" is 0 mails
role "Omar Reyes" lead omar@hospital.example
check "with a lead it goes out" wait_for 30 waits 0
told_omar()
{
	[ "$(recipients)" = "omar@hospital.example " ]
}
check "to the lead" wait_for 30 told_omar

# ---- plugins come and go ----------------------------------------------------------------------------------
forget_mails
sed -i 's/port = [0-9]*;/port = 1;/' "$dir/plugins.d/email.conf"
check "the mail server is away" admin reload
file_one >/dev/null
tried()
{
	[ "$(admin delivery list --json | json 'j[0]["state"], j[0]["attempts"] > 0')" = "('pending', True)" ]
}
check "a delivery is tried" wait_for 30 tried
id=$(admin delivery list --json | json 'j[0]["id"]')
mv "$dir/plugins.d/email.conf" "$work/email.conf"
check "its plugin is taken away" admin reload
check "its delivery is kept as orphaned" is 1 ledger --orphaned
check "and its plugin listed" is orphaned plugin email state
refuses "a check warns" 1 "plugin email is not configured any more" admin check
sed "s/port = 1;/port = $port;/" "$work/email.conf" >"$dir/plugins.d/email.conf"
check "the plugin comes back" admin reload
check "nothing is orphaned" is 0 ledger --orphaned
retried()
{
	admin delivery retry "$id" >/dev/null 2>&1
	[ "$(mails)" -ge 1 ]
}
check "and the delivery goes out" wait_for 60 retried
check "a second plugin is tried and taken away for good" sh -c \
	"sed 's/port = [0-9]*;/port = 1;/' '$dir/plugins.d/email.conf' >'$dir/plugins.d/gone.conf' && '$candor' admin reload --key '$admin_key'"
file_one >/dev/null
has_two()
{
	[ "$(plugin gone pending)" = 1 ]
}
check "it has something to deliver" wait_for 30 has_two
rm "$dir/plugins.d/gone.conf"
check "which is given up with it" sh -c \
	"'$candor' admin reload --key '$admin_key' && '$candor' admin delivery discard --plugin gone --key '$admin_key'"
check "nothing is left of it" is 0 ledger --orphaned
check "all is well" wait_for 30 admin check

# ---- every setting has a place -------------------------------------------------------------------------------
printf 'plugin = "email"; network = true;\nrate = { burst = 0; };\n%s\n' "$(settings)" >"$dir/plugins.d/wrong.conf"
refuses "a fault in a plugin's file is told with its line by candord -t" 78 "wrong.conf:2: .*from 1 to 1000" \
	"$candord" -t -c "$dir/candor.conf"
refuses "and by a reload" 78 "wrong.conf:2: .*from 1 to 1000" admin reload
printf 'plugin = "email"; network = true;\nsettings = {\nhost = "h";\nfrom = "nobody"; };\n' >"$dir/plugins.d/wrong.conf"
refuses "so is one that the plugin itself finds" 78 "wrong.conf:4: settings.from" "$candord" -t -c "$dir/candor.conf"
rm "$dir/plugins.d/wrong.conf"
stop
refuses "a check of a daemon that is away is critical" 2 "^CANDOR CRITICAL - " admin check
