#!/bin/bash
# SPDX-License-Identifier: ISC
# Who may read is decided by who holds the charter key: not by an administrator, nor by whoever can
# write to the database.
. "$(dirname "$0")/lib.sh"

instance site
start
three_officers
file_one()
{
	echo '{"category":"phi-disclosure","narrative":"A chart was posted."}' | "$candor" report --json -
}
check "a report is filed" file_one

# An administrator proposes a reader, and nobody signs.
enrol "Mallory Admin" officer
check "a proposal alone changes nothing" hasnt Mallory "$(sed '/^Proposed/,$d' <<<"$("$candor" directory show --key "$admin_key")")"
check "reports are filed as before" file_one
refuses "a proposed officer cannot ask for cases" 77 "not in the signed directory" as Mallory cases
"$candord" --init "$work/other" >/dev/null 2>&1
refuses "another charter's signature is refused" 77 "not the charter key" \
	"$candor" directory sign --charter "$work/other/charter.key" --yes --key "$admin_key"

# The directory is what minisign says it is.
"$candor" directory show --json --key "$admin_key" >"$work/directory.json"
if command -v minisign >/dev/null; then
	check "Debian's minisign verifies the first directory" \
		minisign -V -q -P "$(conf charter)" -m "$dir/directory.txt" -x "$dir/directory.txt.minisig"
else
	skip "minisign is not installed"
fi

# The public key of a case is swapped in the database: nothing more is sealed to it.
receipt=$(file_one | json 'j["receipt"]')
check "a reporter adds to a report" sh -c 'printf "%s\nIt is still there.\n" "$1" | "$0" follow --reply' "$candor" "$receipt"
stop
db=$(find "$dir" -name candor.db)
/usr/bin/python3 -c 'import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute("UPDATE case_key SET case_recipient = ?", (os.urandom(32),)); db.commit()' "$db"
start
refuses "but not when the case's key was swapped in the database" 65 "not one that this service made" \
	sh -c 'printf "%s\nIt is still there.\n" "$1" | "$0" follow --reply' "$candor" "$receipt"
check "whose state is still shown" sh -c 'echo "$1" | "$0" follow' "$candor" "$receipt"

# A key line is swapped in the database while the daemon is down.
stop
mallory=$("$candor" key show "$(key_of Mallory)" | grep -o 'age1[a-z0-9]*' | head -1)
/usr/bin/python3 - "$db" "$mallory" <<'P'
import re, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
n = 0
for table, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%WITHOUT ROWID%'").fetchall():
    for column in [r[1] for r in db.execute(f"PRAGMA table_info({table})")]:
        for rowid, value in db.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
            raw = value.encode() if isinstance(value, str) else value
            if isinstance(raw, bytes) and b"candor-directory" in raw and b"Dana" in raw:
                new = re.sub(rb"(Dana Whitfield\t\w+\t)age1[a-z0-9]+", rb"\g<1>" + sys.argv[2].encode(), raw)
                db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (new.decode() if isinstance(value, str) else new, rowid))
                n += 1
db.commit()
print(n, "swapped")
sys.exit(0 if n else 1)
P
check "a key line is swapped in the database" test $? = 0
"$candord" -c "$dir/candor.conf" --ready-fd 7 7>/dev/null 2>>"$dir/log" &
daemon=$!
started+=("$daemon")
reports_to_mallory()
{
	timeout 2 "$candor" guide && file_one
}
check "the log says that the directory is not signed" wait_for 10 grep -qi "not sign" "$dir/log"
if wait_for 3 reports_to_mallory; then echo "not ok - no report is filed to the swapped key"; else echo "ok - no report is filed to the swapped key"; fi
kill "$daemon" 2>/dev/null
wait "$daemon" 2>/dev/null
