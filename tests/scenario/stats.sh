#!/bin/bash
# SPDX-License-Identifier: ISC
# Figures with the real processes: who may have them, in which forms, what is withheld, and that a report
# for a board is one page which asks for nothing and runs nothing.
. "$(dirname "$0")/lib.sh"
export HOME=$work/home
mkdir "$HOME"

instance site
edit workers 1
sed -i '0,/title = "Main campus"/s//title = "=HYPERLINK(\\"x\\") <b>Main<\/b>"/' "$dir/candor.conf"
start
three_officers
enrol "Ada Marsh" auditor
signs
cd "$work" || exit 70

refuses "an auditor of a house without reports is told so" 65 "nothing was filed yet" as Ada stats
for i in 1 2 3 4 5 6 7 8; do
	category=phi-disclosure
	[ "$i" -gt 6 ] && category=retaliation
	echo "{\"kind\": \"incident\", \"category\": \"$category\", \"site\": \"main\", \"narrative\": \"It was posted.\",
 \"keep_out\": [$([ "$i" = 1 ] && echo '"Ruth Fox"')]}" | "$candor" report --json - >/dev/null 2>&1 ||
		echo "not ok - report $i is filed"
done

# ---- who
as Omar stats --json >all.json
check "a lead counts the cases that they read" test "$(json 'j["filed"]' <all.json)" = 8
check "one who is kept out of a case does not learn of it" \
	test "$(as Ruth stats --json | json 'j["filed"]')" = 7
refuses "an auditor sees no period before it is over" 65 "when a period is over.*12-31" as Ada stats
refuses "an administrator sees none" 77 "role|directory" "$candor" stats --key "$admin_key"
check "it is noted who looked" has figures "$(as Ada audit --action figures 2>&1)"

# ---- what
check "what is small is withheld, and what would give it away" \
	test "$(json '[r["n"] for r in j["tables"]["category"]["rows"] if r["category"] in ("phi-disclosure", "retaliation")]' <all.json)" = "[None, None]"
check "no number below five is in any form" python3 - <<'P'
import json
def walk(x):
    if isinstance(x, dict):
        for k, v in x.items():
            if k in ("n", "at_least", "total", "filed", "closed", "overdue") and isinstance(v, int):
                assert v == 0 or v >= 5, (k, v)
            walk(v)
    elif isinstance(x, list):
        for v in x:
            walk(v)
walk(json.load(open("all.json")))
P
check "as text for people" has "Reports by category" "$(as Omar stats)"
check "one table, by period" has "Patient information" "$(as Omar stats --by category)"
as Omar stats --format csv >all.csv
check "as CSV, whose cells no spreadsheet takes for formulas" python3 - <<'P'
import csv
rows = list(csv.DictReader(open("all.csv", newline="")))
assert len(rows) > 30 and {r["figure"] for r in rows} >= {"category", "site", "filed", "closed", "overdue"}
assert any("HYPERLINK" in r["title"] for r in rows)
assert not any(c[:1] in "=+-@\t" for r in rows for c in r.values() if c)
P
check "in a desk as well" sh -c 'echo stats | "$0" desk --key "$1" | grep -q "Reports by month"' \
	"$candor" "$dir/omar.key"

# ---- the report
check "as a report in a file" as Omar stats board.html
refuses "never over another file" 73 "not overwritten" as Omar stats board.html
check "which runs nothing, fetches nothing and shows titles inert" \
	sh -c '! grep -qiE "<script|src=|href=|url\((?!#)|@import|<b>Main" board.html && grep -q "&#60;b&#62;Main" board.html'
if command -v chromium >/dev/null; then
	timeout 60 chromium --headless --no-sandbox --disable-gpu --window-size=1100,2200 \
		--screenshot="$work/board.png" "file://$work/board.html" >chromium.out 2>&1
	check "and which a browser shows" test "$(head -c 4 board.png | tail -c 3)" = PNG
else
	skip "no chromium here to show the report"
fi

# ---- mistakes
refuses "figures are of whole months" 64 "is no month" as Omar stats --from 2026-03-04
refuses "from later than to" 64 "later" as Omar stats --from 2026-03 --to 2026-01
refuses "an unknown table" 64 "nothing to divide by" as Omar stats --by reporter
refuses "an unknown format" 64 "text, json, csv and html" as Omar stats --format pdf
check "the daemon leaves when told" stop
