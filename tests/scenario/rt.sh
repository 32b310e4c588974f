#!/bin/bash
# SPDX-License-Identifier: ISC
# A real Request Tracker 5: a case is a ticket there and the ticket follows it, whatever is killed meanwhile
# and whatever people do to the ticket.
. "$(dirname "$0")/lib.sh"
. "$top/tests/support/servers.sh"

lacking=$(rt_lacking)
if [ -n "$lacking" ]; then
	skip "$lacking"
	exit 0
fi
rt_server || {
	cat "$server"/log 2>/dev/null
	echo "not ok - a private Request Tracker starts"
	exit 1
}

instance site
cp -r "$top/etc/plugins.d/ticket" "$dir/plugins.d/"
cp "$server/token" "$dir/rt.token"
chmod 600 "$dir/rt.token"
cat >"$dir/plugins.d/ticket.conf" <<C
plugin = "ticket"; network = true; retry_min_s = 1; retry_max_s = 2; max_attempts = 100;
settings = {
  url = "$rt"; mapping_file = "plugins.d/ticket/rt5.conf"; token_file = "rt.token"; queue = "General";
  owners = ["ruth@hospital.example=omar"]; timeout_s = 25;
};
C
check "candord accepts the plugin's configuration" "$candord" -t -c "$dir/candor.conf"
start
three_officers

file()
{
	echo '{"category":"phi-disclosure","narrative":"Harold Finch of room 412 was posted."}' |
		"$candor" report --json - 2>>"$work/err"
}
deliveries() { "$candor" admin delivery list --json --key "$admin_key" "$@"; }
ticket() { rt_ask GET "/ticket/$1"; }
ticket_is() # ID STATUS
{
	[ "$(ticket "$1" | json 'j["Status"]')" = "$2" ]
}
# The reference that Candor shows for a case: "ID URL".
reference() { as Dana case show "$1" --json | json 'j["references"][0]["reference"]'; }
has_reference() { reference "$1" | grep -q '^[0-9][0-9]* http'; }
numbers() { as Dana cases --json --limit 200 | json '"\n".join(x["case"] for x in j)' | sort; }
# file_case: file a report. Sets c, the number of its case.
file_case()
{
	numbers >"$work/before"
	file >"$work/filed"
	numbers >"$work/after"
	c=$(comm -13 "$work/before" "$work/after")
}
comments() # ID: how many
{
	rt_ask GET "/ticket/$1/history?fields=Type&per_page=100" | json 'sum(t["Type"] == "Comment" for t in j["items"])'
}
comments_are() { [ "$(comments "$1")" = "$2" ]; }
quiet() { [ "$(deliveries | json 'sum(d["state"] == "pending" for d in j)')" = 0 ]; }
# case number, ticket: all tickets of cases
tickets()
{
	rt_ask GET "/tickets?query=Subject%20LIKE%20%27Candor%20case%27&fields=Subject&per_page=100" |
		json '"\n".join(t["Subject"].split(":")[0].split()[-1] + " " + t["id"] for t in j["items"])'
}

# A file that the plugin's .conf names is another now: it is started anew when the .conf is another.
anew()
{
	local old
	old=$(room_pids host)
	sed -i "s/timeout_s = 2.;/timeout_s = 2$((anew_n = (anew_n + 1) % 5));/" "$dir/plugins.d/ticket.conf"
	"$candor" admin reload --key "$admin_key" >/dev/null
	wait_for 20 another "$old"
}
another() { [ -n "$(room_pids host)" ] && [ "$(room_pids host)" != "$1" ]; }
anew_n=0

# ---- one case, from its report to its reopening -----------------------------------------------------
"$candor" admin plugin test ticket --key "$admin_key" >/dev/null
let_in() { deliveries | json '"\n".join(str(d["reference"]) for d in j)' | grep -q "Request Tracker lets us in: General"; }
check "a test event says that Request Tracker lets us in" wait_for 30 let_in
check "and makes no ticket" test -z "$(tickets)"
file_case
check "a report is filed" test -n "$c"
check "a ticket appears, and the case shows its number" wait_for 60 has_reference "$c"
ref=$(reference "$c") t=${ref%% *}
check "with its address" test "$ref" = "$t $rt/Ticket/Display.html?id=$t"
check "it is new" ticket_is "$t" new
check "its subject names the case" has "Candor case $c: phi-disclosure, " "$(ticket "$t" | json 'j["Subject"]')"
id=$(rt_ask GET "/ticket/$t/attachments" | json 'j["items"][0]["id"]')
rt_ask GET "/attachment/$id" | json '__import__("base64").b64decode(j["Content"]).decode()' >"$work/text"
check "its text says what was filed" grep -q "A report was filed: $c" "$work/text"
check "and no word of the report" sh -c '! grep -qiE "finch|412|posted" "$0"' "$work/text"
as Dana case ack "$c" >/dev/null
as Dana case assign "$c" "Dana Whitfield" >/dev/null
check "once acknowledged and assigned it is open" wait_for 30 ticket_is "$t" open
check "with a comment" wait_for 30 comments_are "$t" 1
owner_is() { [ "$(ticket "$t" | json 'j["Owner"]["id"]')" = "$1" ]; }
check "and the officer's as owner" wait_for 30 owner_is dana
as Dana case assign "$c" "Ruth Fox" >/dev/null
check "or whom the table names" wait_for 30 owner_is omar
as Dana case assign "$c" "Dana Whitfield" >/dev/null
check "and back" wait_for 30 owner_is dana
wait_for 30 quiet
n=$(comments "$t")
as Dana case resolve "$c" --outcome substantiated </dev/null >/dev/null
check "the case resolved, so is the ticket" wait_for 30 ticket_is "$t" resolved
as Dana case close "$c" >/dev/null
check "closed, it gets another comment" wait_for 30 comments_are "$t" $((n + 2))
as Dana case reopen "$c" >/dev/null
check "reopened, it is open again" wait_for 30 ticket_is "$t" open
echo "Is it still up?" | as Dana case await "$c" >/dev/null
printf '%s\nGone since noon.\n' "$(json 'j["receipt"]' <"$work/filed")" | "$candor" follow --reply >/dev/null 2>&1
check "a message from the reporter is a comment" wait_for 30 comments_are "$t" $((n + 4))
check "all is delivered" wait_for 30 quiet
check "there is one ticket" test "$(tickets)" = "$c $t"

