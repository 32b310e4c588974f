#!/bin/bash
# SPDX-License-Identifier: ISC
# A real Request Tracker 5: a case is a ticket there, and the ticket follows it, whatever people do to it.
. "$(dirname "$0")/lib.sh"
. "$top/tests/support/servers.sh"

rt_or_leave
ticket_site rt5.conf "$rt" 'queue = "General"; owners = ["ruth@hospital.example=omar"];'
ticket() { rt_ask GET "/ticket/$1"; }
ticket_is() # ID STATUS
{
	[ "$(ticket "$1" | json 'j["Status"]')" = "$2" ]
}
comments() # ID: how many
{
	rt_ask GET "/ticket/$1/history?fields=Type&per_page=100" | json 'sum(t["Type"] == "Comment" for t in j["items"])'
}
comments_are() { [ "$(comments "$1")" = "$2" ]; }
owner_is() { [ "$(ticket "$1" | json 'j["Owner"]["id"]')" = "$2" ]; }

# ---- one case, from its report to its reopening -----------------------------------------------------
check "a test event says that Request Tracker lets us in" tested_with "Request Tracker lets us in: General"
check "and makes no ticket" test -z "$(rt_tickets)"
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
check "once acknowledged it is open" wait_for 30 ticket_is "$t" open
check "with a comment" wait_for 30 comments_are "$t" 1
echo "Is it still up?" | as Dana case await "$c" >/dev/null
check "while the reporter is asked it is stalled" wait_for 30 ticket_is "$t" stalled
as Dana case investigate "$c" >/dev/null
check "and open again when somebody looks into it" wait_for 30 ticket_is "$t" open
as Dana case assign "$c" "Dana Whitfield" >/dev/null
check "and the officer's as owner" wait_for 30 owner_is "$t" dana
as Dana case assign "$c" "Ruth Fox" >/dev/null
check "or whom the table names" wait_for 30 owner_is "$t" omar
as Dana case assign "$c" "Dana Whitfield" >/dev/null
check "and back" wait_for 30 owner_is "$t" dana
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
check "a message from the reporter is a comment" wait_for 30 comments_are "$t" $((n + 5))
check "all is delivered" wait_for 30 quiet
check "there is one ticket" test "$(rt_tickets)" = "$c $t"

# ---- what people do to it ---------------------------------------------------------------------------
other=$(rt_ask POST /ticket '{"Queue":"General","Subject":"the privacy office","ContentType":"text/plain","Content":"x"}' | json 'j["id"]')
rt_ask PUT "/ticket/$t" "{\"MergeInto\":\"$other\"}" >/dev/null
as Dana case resolve "$c" --outcome partly </dev/null >/dev/null
check "merged into another ticket, that one follows the case" wait_for 30 ticket_is "$other" resolved
merged() { [ "$(reference "$c")" = "$other $rt/Ticket/Display.html?id=$other" ]; }
check "and is the one that the case shows" wait_for 30 merged
rt_ask DELETE "/ticket/$other" >/dev/null
as Dana case reopen "$c" >/dev/null
check "deleted, an administrator is told" wait_for 30 failed_with "ticket $other was deleted in Request Tracker"
rt_ask PUT "/ticket/$other" '{"Status":"open"}' >/dev/null
failed=$(deliveries --failed | json 'j[0]["id"]')
check "restored, the delivery can be tried again" "$candor" admin delivery retry "$failed" --key "$admin_key"
check "and arrives" wait_for 30 sh -c '[ "$("$0" admin delivery list --failed --json --key "$1")" = "[]" ]' "$candor" "$admin_key"

# A status that Request Tracker does not know: it answers 200, and is not believed.
sed -i 's/resolved = "resolved"/resolved = "finished"/' "$dir/plugins.d/ticket/rt5.conf"
anew
as Dana case resolve "$c" --outcome partly </dev/null >/dev/null
check "a change that is answered 200 and did not take is told in Request Tracker's words" wait_for 60 failed_with "left the status of ticket $other at .open., not .finished.: .*isn't a valid status"
cp "$top/etc/plugins.d/ticket/rt5.conf" "$dir/plugins.d/ticket/"
anew
"$candor" admin delivery retry "$(deliveries --failed | json 'j[0]["id"]')" --key "$admin_key" >/dev/null
check "the mapping mended, it takes" wait_for 60 ticket_is "$other" resolved

# ---- other settings -----------------------------------------------------------------------------------
sed -i "s|Subject LIKE 'Candor case %{number}:'|CF.{Case} = '%{number}'|; s|fields = \"Subject\"|fields = \"CustomFields\"|
	s|where = \"/Subject\"; has = \"Candor case %{number}:\"|where = \"/CustomFields\"; has = \"%{number}\"|
	s|Queue = \"%{queue}\";|& CustomFields = { Case = \"%{number}\"; };|" "$dir/plugins.d/ticket/rt5.conf"
anew
file_case
check "a ticket that is found by a custom field appears as well" wait_for 60 has_reference "$c"
ref=$(reference "$c")
check "with the case's number in that field" test "$(ticket "${ref%% *}" | json 'j["CustomFields"][0]["values"]')" = "['$c']"
echo "1-2-nonsense" >"$dir/token"
anew
check "a token that is not known is told" tested_with "does not allow login with what token_file holds (401)"
check "and stands in no log" sh -c '! grep -rq nonsense "$0"' "$dir/log"
check "the daemon leaves when told" stop
