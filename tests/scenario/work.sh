#!/bin/bash
# SPDX-License-Identifier: ISC
# A day at the compliance desk with the real programs: the board, answers in advance, tags, links, a duplicate,
# corrective actions, questions ahead, the breach worksheet, the officer's own search.
. "$(dirname "$0")/lib.sh"

instance day
start
three_officers

report()
{
	"$candor" report --json - <<<"$1" | json 'j["receipt"]'
}
follow()
{
	"$candor" follow --json <<<"$1"
}
# said EXPRESSION PATTERN COMMAND…: an expression on the JSON that it prints matches.
said()
{
	local expression=$1 pattern=$2
	shift 2
	"$@" | json "$expression" | tee "$work/said" | grep -qE -- "$pattern" || {
		cat "$work/said"
		return 1
	}
}

chart='"kind":"incident","category":"phi-disclosure","site":"main","place":"Ward 7 East"'
receipt=$(report "{$chart,\"narrative\":\"A chart was posted by Kelvyn ÖTZTALER.\",\"seen_on\":\"2026-01-02\"}")
again=$(report "{$chart,\"narrative\":\"Kelvyn Ötztaler put a chart on the net.\"}")
report "{$chart,\"narrative\":\"The same, and the officer is a friend.\",\"keep_out\":[\"Omar Reyes\"]}" >/dev/null
asked=$(report '{"kind":"question","category":"phi-disclosure","site":"main","narrative":"May I post the new scanner?"}')
as Dana cases --json >"$work/cases"
case_of() # the case of the report that holds a word
{
	as Dana search --json <<<"$1" | json 'j[0]["case"]'
}
a=$(case_of "posted by")
b=$(case_of "put net")
n=$(case_of "friend")
q=$(case_of "scanner")

# ---- the board ----
check "the board counts what is new and shows a pattern" said \
	'[c["count"] for c in j["columns"] if c["state"]=="new"], j["patterns"]' '\[4\].*phi-disclosure.*main.*3' \
	as Dana board --json
check "whoever is kept out of one of them sees no pattern" said 'j["patterns"]' '^\[\]$' as Omar board --json
check "a line of the board has 80 columns at most" bash -c \
	"'$candor' board --key '$(key_of Dana)' | awk 'length > 80 { print; bad = 1 } END { exit bad }'"

# ---- search ----
check "the search folds capitals and accents, over all texts" said '[h["case"] for h in j]' "$a.*$b|$b.*$a" \
	bash -c "'$candor' search --json --key '$(key_of Dana)' <<<'otztaler  CHART'"
check "what one cannot open is not found" said 'j' '^\[\]$' \
	bash -c "'$candor' search --json --key '$(key_of Omar)' <<<friend"
refuses "words are no arguments" 64 'never given as arguments' as Dana search chart
refuses "no words, no search" 65 'no words|empty' as Dana search </dev/null

# ---- templates ----
check "the templates are there in two languages" said 'sorted({t["language"] for t in j})' "en.*es" \
	as Dana template list --json
as Dana case ack "$q" >/dev/null
check "a question is answered with a template and one's own words" as Dana case reply "$q" \
	--template question-answered <<<'Yes, with no screen in it.'
check "the reporter reads both, without a case's number" said \
	'"no screen in it" in j["messages"][0]["text"] and "before you post" in j["messages"][0]["text"] and "C-" not in j["messages"][0]["text"]' \
	True follow "$asked"
check "in Spanish when asked" as Dana case reply "$a" --template received --language es
check "with the category's title and the date in it" said '"«Patient information" in j["messages"][0]["text"] and "{{" not in j["messages"][0]["text"]' \
	True follow "$receipt"
refuses "what a template waits for must come" 65 'empty|words' as Dana case reply "$a" --template more-information </dev/null
refuses "an unknown one lists those that there are" 65 'others are checkin' as Dana case reply "$a" --template nope

# ---- tags and links ----
check "a case is tagged" as Dana case tag "$a" press legal
check "and found by its tag" said '[c["case"] for c in j]' "^\['$a'\]$" as Dana cases --tag press --json
refuses "a tag is of the site's list" 65 'press, urgent' as Dana case tag "$a" smith
check "a tag is taken off" as Dana case tag "$a" --remove press
check "two cases are linked" as Dana case link "$a" "$q"
check "and shown so on the other" said 'j["links"][0]["case"]' "$a" as Dana case show "$q" --json

# ---- a duplicate ----
refuses "whoever is to be kept out does not get it by a merge" 77 'Omar Reyes.*kept out.*linked' \
	as Dana case merge "$n" "$a"