# ---- what people do to it ---------------------------------------------------------------------------
other=$(rt_ask POST /ticket '{"Queue":"General","Subject":"the privacy office","ContentType":"text/plain","Content":"x"}' | json 'j["id"]')
rt_ask PUT "/ticket/$t" "{\"MergeInto\":\"$other\"}" >/dev/null
as Dana case resolve "$c" --outcome partly </dev/null >/dev/null
check "merged into another ticket, that one follows the case" wait_for 30 ticket_is "$other" resolved
merged() { [ "$(reference "$c")" = "$other $rt/Ticket/Display.html?id=$other" ]; }
check "and is the one that the case shows" wait_for 30 merged
rt_ask DELETE "/ticket/$other" >/dev/null
as Dana case reopen "$c" >/dev/null
told() { deliveries --failed | json '"\n".join(str(d["last_error"]) for d in j)' | grep -q "ticket $other was deleted in Request Tracker"; }
check "deleted, an administrator is told" wait_for 30 told
rt_ask PUT "/ticket/$other" '{"Status":"open"}' >/dev/null
failed=$(deliveries --failed | json 'j[0]["id"]')
check "restored, the delivery can be tried again" "$candor" admin delivery retry "$failed" --key "$admin_key"
check "and arrives" wait_for 30 sh -c '[ "$("$0" admin delivery list --failed --json --key "$1")" = "[]" ]' "$candor" "$admin_key"

# A status that Request Tracker does not know: it answers 200, and is not believed.
sed -i 's/resolved = "resolved"/resolved = "finished"/' "$dir/plugins.d/ticket/rt5.conf"
anew
as Dana case resolve "$c" --outcome partly </dev/null >/dev/null
told() { deliveries --failed | json '"\n".join(str(d["last_error"]) for d in j)' | grep -q "left the status of ticket $other at .open., not .finished.: .*isn't a valid status"; }
check "a change that is answered 200 and did not take is told in Request Tracker's words" wait_for 60 told
cp "$top/etc/plugins.d/ticket/rt5.conf" "$dir/plugins.d/ticket/"
anew
"$candor" admin delivery retry "$(deliveries --failed | json 'j[0]["id"]')" --key "$admin_key" >/dev/null
check "the mapping mended, it takes" wait_for 60 ticket_is "$other" resolved

# ---- kill -9 in the middle ----------------------------------------------------------------------------
wait_for 30 quiet
before=$(as Dana cases --json | json 'len(j)')
for n in 1 2 3 4 5 6 7 8; do
	file >/dev/null
	# From before the search to after the ticket is made, by turns.
	read -r -t "0.$((n * 8 % 10))5" <> <(:) || :
	for room in $([ $((n % 2)) = 0 ] && echo dispatch) host; do
		for pid in $(room_pids "$room"); do kill -9 "$pid"; done
	done
done
made() { [ "$(tickets | cut -d' ' -f1 | sort -u | wc -l)" = 8 ]; }
check "hosts and dispatch killed over and over, every case gets its ticket" wait_for 120 made
check "all is delivered" wait_for 60 quiet
check "there is a case for each report" test "$(as Dana cases --json | json 'len(j)')" = $((before + 8))
check "no case has a second ticket" test -z "$(tickets | cut -d' ' -f1 | sort | uniq -d)"
check "and none failed" test "$(deliveries --failed)" = "[]"

# Request Tracker is away for a while: nothing is lost.
kill -TERM "$rt_pid" && wait "$rt_pid"
file_case
late() { deliveries | json '[d["last_error"] for d in j if d["state"] == "pending"]' | grep -qi "connect"; }
check "with Request Tracker away, the event waits" wait_for 30 late
rt_begin
check "and arrives when it is back" wait_for 60 has_reference "$c"

# ---- other settings -----------------------------------------------------------------------------------
sed -i "s|Subject LIKE 'Candor case %{number}:'|CF.{Case} = '%{number}'|; s|fields = \"Subject\"|fields = \"CustomFields\"|
	s|where = \"/Subject\"; has = \"Candor case %{number}:\"|where = \"/CustomFields\"; has = \"%{number}\"|
	s|Queue = \"%{queue}\";|& CustomFields = { Case = \"%{number}\"; };|" "$dir/plugins.d/ticket/rt5.conf"
anew
file_case
check "a ticket that is found by a custom field appears as well" wait_for 60 has_reference "$c"
ref=$(reference "$c")
check "with the case's number in that field" test "$(ticket "${ref%% *}" | json 'j["CustomFields"][0]["values"]')" = "['$c']"
echo "1-2-nonsense" >"$dir/rt.token"
anew
"$candor" admin plugin test ticket --key "$admin_key" >/dev/null
refused() { deliveries | json '"\n".join(str(d["last_error"]) for d in j)' | grep -q "does not allow login with what token_file holds (401)"; }
check "a token that is not known is told" wait_for 60 refused
check "and stands in no log" sh -c '! grep -rq nonsense "$0"' "$dir/log"
check "the daemon leaves when told" stop
