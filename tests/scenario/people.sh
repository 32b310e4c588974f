#!/bin/bash
# SPDX-License-Identifier: ISC
# Persons and keys change, and no case is lost by it: hand-over, rotation and recovery, also when they are
# killed half-way; removal that takes effect at once; four eyes; roles that see no content.
. "$(dirname "$0")/lib.sh"

instance site
start
three_officers
enrol "Ada Audit" auditor
enrol "Lee Lead" lead lee@hospital.example
signs
cd "$work" || exit 70

all() # NAME: the numbers of that person's cases
{
	as "$1" cases --json --limit 200 2>/dev/null | json '"\n".join(x["case"] for x in j)' | sort
}
file() # [KEEP_OUT]: files one, and sets c to its number
{
	local before
	before=$(all Omar)
	echo "{\"category\":\"phi-disclosure\",\"narrative\":\"A chart was posted.\",\"keep_out\":[${1:-}]}" |
		"$candor" report --json - >/dev/null 2>&1 || echo "not ok - a report is filed"
	c=$(comm -13 <(echo "$before") <(all Omar))
}
counts() # NAME: how many cases that person's key opens
{
	all "$1" | sed 's/.*/case show & --json/' | as "$1" desk 2>/dev/null | grep -c '"narrative": *"A chart'
}

# ---- roles without content
file
for who in Ada Admin; do
	key=$(key_of $who)
	for verb in "cases" "case show $c" "case grant $c 'Ada Audit'" "case note $c" "case recuse $c" "reseal" \
		"approve" "hand-over 'Dana Whitfield' 'Ada Audit'"; do
		refuses "$who may not: ${verb%% *} ${verb#* }" 77 "role|enrolled as|not let you" \
			sh -c "echo word | '$candor' $verb --key '$key'"
	done
done
refuses "nor is a case granted to an auditor" 77 "only those enrolled as officer or lead" as Dana case grant "$c" "Ada Audit"

# ---- handing over
for _ in 1 2 3 4; do file; done
file '"Lee Lead"'
hidden=$c
check "one recuses from all but one" sh -c 'for c in $(cat); do "$0" case recuse $c --key "$1" || exit 1; done' \
	"$candor" "$(key_of Ruth)" < <(all Ruth | tail -n +2)
refuses "an officer does not take another's cases" 77 "only a lead" as Dana hand-over "Omar Reyes" "Ruth Fox"
check "but may let others read them as well" as Dana hand-over --keep "Omar Reyes" "Ruth Fox"
check "whose cases they stay, too" test "$(counts Omar)" = 6
refuses "nobody hands over to themself" 64 "cannot be handed" as Omar hand-over "Omar Reyes" "Omar Reyes"
as Dana case assign "$hidden" "Dana Whitfield" >/dev/null
as Dana hand-over "Dana Whitfield" "Lee Lead" "Omar Reyes" >hand.out 2>&1
check "all are handed over in one go" has "6 cases of Dana Whitfield: read by Lee Lead and Omar Reyes instead" "$(cat hand.out)"
check "she reads none of them any more" test -z "$(all Dana)"
check "the others do" test "$(counts Omar)" = 6
refuses "but not who is kept out" 65 "no case" as Lee case show "$hidden"
check "what was hers is the first one's who may have it" test "$(as Omar case show "$hidden" --json | json 'j["assignee"]')" = "Omar Reyes"
refuses "there must have been such a person" 65 "nobody in the directory is called" as Omar hand-over "Nobody There" "Lee Lead"
check "again, there is nothing left to do" has "0 cases" "$(as Dana hand-over "Dana Whitfield" "Lee Lead" 2>/dev/null)"
check "the same within a desk" has "0 cases" "$(echo 'hand-over "Dana Whitfield" "Lee Lead"' | as Dana desk 2>/dev/null)"