# Killed wherever it happens to be: both cases open, and it is done or not.
for ms in 5 15 25 35 45 60 80; do
	as Dana case merge "$b" "$a" >/dev/null 2>&1 &
	pid=$!
	read -r -t "$(printf '0.%03d' $ms)" <> <(:) || :
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	as Ruth case show "$b" --json >"$work/b" && as Ruth case show "$a" --json >"$work/a" ||
		echo "not ok - a merge that was killed leaves both cases readable"
	[ "$(json 'j["state"]' <"$work/b")" = merged ] && as Dana case reopen "$b" >/dev/null
done
check "a duplicate is merged" as Dana case merge "$b" "$a"
check "its words stay readable" said 'j["narrative"] + j["merged_into"]["case"]' "net.*$a" as Omar case show "$b" --json
check "its reporter sees how the other stands" said 'j["state"]' '^new$' follow "$again"
as Dana case ack "$a" >/dev/null
as Dana case investigate "$a" >/dev/null
check "also when that changes" said 'j["state"]' '^investigating$' follow "$again"
check "the reporter of a duplicate can still be written to" as Dana case reply "$b" <<<'We look into it, with another report.'
check "and reads it" said 'j["messages"][-1]["text"]' 'with another report' follow "$again"
refuses "it cannot be merged twice" 65 'is merged' as Dana case merge "$b" "$a"

# ---- corrective actions ----
day=$(date -d '+10 days' +%F)
check "an action has an owner and a day" as Dana case action "$a" --add training --owner "Omar Reyes" --by "$day"
check "its owner has it on the board" said 'j["corrective_actions"][0]["due"]' "$day" as Omar board --json
check "and it is a clock of the case" said '[c["due"] for c in j["clocks"] if c["name"]=="action-1"]' "$day" \
	as Dana case show "$a" --json
refuses "which is met there and nowhere else" 65 'case action' as Dana case met "$a" action-1
refuses "who cannot read the case owns no action" 65 'grant first' \
	as Dana case action "$n" --add training --owner "Omar Reyes" --by "$day"
check "it is done" as Omar case action "$a" --done 1
check "and off the board" said 'j["corrective_actions"]' '^\[\]$' as Omar board --json

# ---- questions ahead ----
check "the reporter is asked ahead, from a template" as Dana case checkin "$a" --every 30d --times 3
check "the days are on the case" said 'len(j["checkins"])' '^3$' as Omar case show "$a" --json
check "and nothing under the receipt yet" said 'len(j["messages"])' '^1$' follow "$receipt"
refuses "a day that is over is refused" 65 'tomorrow' as Dana case checkin "$a" --on 2026-01-01
check "they are called off" as Dana case checkin "$a" --stop

# ---- the breach worksheet ----
sheet='{"discovered_on":"2026-01-02","patients":620,"residents":610,"decision":"breach","reason":"Seen by many.",
 "factors":{"nature":{"level":"high","text":"Name and diagnosis"},"recipient":{"level":"high","text":"The public"},
 "acquired":{"level":"high","text":"Shared on"},"mitigation":{"level":"medium","text":"Taken down"}}}'
check "the four factors are noted" as Dana case breach "$a" <<<"$sheet"
check "with who is to be told until when" said \
	'[(w["to"], w["by"]) for e in j["entries"] if e["kind"]=="breach" for w in e["worksheet"]["notices"]]' \
	"individuals', '2026-03-03.*hhs', '2026-03-03.*media', '2026-03-03" as Omar case show "$a" --json
check "for people as well" bash -c "'$candor' case show $a --key '$(key_of Omar)' | grep -q 'To be told by 2026-03-03: each patient'"
refuses "a factor is not left out" 65 'acquired' as Dana case breach "$a" <<<"${sheet/acquired/seen}"

# ---- the desk ----
check "all of it in one session" bash -c "'$candor' desk --key '$(key_of Dana)' <<-D
	board
	search --category phi-disclosure
	scanner
	.
	case reply $q --template question-answered
	One thing more.
	.
	case tag $q board
	template list
	case action $a
	case breach $n
	$(tr '\n' ' ' <<<"$sheet")
	.
D"
check "and each of them in the audit log" said 'sorted({l["action"] for l in j})' \
	"'action'.*'action-done'.*'checkin'.*'link'.*'merged-in'.*'tag'.*'untag'.*'worksheet'" \
	as Dana audit --case "$a" --json --limit 200

# ---- in the clear ----
stop
check "no word of a case, a worksheet or a question is in the database" bash -c "! cat '$dir'/state/candor.db* |
	grep -qaiE 'tztaler|scanner|diagnosis|look into it|how you have been|no screen'"
