#!/bin/bash
# SPDX-License-Identifier: ISC
# Files that go with a report, with the real processes: every sort that can be cleaned on its way from
# the reporter to an officer; files that a client did not clean, that are made to harm, that are cut off in
# the middle; untouched originals, which the escrow alone opens.
. "$(dirname "$0")/lib.sh"
export HOME=$work/home
mkdir "$HOME" "$work/files" "$work/clean" "$work/twice" "$work/state"

instance site
edit workers 2
start
three_officers
cd "$work" || exit 70

# file NARRATIVE MORE FILE…: what the client says; MORE are further members of the object.
file()
{
	local narrative=$1 more=$2 list= name
	shift 2
	for name; do list="$list${list:+,}\"$name\""; done
	printf '{"category":"other","narrative":"%s","attachments":[%s]%s}' "$narrative" "$list" "$more" |
		timeout 120 "${client:-$candor}" report --json -
}
# The case whose narrative has this in it.
case_of()
{
	local c
	for c in $(as Dana cases --limit 200 --json | json '"\n".join(x["case"] for x in j)'); do
		if as Dana case show "$c" --json | grep -qF "$1"; then
			echo "$c"
			return
		fi
	done
	return 1
}
n_cases()
{
	as Dana cases --limit 200 --json | json 'len(j)'
}
staged()
{
	cp "$dir"/state/candor.db* "$work/state/"
	sqlite3 "$work/state/candor.db" 'SELECT count(*) FROM stage WHERE name IS NOT NULL'
}
none_staged()
{
	[ "$(staged)" = 0 ]
}
no_cleaner()
{
	[ -z "$(room_pids cleaner)" ]
}

