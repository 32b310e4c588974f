#!/bin/bash
# SPDX-License-Identifier: ISC
# Events as web hooks, from the real daemon to an HTTPS server with a CA of its own: signed, once each in effect,
# over faults of the server and kill -9 of the host.
. "$(dirname "$0")/lib.sh"

instance site
mkdir "$work/hook" "$dir/hook"
secret=whsec_$(openssl rand -base64 32)
echo "$secret" >"$dir/hook/secret"
chmod 600 "$dir/hook/secret"
mkfifo "$work/in" "$work/out"
exec 9<>"$work/in" # it leaves when this closes
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$top/tests/support/httpd.py" --dir "$work/hook" --secret "$secret" \
	--answer drop --answer 503:Retry-After=1 --answer hang --answer 410 --answer 204 <"$work/in" >"$work/out" 9>&- &
started+=("$!")
read -r -t 20 _ port <"$work/out"
cp "$work/hook/ca.pem" "$dir/hook/ca.pem"
sed 's|^	url = .*|	url = "https://localhost:'"$port"'/candor"; timeout_s = 2;|; s|keys/webhook.secret|hook/secret|
	s|# ca_file = "keys/hospital-ca.pem";.*|ca_file = "hook/ca.pem";|; s|^enabled|retry_min_s = 1; retry_max_s = 2; enabled|' \
	"$dir/plugins.d/webhook.conf.example" >"$dir/plugins.d/webhook.conf"
check "the example is accepted" "$candord" -t -c "$dir/candor.conf"
start
three_officers
deliveries() { "$candor" admin delivery list --json --key "$admin_key" "$@"; }
got() # EXPRESSION over r, all requests so far
{
	/usr/bin/python3 -c '
import glob, json, sys
r = [json.load(open(f)) for f in sorted(glob.glob(sys.argv[1] + "/*.json"), key=lambda f: int(f.split("/")[-1][:-5]))]
for x in r: x["id"] = dict(x["headers"])["webhook-id"]; x["data"] = json.loads(x["body"])
print(eval(sys.argv[2]))' "$work/hook" "$1"
}
echo '{"category":"phi-disclosure","narrative":"Harold Finch of room 412 was posted."}' |
	"$candor" report --json - >/dev/null 2>&1
four() { [ "$(got 'len(r)')" = 4 ]; }
check "over a cut, a 503 and a silence it is tried again" wait_for 60 four
check "under one id" test "$(got 'len(set(x["id"] for x in r))')" = 1
check "with the same bytes, signed each time" \
	test "$(got 'len(set(x["body"] for x in r)) == 1 and all(x["signed"] == [0] and x["fresh"] for x in r)')" = True
gone() { deliveries --failed | json '"\n".join(d["last_error"] for d in j)' | grep -q "https://localhost:$port answers 410, gone"; }
check "410 is final, and an administrator is told" wait_for 30 gone
check "who can try it again" "$candor" admin delivery retry "$(deliveries --failed | json 'j[0]["id"]')" --key "$admin_key"
five() { [ "$(got 'len(r)')" = 5 ]; }
check "and it arrives" wait_for 30 five
check "no word of the report does" test "$(got 'any(w in x["body"].lower() for x in r for w in ("finch", "412", "posted"))')" = False
check "nor an hour" test "$(got 'r[0]["data"]["timestamp"].endswith("T00:00:00Z")')" = True
c=$(as Dana cases --json | json 'j[0]["case"]')
as Dana case ack "$c" >/dev/null
plugin() { "$candor" admin plugin list --json --key "$admin_key" | json "j[0]['$1']"; }
calm() { [ "$(deliveries | json 'sum(d["state"] == "pending" for d in j)')" = 0 ]; }
wait_for 30 calm
for pid in $(room_pids host); do kill -9 "$pid"; done
died() { has "the plugin's process died while it had nothing to do" "$(plugin last_error)"; }
check "the host killed while idle, an administrator sees that" wait_for 10 died
as Dana case resolve "$c" --outcome substantiated </dev/null >/dev/null
resolved() { [ "$(got 'sum(x["data"]["type"] == "case.resolved" for x in r) >= 1')" = True ]; }
check "the host killed, the next event arrives from another" wait_for 30 resolved
"$candor" admin plugin test webhook --key "$admin_key" >/dev/null
tested() { [ "$(got 'r[-1]["data"]["type"]')" = test ]; }
check "a test event arrives" wait_for 30 tested
# What a file of the settings holds is another, and the plugin's own file the same.
is() { [ "$(plugin "$1")" = "$2" ]; }
echo nonsense >"$dir/hook/secret"
"$candor" admin reload --key "$admin_key" >/dev/null
check "a secret that is none is noticed at the reload" wait_for 20 is state failed
check "and told" has "secret_file: line 1 of $dir/hook/secret must be whsec_" "$(plugin last_error)"
echo "$secret" >"$dir/hook/secret"
"$candor" admin reload --key "$admin_key" >/dev/null
check "so is one that is right" wait_for 20 is state ready
hosts=$(room_pids host)
"$candor" admin reload --key "$admin_key" >/dev/null
check "with nothing changed, the host stays" test "$(room_pids host)" = "$hosts"
check "the secret stands in no log" sh -c '! grep -q "${0#whsec_}" "$1"' "$secret" "$dir/log"
check "the daemon leaves when told" stop
exec 9>&-