file '"Lee Lead", "Ruth Fox"'
check "who are all kept out get nothing, and nobody loses it" sh -c '"$0" hand-over "Dana Whitfield" "Lee Lead" "Ruth Fox" --key "$1" --json 2>/dev/null | grep -q "kept out"' \
	"$candor" "$(key_of Dana)"
check "it goes to one who is not" has "1 case of" "$(as Dana hand-over "Dana Whitfield" "Omar Reyes" 2>/dev/null)"

# ---- leaving
as Omar hand-over "Ruth Fox" "Omar Reyes" >/dev/null 2>&1
as Lee hand-over "Lee Lead" "Omar Reyes" >/dev/null 2>&1
"$candor" admin officer remove "Omar Reyes" --key "$admin_key" >propose.out 2>&1
check "a proposal that would close cases says so" has "7 cases could be opened by nobody without Omar Reyes" "$(cat propose.out)"
refuses "and is not put into force" 65 "handed over first" \
	"$candor" directory sign --charter "$dir/charter.key" --yes --key "$admin_key"
check "so that they stay open" test "$(counts Omar)" = 7
check "a lead hands them over" as Omar hand-over --keep "Omar Reyes" "Dana Whitfield"
mkfifo desk.in
as Omar desk <desk.in >left.out 2>left.err &
omar=$!
started+=("$omar")
exec 9>desk.in
echo "cases --json" >&9
check "he is at work in a session of his own" wait_for 10 grep -q "$hidden" left.out
signs
: >left.out
printf '%s\n' "cases --json" "case show $hidden --json" "case note $hidden" "x" "." >&9
exec 9>&-
wait "$omar"
check "removed, he is refused in a session that is still open" grep -q "not in the" left.err
check "and hears nothing any more" test ! -s left.out
refuses "nor in a new one" 77 "not in the signed directory" as Omar cases
check "her cases open" test "$(counts Dana)" = 7
check "sealing them anew takes his wraps off" has "7 cases" "$(as Dana reseal 2>/dev/null)"
check "and there is no more to do" has "0 cases" "$(as Dana reseal 2>/dev/null)"

# ---- rotating
rm "$(key_of Omar)"
enrol "Omar Reyes" lead omar@hospital.example
signs
new=$work/dana2.key
"$candor" key rotate "$new" --no-passphrase --key "$(key_of Dana)" >rotate.out 2>&1
check "a new key is made and shown for enrolment" has "$("$candor" key show "$new" | head -1)" "$(cat rotate.out)"
check "which changes nothing yet" test "$(counts Dana)" = 7
"$candor" key show "$new" | head -1 | "$candor" admin officer propose "Dana Whitfield" --role officer --key "$admin_key" >/dev/null 2>&1
signs
check "signed, it is said that her cases wait for it" has "7 cases are sealed to nobody's present key" "$(cat sign.out)"
check "an administrator is told" has "nobody can open 7 cases" "$("$candor" admin status --key "$admin_key")"
refuses "the old key is out at once" 77 "not in the signed directory" as Dana cases
refuses "the new one opens nothing yet" 77 "candor key rotate" "$candor" case show "$hidden" --key "$new"
"$candor" admin officer remove "Dana Whitfield" --key "$admin_key" >/dev/null 2>&1
refuses "nobody leaves meanwhile whom they need" 65 "handed over first" \
	"$candor" directory sign --charter "$dir/charter.key" --yes --key "$admin_key"
check "the same command again seals them to the new key" has "7 cases sealed" "$("$candor" key rotate "$new" --key "$(key_of Dana)")"
check "and once more finds none" has "0 cases" "$("$candor" key rotate "$new" --key "$(key_of Dana)")"
mv "$new" "$(key_of Dana)"
check "all open with the new one" test "$(counts Dana)" = 7
refuses "a key does not rotate to itself" 65 "same key" as Dana key rotate "$(key_of Dana)"

