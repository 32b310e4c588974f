#!/bin/bash
# SPDX-License-Identifier: ISC
# The whole path with the real processes: file, strip, seal, release, read, ask back, answer, resolve,
# follow up; and what an officer who is kept out can learn of it.
. "$(dirname "$0")/lib.sh"

instance site
start
three_officers

cat >"$work/report.json" <<'J'
{"kind": "incident", "category": "phi-disclosure", "place": "4 West",
 "seen_on": "2026-11-20", "platform": "Instagram", "urls": ["https://www.instagram.com/p/Cx1/"],
 "narrative": "My name is Marisol Quintana. I saw that Kelly Burke posted a patient's chart in her story. The patient is Harold Finch in room 412.\nCall me at 404-555-0163.\n\nRegards,\nMarisol Quintana RN",
 "keep_out": ["Ruth Fox"], "attachments": ["note.txt"]}
J
printf 'What the story said:\nlook who is back in 412\n' >"$work/note.txt"
cd "$work" || exit 70

filed=$("$candor" report --json report.json 2>"$work/err")
check "a report is filed" test -n "$filed"
receipt=$(echo "$filed" | json 'j["receipt"]')
check "the receipt has seven words" test "$(echo "$receipt" | wc -w)" = 7
check "name, contact and sign-off were removed" test "$(echo "$filed" | json 'len(j["removed"]) >= 3')" = True
check "the acknowledgement is due in seven days" \
	test "$(echo "$filed" | json 'j["acknowledge_by"]')" = "$(date -d '+7 days' +%F)"

again=$("$candor" report --json report.json 2>/dev/null | json 'j["receipt"]')
check "another filing has another receipt" test "$again" != "$receipt"

cases=$(as Dana cases --json)
check "an officer sees both cases" test "$(echo "$cases" | json 'len(j)')" = 2
c=$(echo "$cases" | json 'j[0]["case"]')
check "an officer who is kept out sees none" test "$(as Ruth cases --json | json 'len(j)')" = 0
refuses "and cannot open one" 65 "no case" as Ruth case show "$c"

# Which of the two belongs to the receipt is nobody's to know: both are worked on.
c1=$(echo "$cases" | json 'j[0]["case"]') c2=$(echo "$cases" | json 'j[1]["case"]')
shown=$(as Dana case show "$c1" --json)
check "the officer reads whom it is about" has "Kelly Burke" "$shown"
check "and the patient" has "Harold Finch" "$shown"
check "and not who wrote it" hasnt "Quintana" "$shown"
check "nor the telephone number" hasnt "555-0163" "$shown"
check "who was kept out stands in it" has "Ruth Fox" "$shown"
check "the attachment is listed" test "$(echo "$shown" | json 'len(j["attachments"])')" = 1
n=$(echo "$shown" | json 'j["attachments"][0]["n"]')
as Dana case save "$c1" "$n" "$work/saved.txt" >/dev/null
check "and saved byte for byte" cmp "$work/note.txt" "$work/saved.txt"

for c in "$c1" "$c2"; do
	check "$c is acknowledged" as Dana case ack "$c"
	echo "Is the story still up?" | check "a question goes to the reporter of $c" as Dana case await "$c"
done
followed=$(echo "$receipt" | "$candor" follow --json)
check "the reporter finds the question" has "Is the story still up?" "$followed"
check "and the state" test "$(echo "$followed" | json 'j["state"]')" = awaiting-reporter
printf '%s\nIt is gone since noon. Thanks,\nMarisol\n' "$receipt" | check "the reporter answers" "$candor" follow --reply
states=$(as Dana cases --json | json 'sorted(x["state"] for x in j)')
check "the case goes on" test "$states" = "['awaiting-reporter', 'investigating']"
c=$(as Dana cases --state investigating --json | json 'j[0]["case"]')
shown=$(as Dana case show "$c" --json)
check "the officer reads the answer" has "gone since noon" "$shown"
check "without the name under it" hasnt "Marisol" "$shown"

# Words that the reporter insists on stay, wherever they stand; what the site forbids to keep goes.
cat >"$work/kept.json" <<'J'
{"category": "phi-disclosure", "narrative": "My name is Nils Aaberg. I'm the only night RT on 4 West and my badge is T-20917. Ask Nils Aaberg.",
 "keep_words": ["the only night RT on 4 West", "T-20917"]}
J
filed=$("$candor" report --json kept.json)
check "the removals do not have what is kept" \
	test "$(echo "$filed" | json '[r["label"] for r in j["removed"]]')" = "['reporter-name', 'reporter-name']"
k=$(as Dana cases --state new --json | json 'j[0]["case"]')
shown=$(as Dana case show "$k" --json)
check "words that are kept reach the officer" has "the only night RT on 4 West and my badge is T-20917" "$shown"
check "the rest does not" hasnt "Aaberg" "$shown"
edit not_keepable '["reporter-id"]'
check "the site may forbid it" as Admin admin reload
wait_for 10 sh -c '"$0" guide --json | grep -q reporter-id' "$candor"
check "the guide says so" has '"reporter-id"' "$("$candor" guide --json)"
"$candor" report --json kept.json >/dev/null 2>&1
k=$(as Dana cases --state new --json | json '[x["case"] for x in j if x["case"] != "'"$k"'"][0]')
shown=$(as Dana case show "$k" --json)
check "what it forbids to keep goes" hasnt "T-20917" "$shown"
check "what it does not forbid stays" has "the only night RT on 4 West" "$shown"
refuses "words to keep are told apart from labels" 65 "keep_words\[0\]" \
	sh -c 'echo "{\"category\":\"phi-disclosure\",\"narrative\":\"x\",\"keep_words\":[\"\"]}" | "$0" report --json -' "$candor"

check "it is assigned" as Dana case assign "$c" "Omar Reyes"
echo "Interview with the unit manager." | check "a note is written" as Omar case note "$c"
refuses "an unknown outcome is refused" 64 "substantiated" as Omar case resolve "$c" --outcome perhaps
echo "The post is down and the unit was trained." |
	check "it is resolved" as Omar case resolve "$c" --outcome substantiated --action training
refuses "what the state does not allow is refused" 65 "close" as Omar case triage "$c"
followed=$(echo "$receipt" | "$candor" follow --json)
check "the reporter sees the outcome" has "substantiated" "$followed"
check "and what officers wrote" has "the unit was trained" "$followed"
check "but no internal note" hasnt "Interview" "$followed"
check "it is closed" as Omar case close "$c"
check "and reopened" as Omar case reopen "$c"
refuses "granting it to who was kept out is refused" 77 "kept out" as Dana case grant "$c" "Ruth Fox"
refuses "a receipt that opens nothing is told so" 65 "nothing was filed" \
	sh -c 'echo "abacus abdomen abdominal abide abiding ability ablaze" | "$0" follow' "$candor"
check "the daemon leaves when told" stop
check "and no room stays" test -z "$(pgrep -P "$daemon")"
