#!/bin/bash
# SPDX-License-Identifier: ISC
# A real Redmine, by a mapping file alone: a case is an issue there, and the issue follows it.
. "$(dirname "$0")/lib.sh"
. "$top/tests/support/servers.sh"

lacking=$(redmine_lacking)
if [ -n "$lacking" ]; then
	skip "$lacking"
	exit 0
fi
redmine_server || {
	cat "$server"/log 2>/dev/null
	echo "not ok - a private Redmine starts"
	exit 1
}

instance site
cp -r "$top/etc/plugins.d/ticket" "$dir/plugins.d/"
cp "$server/token" "$dir/redmine.token"
chmod 600 "$dir/redmine.token"
# shellcheck disable=SC2154 # dana and omar are numbers that redmine_server sets
cat >"$dir/plugins.d/ticket.conf" <<C
plugin = "ticket"; network = true; retry_min_s = 1; retry_max_s = 2; max_attempts = 100;
settings = {
  url = "$redmine"; mapping_file = "plugins.d/ticket/redmine.conf"; token_file = "redmine.token";
  project = "care"; tracker = 1; timeout_s = 25; owners = ["dana@hospital.example=$dana", "ruth@hospital.example=$omar"];
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
issue() { redmine_ask GET "/issues/$1.json?include=journals"; }
issue_is() { [ "$(issue "$1" | json 'j["issue"]["status"]["name"]')" = "$2" ]; }
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
notes_are() { [ "$(issue "$1" | json 'sum(bool(n["notes"]) for n in j["issue"]["journals"])')" = "$2" ]; }
quiet() { [ "$(deliveries | json 'sum(d["state"] == "pending" for d in j)')" = 0 ]; }
issues()
{
	redmine_ask GET "/issues.json?subject=~Candor%20case&status_id=*&limit=100" |
		json '"\n".join(i["subject"].split(":")[0].split()[-1] + " " + str(i["id"]) for i in j["issues"])'
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

"$candor" admin plugin test ticket --key "$admin_key" >/dev/null
let_in() { deliveries | json '"\n".join(str(d["reference"]) for d in j)' | grep -q "Redmine lets us in: admin"; }
check "a test event says that Redmine lets us in" wait_for 30 let_in
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
as Dana case assign "$c" "Dana Whitfield" >/dev/null
check "once acknowledged and assigned it is in progress" wait_for 30 issue_is "$t" "In Progress"
check "with a note" wait_for 30 notes_are "$t" 1
owner_is() { [ "$(issue "$t" | json 'j["issue"].get("assigned_to", {}).get("id")')" = "$1" ]; }
check "and the officer's whom the table names" wait_for 30 owner_is "$dana"
as Dana case resolve "$c" --outcome substantiated </dev/null >/dev/null
check "the case resolved, so is the issue" wait_for 30 issue_is "$t" Resolved
as Dana case close "$c" >/dev/null
check "closed, it is closed" wait_for 30 issue_is "$t" Closed
as Dana case reopen "$c" >/dev/null
check "reopened, it is in progress again" wait_for 30 issue_is "$t" "In Progress"
check "every event is a note" wait_for 30 notes_are "$t" 4
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
told() { deliveries --failed | json '"\n".join(str(d["last_error"]) for d in j)' | grep -q "ticket $t is not there any more"; }
check "an issue that people deleted is told to an administrator" wait_for 30 told

# A status that Redmine does not have: it answers without a word and leaves the issue as it was.
file_case
wait_for 60 has_reference "$c"
sed -i 's/acknowledged = "2"/acknowledged = "77"/' "$dir/plugins.d/ticket/redmine.conf"
anew
as Dana case ack "$c" >/dev/null
as Dana case assign "$c" "Ruth Fox" >/dev/null
told() { deliveries --failed | json '"\n".join(str(d["last_error"]) for d in j)' | grep -q 'left the status of ticket .* at "1", not "77"'; }
check "a change that was answered 204 and did not take is told" wait_for 60 told
echo nonsense >"$dir/redmine.token"
anew
"$candor" admin plugin test ticket --key "$admin_key" >/dev/null
refused() { deliveries | json '"\n".join(str(d["last_error"]) for d in j)' | grep -q "does not allow login with what token_file holds (401)"; }
check "a key that is not known is told" wait_for 60 refused
check "the daemon leaves when told" stop