# ---- a lost key
cp "$(key_of Dana)" lost.key
rm "$(key_of Dana)"
enrol "Dana Whitfield" officer
signs
escrow=$(find "$dir" -name 'escrow*' ! -name '*.pub' | head -1)
refuses "the escrow is not used by who reads cases" 77 "never held by one who reads cases" \
	"$candor" recover --escrow "$escrow" --to "Dana Whitfield" --key "$(key_of Omar)"
refuses "an officer's key is no escrow" 77 "not the escrow" \
	"$candor" recover --escrow "$(key_of Omar)" --to "Dana Whitfield"
refuses "nobody but a reader gets them" 77 "only those enrolled as officer or lead" \
	"$candor" recover --escrow "$escrow" --to Administrator
edit four_eyes '["escrow"]'
"$candor" admin reload --key "$admin_key" >/dev/null
refuses "where the site asks, it takes another person" 77 "waits for the approval" \
	"$candor" recover --escrow "$escrow" --to "Dana Whitfield"
refuses "also for one case" 77 "waits for the approval" \
	"$candor" recover --escrow "$escrow" --to "Dana Whitfield" "$hidden"
check "who sees what it is for" test "$(as Omar approve --json | json '[(a["what"], a["for"], a["state"]) for a in j]')" = "[('escrow', 'Dana Whitfield', 'waiting')]"
check "and approves" as Omar approve "$(as Omar approve --json | json 'j[0]["id"]')"
refuses "for that person alone" 77 "waits for the approval" "$candor" recover --escrow "$escrow" --to "Ruth Fox"
check "then it opens what she read" has "7 cases opened for Dana Whitfield" "$("$candor" recover --escrow "$escrow" --to "Dana Whitfield")"
check "with her new key" test "$(counts Dana)" = 7
check "and nothing is left closed" hasnt "nobody can open" "$("$candor" admin status --key "$admin_key")"
refuses "who is kept out does not get it from the escrow either" 77 "waits for the approval|kept out" \
	"$candor" recover --escrow "$escrow" --to "Lee Lead" "$hidden"
as Omar approve "$(as Omar approve --json | json '[a["id"] for a in j if a["for"] == "Lee Lead"][0]')" >/dev/null
refuses "not even when it is approved" 77 "kept out" "$candor" recover --escrow "$escrow" --to "Lee Lead" "$hidden"

# ---- the escrow and the charter key, too
"$candor" key new --no-passphrase escrow2.key >/dev/null 2>&1
"$candor" admin escrow "$("$candor" key show escrow2.key | grep -o 'age1[a-z0-9]*' | head -1)" --key "$admin_key" >propose.out 2>&1
refuses "the escrow is nobody's own key" 65 "is the key of Omar Reyes" \
	"$candor" admin escrow "$("$candor" key show "$(key_of Omar)" | grep -o 'age1[a-z0-9]*' | head -1)" --key "$admin_key"
check "another escrow is proposed" has "THE ESCROW CHANGES" "$(cat propose.out)"
signs
refuses "the former one is out" 77 "not the escrow identity" "$candor" recover --escrow "$escrow" --to "Dana Whitfield"
check "what she reads is sealed to the new one" has "7 cases" "$(as Dana reseal 2>/dev/null)"
rm "$(key_of Dana)"
enrol "Dana Whitfield" officer
signs
check "which opens it" has "7 cases opened" "$("$candor" recover --escrow escrow2.key --to "Dana Whitfield")"
check "with her next key" test "$(counts Dana)" = 7
check "the charter key signs its office over" \
	"$candor" directory rotate-charter --charter "$dir/charter.key" --new charter2.key
refuses "and is the charter no more" 77 "handed on to another" \
	"$candor" directory rotate-charter --charter "$dir/charter.key" --new charter3.key
check "officers go on as before" test "$(counts Dana)" = 7
before=$(all Dana | wc -l)
file
check "and reporters, whose site.conf names the former one" test "$(all Dana | wc -l)" = $((before + 1))
rm "$(key_of Ruth)"
enrol "Ruth Fox" lead
refuses "what the former key signs does not count" 77 "handed on" \
	"$candor" directory sign --charter "$dir/charter.key" --yes --key "$admin_key"
