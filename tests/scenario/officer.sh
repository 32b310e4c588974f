#!/bin/bash
# SPDX-License-Identifier: ISC
# What officers and administrators do beside the main job, with the real processes: a directory that
# changes, readers that come and go, one session for many commands, files byte for byte, words that
# would do something to a terminal.
. "$(dirname "$0")/lib.sh"
export HOME=$work/home
mkdir "$HOME"

instance site
start
three_officers
cd "$work" || exit 70

# ---- the directory
check "the difference names who comes" has "+ Ruth Fox: officer, reads every category" "$(cat sign.out)"
check "the directory is shown as the charter signed it" has "version 2, signed" "$("$candor" directory show)"
check "and as JSON" test "$("$candor" directory show --json | json 'len(j["officers"])')" = 4
check "its version is remembered" grep -q "directory 2" "$HOME"/.local/state/candor/*
refuses "signing where nothing is proposed is refused" 66 "nothing is proposed" \
	"$candor" directory sign --charter "$dir/charter.key" --yes --key "$admin_key"
"$candor" key new --no-passphrase "$dir/stray.key" >/dev/null 2>&1
refuses "a key that is not enrolled lists nothing" 77 "not in the signed directory" as Stray cases
enrol "Zoe Zimt" officer zoe@hospital.example posting
refuses "a proposal does not count" 77 "not in the signed directory" as Zoe cases
refuses "without a terminal to ask on nothing is signed" 64 "add|--yes" \
	"$candor" directory sign --charter "$dir/charter.key" --key "$admin_key"
refuses "another key signs nothing" 65 "no secret key" \
	"$candor" directory sign --charter "$dir/admin.key" --yes
check "the charter holder signs without a key of the directory" \
	"$candor" directory sign --charter "$dir/charter.key" --yes
check "signed, it counts" as Zoe cases --json
refuses "the last administrator stays" 65 "nobody would be left" \
	"$candor" admin officer remove Administrator --key "$admin_key"
refuses "an officer proposes nobody" 77 "administrator|role" \
	sh -c '"$0" key show "$1" | "$0" admin officer propose Eve --role officer --key "$2"' \
	"$candor" "$dir/stray.key" "$dir/dana.key"
sed -i 's/^directory .*/directory 900/' "$HOME"/.local/state/candor/*
refuses "an older directory than seen is refused" 65 "bringing back" as Dana cases
rm -r "$HOME/.local"

# ---- readers
yes "what the story said, again and again" | head -c 299999 >note.txt
echo >>note.txt
cat >report.json <<'J'
{"kind": "incident", "category": "phi-disclosure", "narrative": "A chart was posted.",
 "keep_out": ["Ruth Fox"], "attachments": ["note.txt"]}
J
"$candor" report --json report.json >/dev/null 2>&1 || echo "not ok - a report is filed"
c=$(as Dana cases --json | json 'j[0]["case"]')
check "who serves the category and is not kept out reads it" \
	test "$(as Dana case show "$c" --json | json 'j["readers"]')" = "['Dana Whitfield', 'Omar Reyes']"
refuses "one who does not serve it does not" 65 "no case" as Zoe case show "$c"
check "it is granted to one who does not" as Dana case grant "$c" "zoe  ZIMT"
check "who reads it then" as Zoe case show "$c"
refuses "it cannot be assigned to who is kept out" 77 "kept out" as Zoe case assign "$c" "Ruth Fox"
refuses "nor granted to an administrator" 77 "only those enrolled as officer or lead" \
	as Zoe case grant "$c" Administrator
for i in 1 2 3 4 5 6; do as Dana case grant "$c" "Zoe Zimt" >>race.out 2>&1 & race[i]=$!; done
won=0
for p in "${race[@]}"; do wait "$p" && won=$((won + 1)); done
check "six who change the readers at once all succeed" test $won = 6
check "one recuses" as Omar case recuse "$c"
refuses "and reads it no more" 65 "no case" as Omar case show "$c"
rm "$dir/zoe.key"
enrol "Zoe Zimt" officer
check "a new key is shown as such" has "THE KEY CHANGES" "$(cat propose.out)"
signs
refuses "a new key opens nothing yet" 77 "not sealed to your key|no case" as Zoe case show "$c"
check "until it is granted again" as Dana case grant "$c" "Zoe Zimt"
check "and what else was known of the person stays" \
	test "$("$candor" directory show --json | json '[o["email"] for o in j["officers"] if o["name"] == "Zoe Zimt"]')" = "['zoe@hospital.example']"
"$candor" admin officer remove "Zoe Zimt" --key "$admin_key" >/dev/null 2>&1
signs
refuses "the last reader cannot leave" 77 "grant it to somebody first" as Dana case recuse "$c"
check "who left the directory is dropped at the next grant" \
	has "no longer in the directory" "$(as Dana case grant "$c" "Omar Reyes" 2>&1)"

# ---- files and words
n=$(as Dana case show "$c" --json | json 'j["attachments"][0]["n"]')
as Dana case save "$c" "$n" saved.txt >/dev/null
check "an attachment of many chunks is saved byte for byte" cmp note.txt saved.txt
check "for its owner alone" test "$(stat -c %a saved.txt)" = 600
refuses "and never over another file" 73 "not overwritten" as Dana case save "$c" "$n" saved.txt
check "it goes through a pipe as well" sh -c '"$0" case save "$2" "$3" - --key "$1" | cmp - note.txt' \
	"$candor" "$dir/dana.key" "$c" "$n"
refuses "an entry that there is not" 66 "has no entry 99" as Dana case save "$c" 99 x
printf 'look \033]52;c;aGVsbG8=\007 \033[2J \302\233 \342\200\256 here' | as Dana case note "$c" >/dev/null
as Dana case show "$c" >shown.out
check "words that would do something to a terminal are shown inert" \
	sh -c 'grep -q "^  look .* here" shown.out && ! grep -qaP "\x1b|\x07|\xc2\x9b|\xe2\x80\xae" shown.out'
check "whole as JSON" test "$(as Dana case show "$c" --json | json 'j["entries"][-1]["text"]' | wc -c)" -gt 30
refuses "an empty reply is none" 65 "empty" sh -c '"$0" case reply "$2" --key "$1" </dev/null' \
	"$candor" "$dir/dana.key" "$c"

# ---- one session
printf '%s\n' "case ack $c" "case reply $c" "Thank you." "case close is no command here" "." \
	"case assign $c 'Omar Reyes'" "nonsense" "case show $c --json" quit "cases" |
	as Dana desk >desk.out 2>desk.err
rc=$?
check "a desk from a pipe ends with the first error" test $rc = 64
check "says it" grep -q 'no "nonsense"' desk.err
check "and goes on" test "$(tail -1 desk.out | json 'j["assignee"]')" = "Omar Reyes"
check "words end at a single dot" \
	test "$(tail -1 desk.out | json 'j["entries"][-1]["text"]')" = "Thank you.
case close is no command here"
check "the case stands where the commands led" test "$(tail -1 desk.out | json 'j["state"]')" = acknowledged
refuses "words without an end are not sent" 65 "single dot" \
	sh -c 'printf "case note %s\nunfinished\n" "$2" | "$0" desk --key "$1"' "$candor" "$dir/dana.key" "$c"
check "the daemon leaves when told" stop
