#!/bin/bash
# SPDX-License-Identifier: ISC
# Before the release nothing that officers or administrators can ask tells that something came; after it
# nothing tells in which order.
. "$(dirname "$0")/lib.sh"

instance site
edit release '["03:00", "03:01"]'
start
three_officers

# Everything that officers and administrators can ask, as one text.
ask_all()
{
	as Dana cases --json
	as Omar cases --json --limit 200
	"$candor" admin status --json --key "$admin_key"
	"$candor" admin plugin list --json --key "$admin_key"
	"$candor" admin delivery list --json --key "$admin_key"
	"$candor" directory show --json --key "$admin_key"
}

ask_all >"$work/before" 2>&1
n=300
for i in $(seq 1 3); do
	printf '{"category":"phi-disclosure","narrative":"Something was posted, number %d."}' "$i" |
		"$candor" report --json - >"$work/filed.$i" 2>/dev/null
done
check "three reports are filed" test -s "$work/filed.3"
ask_all >"$work/after" 2>&1
check "officers and administrators see no difference" cmp "$work/before" "$work/after"
receipt=$(json 'j["receipt"]' <"$work/filed.1")
check "who holds the receipt sees that it was received" \
	test "$(echo "$receipt" | "$candor" follow --json | json 'j["state"]')" = received

reporters 1 $n kept "$work/acknowledged" >/dev/null
check "$n more are filed, one after the other" test "$(wc -l <"$work/acknowledged")" = $n
check "the administrator releases" "$candor" admin release --key "$admin_key"
as Dana cases --json --limit 200 >"$work/page1"
check "the first page is full" test "$(json 'len(j)' <"$work/page1")" = 200
as Dana cases --json --limit 200 --after "$(json 'j[-1]["case"]' <"$work/page1")" >"$work/page2"
check "the second has the rest" test "$(json 'len(j)' <"$work/page2")" = $((n + 3 - 200))

# The order of the list, and of the rows in the database, against the order of arrival.
{
	json '"\n".join(x["case"] for x in j)' <"$work/page1"
	json '"\n".join(x["case"] for x in j)' <"$work/page2"
} >"$work/cases"
sed 's/^/case show /; s/$/ --json/' "$work/cases" | as Dana desk >"$work/shown" 2>/dev/null
grep -ao '"narrative": *"This is report number [0-9]*' "$work/shown" | grep -o '[0-9]*$' >"$work/order"
check "all of them open" test "$(wc -l <"$work/order")" = $n
rank=$(/usr/bin/python3 - "$work/order" <<'P'
import sys
x = [int(l) for l in open(sys.argv[1])]
n = len(x)
d = sum((i - v) ** 2 for i, v in enumerate(x))
print(f"{1 - 6 * d / (n * (n * n - 1)):.3f}")
P
)
echo "figure: rank correlation of list order and arrival over $n: $rank"
# 0.23 is four standard deviations for 300: a chance of one in 15,000 for a fair shuffle.
check "the list's order is unrelated to arrival" awk "BEGIN { exit !($rank > -0.23 && $rank < 0.23) }"
check "the daemon leaves when told" stop