mv charter2.key "$dir/charter.key"
signs
check "what the new one signs does" has "Ruth Fox *lead" "$("$candor" directory show | tr -s ' ' | sed 's/ lead/ *lead/')"
successor=$("$candor" directory rotate-charter --charter "$dir/charter.key" --new charter4.key 2>&1 | sed -n 's/^charter = "\(.*\)";/\1/p')
mv charter4.key "$dir/charter.key"
check "the directory is saved" "$candor" directory save now.txt
if command -v minisign >/dev/null; then
	check "as minisign verifies it" minisign -V -q -P "$successor" -m now.txt
fi
mv now.txt "$dir/directory.txt"
mv now.txt.minisig "$dir/directory.txt.minisig"
sed -i "s|^charter = .*|charter = \"$successor\";|" "$site" "$dir/candor.conf"
stop
start
check "with the new key in the configuration it goes on, too" test "$(counts Dana)" = 8
"$candord" --init "$work/other" >/dev/null 2>&1
sed "s|^charter = .*|$(grep '^charter' "$work/other/site.conf")|" "$site" >other.conf
refuses "but not with a key that the charter did not sign over to" 65 "not signed by the charter" \
	"$candor" --site other.conf cases --key "$(key_of Dana)"

# ---- killed half-way
for _ in $(seq 12); do file; done
n=$(all Dana | wc -l)
readable() # by anybody: how many cases
{
	for who in Dana Lee Omar Ruth; do
		all $who | sed 's/.*/case show & --json/' | as $who desk 2>/dev/null
	done | grep -a '"narrative": *"A chart' | grep -o '"case": *"C-[^"]*"' | sort -u | wc -l
}
# kill_at N COMMAND…: kill -9 after N hundredths of a second, if it is not done by then.
kill_at()
{
	local after=$1 victim
	shift
	"$@" >/dev/null 2>&1 &
	victim=$!
	read -r -t "0.0$after" <> <(:) || :
	kill -9 $victim 2>/dev/null
	wait $victim 2>/dev/null
}
for i in 1 3 5; do
	kill_at $i "$candor" hand-over "Dana Whitfield" "Lee Lead" --key "$(key_of Lee)"
	[ $i = 3 ] && for pid in $(room_pids store); do kill -9 "$pid"; done
	wait_for 10 as Ruth cases --json
	kill_at $((i + 2)) "$candor" hand-over "Lee Lead" "Dana Whitfield" --key "$(key_of Lee)"
done
check "a hand-over that is killed leaves every case readable" test "$(readable)" = "$n"
as Lee hand-over "Lee Lead" "Dana Whitfield" >/dev/null 2>&1
check "and comes to its end when it is called again" test "$(counts Dana)" = "$n"
"$candor" key rotate "$new" --no-passphrase --key "$(key_of Dana)" >/dev/null 2>&1
"$candor" key show "$new" | head -1 | "$candor" admin officer propose "Dana Whitfield" --role officer --key "$admin_key" >/dev/null 2>&1
signs
for i in 2 4 6; do kill_at $i "$candor" key rotate "$new" --key "$(key_of Dana)"; done
check "so does a rotation" "$candor" key rotate "$new" --key "$(key_of Dana)"
mv "$new" "$(key_of Dana)"
check "with every case" test "$(counts Dana)" = "$n"
rm "$(key_of Dana)"
enrol "Dana Whitfield" officer
signs
for i in 2 4 6; do kill_at $i "$candor" recover --escrow escrow2.key --to "Dana Whitfield"; done
check "and a recovery" "$candor" recover --escrow escrow2.key --to "Dana Whitfield"
check "with every case, too" test "$(counts Dana)" = "$n"
check "the daemon leaves when told" stop
