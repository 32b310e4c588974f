#!/bin/bash
# SPDX-License-Identifier: ISC
# The legal record with the real processes: reading the audit log and following it through attacks on the
# database, holds, destruction and its certificate, an export that is checked without Candor, a backup
# under way while others work, and its restore.
. "$(dirname "$0")/lib.sh"
export HOME=$work/home
mkdir "$HOME"

instance site
mail_server 'events = ["audit"]; to = ["admins"];'
start
three_officers
enrol "Ada Marsh" auditor ada@hospital.example
signs
cd "$work" || exit 70
seen=$HOME/.local/state/candor/$(conf site_id)

yes "what the story said, again and again" | head -c 299999 >note.txt
echo >>note.txt
cat >report.json <<'J'
{"kind": "incident", "category": "phi-disclosure", "place": "ward 3", "seen_on": "2025-02-03",
 "narrative": "Nurse Mary Jones posted the chart of patient John Smith, MRN 1234567.",
 "attachments": ["note.txt"], "keep_original": true}
J
"$candor" report --json report.json >filed.json 2>/dev/null || echo "not ok - a report is filed"
c=$(as Dana cases --json | json 'j[0]["case"]')
as Dana case ack "$c" >/dev/null
echo "what we found" | as Dana case note "$c" >/dev/null
as Dana case resolve "$c" --outcome substantiated </dev/null >/dev/null

# ---- exports
check "a case is exported" as Dana case export "$c" full.tar
mkdir full out
tar -C full -xf full.tar
check "every file is as it was written" sh -c 'cd full && sha256sum -c SHA256SUMS'
refuses "one that was changed is found" 1 FAILED \
	sh -c 'cp -r full bad && echo >>bad/manifest.txt && cd bad && sha256sum -c SHA256SUMS'
check "nothing in it can be read without the key" sh -c '! grep -rqaE "Jones|Whitfield.*read|what we found" full/entries full/audit.txt.age full/case.txt.age'
find full -name '*.age' | while read -r f; do age -d -i "$dir/dana.key" -o "${f%.age}" "$f"; done
check "what was inside is what was exported" sh -c 'cd full && sha256sum -c contents.sha256'
check "the words are there" grep -q "Mary Jones" full/entries/001-report.txt
check "the attachment is, byte for byte" cmp note.txt full/attachments/*.csv
check "the untouched original is the escrow's, and named" grep -q "left-out 1 untouched" full/manifest.txt
check "the case's audit lines are" grep -q "Dana Whitfield	resolve	substantiated" full/audit.txt
if command -v minisign >/dev/null; then
	check "who wrote it, and what the service signed, minisign verifies" \
		sh -c 'cd full && sed -n "s/^ *\(minisign -V.*\)/\1/p" manifest.txt | sh -e && [ "$(grep -c "minisign -V" manifest.txt)" = 2 ]'
else
	skip "minisign is not here: the signatures of an export"
fi
sum=$(sha256sum <full/entries.sha256 | cut -d' ' -f1)
check "the audit log names this very export" has "full sha256:$sum" "$(as Dana audit --exports)"
check "a deidentified one is made" as Dana case export "$c" de.tar --deidentified
tar -C out -xf de.tar
check "it checks, too" sh -c 'cd out && sha256sum -c SHA256SUMS'
find out -name '*.age' | while read -r f; do age -d -i "$dir/dana.key" -o "${f%.age}" "$f" && rm "$f"; done
check "it says neither whom, where, when, nor whose case" \
	sh -c '! grep -rqE "Mary|Jones|Smith|1234567|ward 3|2025-|Dana|'"$c"'" out'
check "but what" grep -q "posted the chart" out/entries/001-report.txt
check "no attachment is in it" test ! -e out/attachments
refuses "a file that is there is not overwritten" 73 "there already" as Dana case export "$c" de.tar
refuses "who does not read the case exports nothing" 77 "role" as Ada case export "$c" no.tar
check "and leaves no file" test ! -e no.tar

# ---- reading the log
check "an officer sees what they did, without numbers" \
	test "$(as Dana audit --json | json '{l["by"] for l in j} == {"Dana Whitfield"} and {l["n"] for l in j} == {None}')" = True
check "and what was done to a case that they read" \
	test "$(as Ruth audit --case "$c" --json | json 'j[-1]["action"]')" = release
refuses "not what others did elsewhere" 77 "auditor" as Dana audit --by "Omar Reyes"
check "an auditor sees all, by action" test "$(as Ada audit --action note --json | json 'len(j)')" = 1
check "by day" test "$(as Ada audit --until 2020-01-01 --json | json 'len(j)')" = 0
check "by person, up to a limit" test "$(as Ada audit --by "Dana Whitfield" --limit 2 --json | json 'len(j)')" = 2
refuses "a day that is none is refused" 64 "2026-11-22" as Ada audit --since tomorrow
check "in desk, too" has "export" "$(printf 'audit --case %s\nquit\n' "$c" | as Dana desk)"
refuses "an administrator does not read it" 77 role "$candor" audit --key "$admin_key"

# ---- following it
check "the log is whole" has "is whole" "$("$candor" admin verify --key "$admin_key")"
check "for an auditor as well, as JSON" test "$(as Ada admin verify --json | json 'j["whole"]')" = True
refuses "an officer does not follow all of it" 77 role as Dana admin verify
heads() { grep -rhoE "[0-9a-f]{64}" smtp/mail/new; }
wait_for 20 heads
head=$(heads | head -1)
check "its head was sent out, to the auditor" grep -rq "^To: .*ada@hospital.example" smtp/mail/new
check "and the log still holds it" as Ada admin verify --head "$head"
refuses "it holds no other" 65 "no line has the hash" as Ada admin verify --head "${head//[0-7]/9}"

# tamper SQL: what somebody with the file does while nobody looks.
tamper()
{
	stop
	cp "$dir/state/candor.db" whole.db
	/usr/bin/python3 -c 'import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); d.executescript(sys.argv[2]); d.commit()' \
		"$dir/state/candor.db" "$1"
	start
}
mend()
{
	stop
	cp whole.db "$dir/state/candor.db"
	start
}
tamper "UPDATE audit SET detail = 'x' WHERE n = 1;
	UPDATE audit SET actor = 'Eve' WHERE n = 3; DELETE FROM audit WHERE n = 5;
	UPDATE audit SET n = -1 WHERE n = 8; UPDATE audit SET n = 8 WHERE n = 9; UPDATE audit SET n = 9 WHERE n = -1"
found=$(as Ada admin verify 2>&1)
check "a line that was changed is found, and named" has "line 3 was changed" "$found"
check "one that was taken out" has "line 5 is missing" "$found"
check "two that changed places" has "line 8 was changed" "$found"
check "the daemon says so at once" has "audit log was tampered with" "$(cat "$dir/log")"
refuses "and monitoring hears of it" 2 "audit log was tampered" "$candor" admin check --key "$admin_key"
mend
tamper "DELETE FROM audit; DELETE FROM head"
refuses "a log that was cut, with what was signed, is found by what a client saw" 65 "no line has the hash" as Ada admin verify
rm "$seen"
refuses "or by what was sent out" 65 "no line has the hash" as Ada admin verify --head "$head"
mend
as Dana cases >/dev/null
sed -i 's/^audit .*/audit 2026-01-01 '"$head"'/' "$seen"
check "a client that saw another log warns, and works" \
	sh -c '"$0" cases --key "$1" 2>&1 >/dev/null | grep -q "WARNING: the audit log"' "$candor" "$(key_of Dana)"
