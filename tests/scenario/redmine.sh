#!/bin/bash
# SPDX-License-Identifier: ISC
# A real Redmine, by a mapping file alone: a case is an issue there, and the issue follows it.
. "$(dirname "$0")/lib.sh"
. "$top/tests/support/servers.sh"

redmine_or_leave
# shellcheck disable=SC2154 # dana and omar are numbers that redmine_server sets
ticket_site redmine.conf "$redmine" "project = \"care\"; tracker = 1;
  owners = [\"dana@hospital.example=$dana\", \"ruth@hospital.example=$omar\"];"
issue() { redmine_ask GET "/issues/$1.json?include=journals"; }
issue_is() { [ "$(issue "$1" | json 'j["issue"]["status"]["name"]')" = "$2" ]; }
notes_are() { [ "$(issue "$1" | json 'sum(bool(n["notes"]) for n in j["issue"]["journals"])')" = "$2" ]; }
issues()
{
	redmine_ask GET "/issues.json?subject=~Candor%20case&status_id=*&limit=100" |
		json '"\n".join(i["subject"].split(":")[0].split()[-1] + " " + str(i["id"]) for i in j["issues"])'
}

check "a test event says that Redmine lets us in" tested_with "Redmine lets us in: admin"
check "and makes no issue" test -z "$(issues)"
file_case
check "an issue appears, and the case shows its number" wait_for 60 has_reference "$c"
ref=$(reference "$c") t=${ref%% *}
check "with its address" test "$ref" = "$t $redmine/issues/$t"
check "it is new" issue_is "$t" New
check "its subject names the case" has "Candor case $c: phi-disclosure, " "$(issue "$t" | json 'j["issue"]["subject"]')"
issue "$t" >"$work/text"
check "its text says what was filed" grep -q "A report was filed: $c" "$work/text"
check "and no word of the report" sh -c '! grep -qiE "finch|412|posted" "$0"' "$work/text"
as Dana case ack "$c" >/dev/null
check "once acknowledged it is in progress" wait_for 30 issue_is "$t" "In Progress"
check "with a note" wait_for 30 notes_are "$t" 1
as Dana case assign "$c" "Dana Whitfield" >/dev/null
owner_is() { [ "$(issue "$t" | json 'j["issue"].get("assigned_to", {}).get("id")')" = "$1" ]; }
check "and the officer's whom the table names" wait_for 30 owner_is "$dana"
as Dana case resolve "$c" --outcome substantiated </dev/null >/dev/null
check "the case resolved, so is the issue" wait_for 30 issue_is "$t" Resolved
as Dana case close "$c" >/dev/null
check "closed, it is closed" wait_for 30 issue_is "$t" Closed
as Dana case reopen "$c" >/dev/null
check "reopened, it is in progress again" wait_for 30 issue_is "$t" "In Progress"
check "every event is a note" wait_for 30 notes_are "$t" 5
check "all is delivered" wait_for 30 quiet

# Killed in the middle.
for n in 1 2 3 4; do
	file >/dev/null
	read -r -t "0.$((n * 2))" <> <(:) || :
	for room in $([ $((n % 2)) = 0 ] && echo dispatch) host; do
		for pid in $(room_pids "$room"); do kill -9 "$pid"; done
	done
done
made() { [ "$(issues | cut -d' ' -f1 | sort -u | wc -l)" = 5 ]; }
check "hosts and dispatch killed over and over, every case gets its issue" wait_for 120 made
check "all is delivered" wait_for 60 quiet
check "no case has a second issue" test -z "$(issues | cut -d' ' -f1 | sort | uniq -d)"

# Deleted by people.
redmine_ask DELETE "/issues/$t.json" >/dev/null
as Dana case resolve "$c" --outcome partly </dev/null >/dev/null
check "an issue that people deleted is told to an administrator" wait_for 30 failed_with "ticket $t is not there any more"

# A status that Redmine does not have: it answers without a word and leaves the issue as it was.
file_case
wait_for 60 has_reference "$c"
sed -i 's/acknowledged = "2"/acknowledged = "77"/' "$dir/plugins.d/ticket/redmine.conf"
anew
as Dana case ack "$c" >/dev/null
as Dana case assign "$c" "Ruth Fox" >/dev/null
check "a change that was answered 204 and did not take is told" wait_for 60 failed_with 'left the status of ticket .* at "1", not "77"'
echo nonsense >"$dir/token"
anew
check "a key that is not known is told" tested_with "does not allow login with what token_file holds (401)"
check "the daemon leaves when told" stop