# ---- every sort of file
word=canary$(od -An -N9 -tx1 /dev/urandom | tr -d ' \n' | tr '0-9' 'g-p')
/usr/bin/python3 "$top/tests/support/dirty.py" "$work/files" "$word" >names
mapfile -t names <names
check "there are files of many sorts" test ${#names[@]} -gt 30
bad=
differ=
for f in "${names[@]}"; do
	"$candor" clean "files/$f" "clean/$f" >/dev/null 2>&1 || bad="$bad $f"
	"$candor" clean "clean/$f" "twice/$f" >/dev/null 2>&1 || bad="$bad $f"
	cmp -s "clean/$f" "twice/$f" || differ="$differ $f"
done
check "each can be cleaned by hand, and again" test -z "$bad"
# The client cleans, and the daemon does: a PDF's names may stand in another order then.
check "which changes nothing more" test -z "${differ/ dirty.pdf/}"
check "and holds nobody's name then" sh -c "! grep -rlaE '$word|CANARYCANARY' clean"
for ((i = 0; i < ${#names[@]}; i += 16)); do
	batch=("${names[@]:i:16}")
	check "${#batch[@]} of them go with a report" file "batch $i" "" "${batch[@]/#/files/}"
	c=$(case_of "batch $i")
	as Dana case show "$c" --json >shown
	check "the officer sees as many" test "$(json 'len(j["attachments"])' <shown)" = ${#batch[@]}
	check "none by the name it had" hasnt dirty "$(cat shown)"
	for ((k = 0; k < ${#batch[@]}; k++)); do
		f=${batch[k]}
		n=$(json "j['attachments'][$k]['n']" <shown)
		name=$(json "j['attachments'][$k]['name']" <shown)
		rm -f saved
		as Dana case save "$c" "$n" saved >/dev/null 2>&1
		check "$f is saved as it is when cleaned by hand" cmp "twice/$f" saved
		check "called $name" test "$name" = "attachment-$n.${f##*.}"
		check "with its size" test "$(json "j['attachments'][$k]['bytes']" <shown)" = "$(stat -c %s "twice/$f")"
	done
done
refuses "it is never saved over another file" 73 "not overwritten" as Dana case save "$c" "$n" saved
check "for people it stands there by name" \
	has "attachment-$n" "$(as Dana case show "$c")"
refuses "what cannot be cleaned is refused with the reason and what to do" 65 "screenshot|copy the text" \
	file "a program" "" "$candor"
: >empty
refuses "an empty file is none" 65 "empty" file "nothing" "" empty
check "no cleaner is left behind" wait_for 10 no_cleaner

# A follow-up message takes them, too.
receipt=$(file "to be followed" "" | json 'j["receipt"]')
printf '%s\nhere is the picture\n' "$receipt" | check "one goes with a further message" \
	"$candor" follow --reply --attach files/dirty.jpg --attach files/dirty.pdf
c=$(case_of "to be followed")
n=$(as Dana case show "$c" --json | json 'j["attachments"][0]["n"]')
as Dana case save "$c" "$n" followed.jpg >/dev/null 2>&1
check "and arrives clean" cmp followed.jpg clean/dirty.jpg

# ---- a client that does not clean
hostile_client
client=$hostile
for f in dirty.jpg dirty.docx dirty.txt; do
	check "$f is filed by a client that cleans nothing" file "uncleaned $f" "" "files/$f"
	c=$(case_of "uncleaned $f")
	as Dana case show "$c" --json >shown
	rm -f saved
	as Dana case save "$c" "$(json 'j["attachments"][0]["n"]' <shown)" saved >/dev/null 2>&1
	check "and cleaned by the daemon" cmp saved "clean/$f"
	check "which calls it what it is" test "$(json 'j["attachments"][0]["name"]' <shown | sed 's/.*\.//')" = "${f##*.}"
done
refuses "what the daemon cannot clean it refuses" 65 "attachment 1: .*cannot be cleaned" \
	file "a program" "" "$candor"

# ---- files that are made to harm, while others file
/usr/bin/python3 - <<'P'
import struct, zipfile, zlib
with zipfile.ZipFile("bomb.zip", "w", zipfile.ZIP_DEFLATED) as z:
    for i in range(40):
        z.writestr("%d.txt" % i, b"a " * (15 << 20))
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
open("bomb.png", "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(bytes(64 << 20))) + chunk(b"IEND", b""))
open("bomb.svg", "w").write('<?xml version="1.0"?>\n<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">'
    + "".join('<!ENTITY %s "%s">' % (chr(98 + i), ("&%s;" % chr(97 + i)) * 10) for i in range(9))
    + ']>\n<svg xmlns="http://www.w3.org/2000/svg"><text>&j;</text></svg>\n')
open("bomb.txt", "wb").write(b"I " * (12 << 20))
P
others()
{
	local i
	for ((i = 0; i < 20; i++)); do
		client=$candor file "meanwhile $i" "" >/dev/null || return 1
	done
}
before=$(n_cases)
others >others.out 2>&1 &
other=$!
started+=("$other")
for f in bomb.zip bomb.png bomb.svg bomb.txt; do
	began=$(date +%s%N)
	refuses "$f is refused by the daemon" 65 "attachment 1: .*cannot be cleaned" file "boom" "" "$f"
	echo "figure: $f refused after $((($(date +%s%N) - began) / 1000000)) ms"
	client=$candor refuses "and by the client, which sends nothing" 65 "cannot be cleaned" file "boom" "" "$f"
done
check "reports are filed meanwhile" wait "$other"
check "and nothing else is" test "$(n_cases)" = $((before + 20))
check "nothing of a bomb stays staged" wait_for 10 none_staged

# ---- in the middle
mkdir slow
cp "$candor" slow/candor
cat >slow/candor-cleaner <<F
#!/bin/bash
printf 'candor-clean 1 text/plain %s\n' "\$(/usr/bin/stat -L -c %s /proc/self/fd/0)"
/usr/bin/head -c 150000
until [ -e "$work/go" ]; do /bin/sleep 0.05; done
exec /bin/cat
F
chmod 755 slow/candor-cleaner
client=$work/slow/candor
yes "Kelly Burke posted a chart again." | head -c 300000 >large.txt
"$candor" clean large.txt large.clean >/dev/null
a_cleaner()
{
	[ -n "$(room_pids cleaner)" ]
}
file "cut in the middle" "" large.txt >cut.json 2>cut.err &
filing=$!
started+=("$filing")
check "an attachment is on its way" wait_for 20 a_cleaner
# Its walls, unless a sanitizer needs more of the kernel than they leave.
pid=$(room_pids cleaner | head -1)
if [ "$(sed -n 's/^Seccomp:[^0-9]*//p' "/proc/$(room_pids intake | head -1)/status")" = 2 ]; then
	behind_walls()
	{
		[ "$(sed -n 's/^Seccomp:[^0-9]*//p' "/proc/$pid/status")" = 2 ]
	}
	check "its cleaner works behind walls" wait_for 10 behind_walls
	check "under a uid that is not intake's" \
		test "$(id -u)" != 0 -o "$(stat -c %u "/proc/$pid")" != "$(stat -c %u "/proc/$(room_pids intake | head -1)")"
	[ "$(id -u)" != 0 ] || check "with nothing open but its stream and no log" \
		test "$(readlink "/proc/$pid/fd/2") $(ls "/proc/$pid/fd" | wc -l)" = "/dev/null 3"
else
	skip "a sanitized cleaner has no walls"
fi
for pid in $(room_pids cleaner); do kill -9 "$pid"; done
touch go
check "a reporter whose cleaner was killed files all the same, by trying again" wait "$filing"
check "having been told why" grep -q "cleaner broke off at attachment 1" cut.err
c=$(case_of "cut in the middle")
check "it is one case" test "$(n_cases)" = $((before + 21))
as Dana case save "$c" "$(as Dana case show "$c" --json | json 'j["attachments"][0]["n"]')" cut.txt >/dev/null 2>&1
check "with the whole of the file" cmp cut.txt large.clean
rm go
printf '{"category":"other","narrative":"never filed","attachments":["large.txt"]}' >gone.in
"$client" report --json gone.in >gone.json 2>gone.err &
filing=$!
started+=("$filing")
check "another one is on its way" wait_for 20 a_cleaner
kill -9 "$filing"
wait "$filing" 2>/dev/null
touch go
check "the cleaner of a client that stops in the middle leaves" wait_for 20 no_cleaner
check "nothing of it stays staged" wait_for 10 none_staged
check "nor is it filed" test "$(n_cases)" = $((before + 21))

# ---- originals
client=$candor
check "an untouched original goes as well when it is asked for" \
	file "with the original" ',"keep_original":true' files/dirty.jpg files/dirty.pdf
c=$(case_of "with the original")
as Dana case show "$c" --json >shown
check "officers see the clean copies" test "$(json 'len(j["attachments"])' <shown)" = 2
check "and that there are two originals" test "$(json 'len(j["originals"])' <shown)" = 2
check "with their sizes" \
	test "$(json 'j["originals"][0]["bytes"]' <shown)" = "$(stat -c %s files/dirty.jpg)"
check "for people it is said in words" has "untouched original is held for the escrow" "$(as Dana case show "$c")"
n=$(json 'j["originals"][0]["n"]' <shown)
for who in Dana Omar Ruth; do
	refuses "$who cannot open it" 77 "sealed to the escrow" as $who case save "$c" "$n" stolen
	refuses "not by giving the own key either" 77 "not sealed to this identity" \
		as $who case save "$c" "$n" stolen --identity "$(key_of $who)"
done
check "and nothing is written" test ! -e stolen
check "who has the escrow's identity opens it" as Dana case save "$c" "$n" original.jpg --identity "$dir/escrow.key"
check "byte for byte" cmp original.jpg files/dirty.jpg
n=$(json 'j["attachments"][0]["n"]' <shown)
as Dana case save "$c" "$n" copy.jpg >/dev/null 2>&1
check "the copy beside it is clean" cmp copy.jpg clean/dirty.jpg
check "without being asked none goes" test "$(as Dana case show "$(case_of "batch 0")" --json | json 'len(j["originals"])')" = 0
refuses "what the escrow alone opens is asked for by yes or no" 65 "keep_original" \
	file "perhaps" ',"keep_original":"perhaps"' files/dirty.jpg

# ---- what it takes, and what is said
total=0 # PSS is root's to read
for p in $daemon $(cat "/proc/$daemon/task/$daemon/children"); do
	pss=$(awk '/^Pss:/ { print $2 }' "/proc/$p/smaps_rollup" 2>/dev/null)
	total=$((total + ${pss:-0}))
done
[ "$total" = 0 ] || echo "figure: $((total / 1024)) MiB in all rooms when nothing is sent"
check "the log says nothing of it" sh -c "! grep -aE 'attach|cleaner|image/|refus' '$dir/log' | grep -v 'nobody in the directory'"
check "the daemon leaves when told" stop
check "and says then that a cleaner was killed, without a word of what it had" \
	grep -q "1 cleaners died at their work within a day, the last one of signal 9" "$dir/log"

# A cleaner that cannot work is known when the daemon starts, not when somebody attaches a file.
mkdir broken
for b in "$build"/candor-*; do ln -s "$b" broken/; done
ln -sf /bin/false broken/candor-cleaner
edit libexec "\"$work/broken\""
refuses "without a cleaner that works the daemon does not start" 70 "candor-cleaner does not work" \
	timeout 30 "$candord" -c "$dir/candor.conf"