rm "$seen"
check "and one that saw none does not" sh -c '! "$0" cases --key "$1" 2>&1 >/dev/null | grep -q WARNING' "$candor" "$(key_of Dana)"
check "but remembers this one" grep -q "^audit" "$seen"

# ---- hold and destruction
refuses "an open case is not destroyed" 65 "only a closed case" as Omar case destroy "$c" --reason order --yes
as Dana case close "$c" >/dev/null
check "closed, its time runs" has "retention" "$(as Dana case show "$c")"
refuses "a hold needs a reason" 65 "standard input is empty" sh -c '"$0" case hold "$1" --on --key "$2" </dev/null' "$candor" "$c" "$(key_of Dana)"
check "a hold is set with a reason" sh -c 'echo "a lawsuit" | "$0" case hold "$1" --on --key "$2"' "$candor" "$c" "$(key_of Dana)"
check "the reason is a note to the case" has "a lawsuit" "$(as Ruth case show "$c")"
check "and the hold is shown" test "$(as Ruth case show "$c" --json | json 'j["held"]')" = True
refuses "a held case is not destroyed" 77 "is held" as Omar case destroy "$c" --reason order --yes
echo settled | as Dana case hold "$c" --off >/dev/null
refuses "an officer who is no lead destroys nothing" 77 role as Dana case destroy "$c" --reason order --yes
refuses "nor a lead without a reason" 64 "reason" as Omar case destroy "$c" --yes
refuses "nor without being asked" 64 "yes" as Omar case destroy "$c" --reason order
check "a lead does" as Omar case destroy "$c" --reason order --yes
destroyed() { as Omar case certificate "$c"; }
wait_for 20 destroyed
check "its certificate says so" has "ordered-by Omar Reyes" "$(destroyed)"
check "to an auditor, too" has "reason order" "$(as Ada case certificate "$c")"
as Omar case certificate "$c" paper >/dev/null
if command -v minisign >/dev/null; then
	check "and minisign verifies it" minisign -V -P "$(conf audit_key)" -m paper
else
	skip "minisign is not here: the signature of a certificate"
fi
refuses "it cannot be opened any more" 65 "is destroyed" as Dana case show "$c"
check "its reporter hears so" has "was destroyed" "$(json 'j["receipt"]' <filed.json | "$candor" follow 2>&1)"

# ---- backup and restore
"$candor" report --json report.json >filed.json 2>/dev/null
c=$(as Dana cases --state new --json | json 'j[0]["case"]')
check "a backup is made while the daemon works" "$candor" admin backup one.age --key "$admin_key"
check "age opens it with the escrow's identity, and nobody reads a word in it" \
	sh -c 'age -d -i "$0/escrow.key" one.age >one.db && ! grep -qa Jones one.db' "$dir"
check "it is a line among what left the house" has "backup, to be deleted by" "$(as Ada audit --exports)"
refuses "an officer makes none" 77 role as Dana admin backup two.age
stop
refuses "it is not restored over a database" 73 "not empty" "$candord" -c "$dir/candor.conf" --restore one.age
mv "$dir/state" "$dir/old"
mkdir "$dir/state"
refuses "nor with another identity" 77 "another identity" \
	"$candord" -c "$dir/candor.conf" --restore one.age --identity "$dir/dana.key"
head -c 100000 one.age >cut.age
refuses "nor one that was cut short" 65 "cut short" "$candord" -c "$dir/candor.conf" --restore cut.age
check "nothing of these is left" test -z "$(ls "$dir/state")"
check "it is restored into an empty folder" "$candord" -c "$dir/candor.conf" --restore one.age
start
check "all is there" has "Mary Jones" "$(as Dana case show "$c" 2>/dev/null)"
check "and the log is whole" has "is whole" "$(as Ada admin verify 2>/dev/null)"
