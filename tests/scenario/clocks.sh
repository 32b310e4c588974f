#!/bin/bash
# SPDX-License-Identifier: ISC
# Clocks as officers live with them, with the real processes and a real mail server: what each verb
# says, what is refused, whom a clock that ran out reaches, and what stays on the case as proof.
. "$(dirname "$0")/lib.sh"
export HOME=$work/home
mkdir "$HOME"

instance site
cat >>"$dir/candor.conf" <<'C'
clocks = (
  { name = "interview"; days = 10; working = true; from = "acknowledged"; met_by = "investigate"; },
  { name = "secure"; days = 2; categories = ["phi-disclosure"]; },
  { name = "lessons"; days = 30; from = "closed"; }
);
escalation = ( { after_days = 3; to = "lead"; }, { after_days = 7; to = "contact"; } );
escalation_contact = "chief@hospital.example";
C
mail_server 'to = ["assignee"];'
start
three_officers
cd "$work" || exit 70

day() # DAYS: so many days from today on
{
	date -d "$1 days" +%F
}
clock() # NAME FIELD: of the case $c, as the daemon has it
{
	as Dana case clocks "$c" --json | json "[k for k in j['clocks'] if k['name'] == '$1'][0]['$2']"
}
says() # WORDS VERB…: an officer's words go to a verb
{
	local words=$1
	shift
	printf '%s\n' "$words" | as Dana case "$@"
}
mailed() # ADDRESS WORDS: a mail of those words went to that address
{
	local f
	for f in "$work"/smtp/mail/new/*.eml; do
		tr -d '\r' <"$f" | grep -qi "^X-Envelope-To:.*$1" && tr -d '\r' <"$f" | grep -q "^Subject:.*$2" && return
	done
	return 1
}
mails_of() # WORDS
{
	cat "$work"/smtp/mail/new/*.eml | tr -d '\r' | grep -c "^Subject:.*$1"
}

# ---- a report of what was seen three weeks ago
printf '{"kind":"incident","category":"phi-disclosure","narrative":"A chart was posted.","seen_on":"%s"}' "$(day -20)" \
	>report.json
receipt=$("$candor" report --json report.json 2>/dev/null)
promised=$(json 'j["feedback_by"]' <<<"$receipt")
c=$(as Dana cases --json | json 'j[0]["case"]')
check "the list says what is due next, and when" has "in 2 days" "$(as Dana cases)"
check "the law's clocks and the site's run on the case" \
	test "$(as Dana case clocks "$c" --json | json 'sorted(k["name"] for k in j["clocks"])')" = \
	"['acknowledge', 'breach-notice', 'feedback', 'interview', 'lessons', 'secure']"
check "feedback is due when the reporter was told" test "$(clock feedback due)" = "$promised"
check "breach notice runs from receipt at first" test "$(clock breach-notice due)" = "$(day 60)"
check "the day on which the reporter saw it is proposed, with a warning" \
	has "20 days before filing" "$(as Dana case show "$c")"
check "an officer takes it" has "20 days after that day" "$(as Dana case discovered "$c" 2>&1)"
check "and the sixty days run from then" test "$(clock breach-notice due)" = "$(day 40)"
check "a later day is warned of" has "knew counts" "$(as Dana case discovered "$c" "$(day -10)" 2>&1)"
refuses "a day to come is none" 65 "to come" as Dana case discovered "$c" "$(day 1)"
refuses "nor is what is no day" 64 "is no day" as Dana case discovered "$c" yesterday

# ---- pausing, meeting, waiving
refuses "what does not run yet cannot be paused" 65 "does not run yet" says why pause "$c" interview
check "the case is acknowledged" as Dana case ack "$c"
check "which starts what runs from it" test "$(clock interview from_on)" = "$(day 0)"
refuses "a pause needs a reason" 65 "" sh -c '"$0" case pause "$2" interview --key "$1" </dev/null' \
	"$candor" "$dir/dana.key" "$c"
check "with one it is paused" says "waiting for the reporter" pause "$c" interview
check "it shows since when" test "$(clock interview standing) $(clock interview paused_on)" = "paused $(day 0)"
refuses "twice is once too often" 65 "is paused since" says why pause "$c" interview
check "it goes on without words" sh -c '"$0" case resume "$2" interview --key "$1" </dev/null' \
	"$candor" "$dir/dana.key" "$c"
refuses "the law cannot be paused" 65 "set by law" says why pause "$c" breach-notice
refuses "nor the promise to the reporter be waived" 65 "promised" says why waive "$c" feedback
refuses "what a step meets is not met by word" 65 "candor case investigate" says x met "$c" interview
refuses "a clock that there is not" 65 "no clock of that name" says x met "$c" coffee
check "one of the site's is met by hand" says "sealed off" met "$c" secure
check "and says when" test "$(clock secure met_on)" = "$(day 0)"
check "reasons are notes of the case" \
	test "$(as Dana case show "$c" --json | json '[e["text"] for e in j["entries"] if e["kind"] == "note"]')" = \
	"['waiting for the reporter', 'sealed off']"
printf '%s\n' "case pause $c interview" "the ward is closed" "." "case resume $c interview" \
	"case clocks $c" "case cases" quit | as Dana desk >desk.out 2>desk.err
check "one session does the same" grep -q "interview runs again" desk.out

# ---- a clock that ran out
check "a discovery long ago" as Dana case discovered "$c" "$(day -100)"
check "is overdue in the list" has "40 days over" "$(as Dana cases --overdue)"
check "and for programs" test "$(clock breach-notice overdue) $(clock breach-notice late_by)" = "True 40"
"$candor" admin reload --key "$admin_key" >/dev/null 2>&1
check "its readers are told" wait_for 20 mailed dana "breach-notice was due"
check "then who leads" wait_for 20 mailed omar "escalated"
check "then whom the site calls in last" wait_for 20 mailed chief "escalated"
n=$(mails_of breach-notice)
stop
start
"$candor" admin reload --key "$admin_key" >/dev/null 2>&1
check "a daemon that starts anew tells nobody again" test "$(mails_of breach-notice)" = "$n"
check "what ran out can be waived, with a reason" says "no breach" waive "$c" breach-notice
check "and is overdue no more" test "$(as Dana cases --overdue --json)" = "[]"

# ---- the end
check "resolving meets the interview" as Dana case resolve "$c" --outcome partly </dev/null
check "closing says what is still to do" has "still to do: lessons by $(day 30), feedback by" \
	"$(as Dana case close "$c")"
check "and starts what runs from closing" test "$(clock lessons due)" = "$(day 30)"
check "a reply meets the feedback" says "We talked to the team." reply "$c"
check "the case keeps the proof" test "$(clock feedback standing) $(clock feedback met_on)" = "met $(day 0)"
check "the reporter sees the same date as before" \
	test "$(json 'j["receipt"]' <<<"$receipt" | "$candor" follow --json 2>/dev/null | json 'j["feedback_by"] <= "'"$promised"'"')" = True
check "the daemon leaves when told" stop
