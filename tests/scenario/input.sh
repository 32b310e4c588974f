#!/bin/bash
# SPDX-License-Identifier: ISC
# Bad input of every kind by the command line, and hostile text that others must be able to look at.
. "$(dirname "$0")/lib.sh"

instance site
start
three_officers
json_report()
{
	printf '%s' "$1" | "$candor" report --json -
}

refuses "no verb that exists" 64 "usage|unknown|did you mean" "$candor" reprot
refuses "an option that does not exist" 64 "usage|unknown|option" "$candor" guide --colour
refuses "a category that does not exist" 65 "category" json_report '{"category":"gossip","narrative":"x"}'
refuses "no category" 65 "category" json_report '{"narrative":"x"}'
refuses "no narrative" 65 "narrative" json_report '{"category":"other"}'
refuses "a field that does not exist" 65 "narrativ" json_report '{"category":"other","narrativ":"x"}'
refuses "a field of another type" 65 "urls" json_report '{"category":"other","narrative":"x","urls":"y"}'
refuses "a day that does not exist" 65 "seen_on" json_report '{"category":"other","narrative":"x","seen_on":"2026-02-30"}'
refuses "a kind that does not exist" 65 "kind" json_report '{"category":"other","narrative":"x","kind":"rumour"}'
refuses "a label that does not exist" 65 "keep" json_report '{"category":"other","narrative":"x","keep":["everything"]}'
refuses "an officer who does not exist" 65 "Dana Whitfeld.*guide" json_report '{"category":"other","narrative":"x","keep_out":["Dana Whitfeld"]}'
refuses "everybody kept out" 65 "kept out|nobody" json_report '{"category":"other","narrative":"x","keep_out":["Dana Whitfield","Omar Reyes","Ruth Fox"]}'
refuses "no JSON" 65 "input:1: no valid JSON" json_report '{"category":'
refuses "an attachment that does not exist" 66 "nowhere.txt" json_report '{"category":"other","narrative":"x","attachments":["/nowhere.txt"]}'
head -c 4096 /dev/urandom >"$work/noise.bin"
refuses "an attachment that is not text" 65 "text" json_report "{\"category\":\"other\",\"narrative\":\"x\",\"attachments\":[\"$work/noise.bin\"]}"
big=$(head -c 40000 /dev/zero | tr '\0' x)
refuses "a narrative that is too long" 65 "32768|32,768" json_report "{\"category\":\"other\",\"narrative\":\"$big\"}"
refuses "a report file that does not exist" 66 "nowhere" "$candor" report --json /nowhere.json
check "nothing of that was filed" test "$(as Dana cases --json)" = "[]"
refuses "a receipt as an argument" 64 "receipt" "$candor" follow abacus abdomen abdominal abide abiding ability ablaze
refuses "a receipt with a word that is none" 65 "word" sh -c 'echo abacus abdomen abdominal abide abiding ability xyzzy | "$0" follow' "$candor"
refuses "a receipt with too few words" 65 "seven|7" sh -c 'echo abacus abdomen | "$0" follow' "$candor"
refuses "a site file that does not exist" 66 "nowhere" "$candor" guide --site /nowhere.conf
echo 'connect = 3;' >"$work/bad.conf"
refuses "a site file that is wrong" 78 "bad.conf:1" "$candor" guide --site "$work/bad.conf"
sed 's|^connect *=.*|connect = "unix:/nowhere.sock";|' "$site" >"$work/away.conf"
refuses "a daemon that is not there" 69 "nowhere.sock" "$candor" guide --site "$work/away.conf"
"$candord" --init "$work/other" >/dev/null
other=$(site=$work/other/site.conf conf daemon_key)
sed "s|^daemon_key *=.*|daemon_key = \"$other\";|" "$site" >"$work/wrong.conf"
refuses "another daemon's key" 69 "." "$candor" guide --site "$work/wrong.conf"
refuses "a key that is not enrolled" 77 "directory|enrolled" "$candor" cases --key "$work/other/admin.key"
refuses "an administrator who wants cases" 77 "admin" "$candor" cases --key "$admin_key"
refuses "an officer who wants to administer" 77 "officer" as Dana admin release
refuses "a case that does not exist" 65 "no case" as Dana case show C-0000-0000
refuses "what is no case number" 64 "C-|case" as Dana case show 12
refuses "no key" 64 "key" env -u CANDOR_KEY "$candor" cases
refuses "a key file that does not exist" 66 "nowhere" "$candor" cases --key /nowhere.key

# Hostile text, shown inert to everybody.
esc=$(printf '\033')
hostile='{"category":"other","place":"\u001b]52;c;ZXZpbA==\u0007","platform":"\u202egnp.exe","urls":["https://x.example/\r\nBcc: all@x.example"],"narrative":"\u001b[2J\u001b]0;owned\u0007 all \u009b31m red \r\nover"}'
json_report "$hostile" >"$work/hostile.json" 2>"$work/err"
check "a hostile report is filed" test -s "$work/hostile.json"
c=$(as Dana cases --json | json 'j[0]["case"]')
as Dana case show "$c" >"$work/shown" 2>&1
check "no escape reaches the officer" sh -c '! grep -q "$1" "$0"' "$work/shown" "$esc"
check "nor a bidi override" sh -c '! grep -q "$1" "$0"' "$work/shown" "$(printf '\342\200\256')"
check "nor a carriage return" sh -c '! grep -q "$1" "$0"' "$work/shown" "$(printf '\r')"
as Dana case ack "$c" >/dev/null
printf 'look: \033]52;c;ZXZpbA==\007 \033[31m\r\n' | as Dana case reply "$c" >/dev/null 2>&1
json 'j["receipt"]' <"$work/hostile.json" | "$candor" follow >"$work/shown" 2>&1
check "nor the reporter" sh -c '! grep -q "$1" "$0"' "$work/shown" "$esc"
refuses "a name with an escape in it" 64 "name" sh -c '"$0" key show "$1" | grep -o "age1.*" | "$0" admin officer propose "$2" --role officer --key "$3"' \
	"$candor" "$(key_of Dana)" "Ev${esc}il" "$admin_key"
check "the daemon leaves when told" stop
