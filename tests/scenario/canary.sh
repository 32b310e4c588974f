#!/bin/bash
# SPDX-License-Identifier: ISC
# A report full of canary words, files that say who made them, a receipt and keys; then every byte that
# was written or can be seen is searched for them: raw, UTF-16, hex, base64 at three alignments, inside gzip.
. "$(dirname "$0")/lib.sh"

mkdir "$work/tmp"
export TMPDIR=$work/tmp
instance site
edit log_level '"debug"'
mail_server
ulimit -c unlimited
start
three_officers

# Words that exist nowhere else, made now, so that this file does not hold them.
tag=$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n' | tr '0-9' 'g-p')
words=()
for part in narrative place platform url name attachment message reply note; do words+=("canary$part$tag"); done
printf 'attached: canaryattachment%s\n' "$tag" >"$work/secret.txt"
report()
{
	printf '{"category":"phi-disclosure","place":"canaryplace%s","platform":"canaryplatform%s","urls":["https://x.example/canaryurl%s"],"narrative":"My name is Canaryname%s. canarynarrative%s happened.","attachments":["%s/secret.txt"]}' \
		"$tag" "$tag" "$tag" "$tag" "$tag" "$work"
}
filed=$(report | "$candor" report --json -)
check "the canary report is filed" test -n "$filed"
receipt=$(echo "$filed" | json 'j["receipt"]')
c=$(as Dana cases --json | json 'j[0]["case"]')
as Dana case ack "$c" >/dev/null
echo "canaryreply$tag" | as Dana case await "$c" >/dev/null
printf '%s\ncanarymessage%s\n' "$receipt" "$tag" | "$candor" follow --reply >/dev/null
echo "canarynote$tag" | as Dana case note "$c" >/dev/null
check "a mail went out" wait_for 15 sh -c "ls $work/smtp/mail/new/*.eml"
shown=$(as Dana case show "$c" --json)
for part in narrative place message note reply; do
	check "the officer reads the $part" has "canary$part$tag" "$shown"
done
check "but not the name" hasnt "anaryname$tag" "$shown"

# Files that say who made them: as the client cleans them, and as one that does not sends them, with the
# untouched ones beside them.
maker=canary$(od -An -N9 -tx1 /dev/urandom | tr -d ' \n' | tr '0-9' 'g-p')
mkdir "$work/dirty" "$work/saved"
/usr/bin/python3 "$top/tests/support/dirty.py" "$work/dirty" "$maker" >/dev/null
sorts="jpg pdf docx png"
evidence()
{
	printf '{"category":"other","narrative":"See the files.","keep_original":true,"attachments":[%s]}' \
		"$(for s in $sorts; do printf '"%s/dirty/dirty.%s"\n' "$work" "$s"; done | paste -sd,)"
}
for s in $sorts; do
	check "a file (.$s) says who made it" grep -qa "$maker" "$work/dirty/dirty.$s"
done
check "where a picture was taken stands in it" grep -q . <(exiftool -s3 -GPSLatitude "$work/dirty/dirty.jpg")
evidence >"$work/dirty/evidence.json"
hostile_client
for by in "$candor" "$hostile"; do
	check "files go with a report by $(basename "$(dirname "$by")")" "$by" report --json "$work/dirty/evidence.json"
done
for c in $(as Dana cases --category other --json | json '"\n".join(x["case"] for x in j)'); do
	as Dana case show "$c" --json >"$work/shown.json"
	for n in $(json '" ".join(str(a["n"]) for a in j["attachments"])' <"$work/shown.json"); do
		as Dana case save "$c" "$n" "$work/saved/$c-$n" >/dev/null 2>&1
	done
done
check "officers have eight files" test "$(ls "$work/saved" | wc -l)" = 8
check "none of which says who made it" sh -c "! grep -rlaE '$maker|canary' '$work/saved'"
check "nor when, where or with what" test -z "$(exiftool -q -r -GPS:all -EXIF:all -XMP:all -PDF:Author -PDF:CreateDate -XML:Creator -PNG:Author "$work/saved")"
words+=("$maker")

# As root, what is left in the memory of the rooms can be looked at.
cat >"$work/memory.py" <<'P'
import re, sys
word, found = sys.argv[1].encode(), False
for pid in sys.argv[2:]:
    name = open(f"/proc/{pid}/comm").read().strip()
    with open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in open(f"/proc/{pid}/maps"):
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (r)\S+ \S+ \S+ \S+ *(.*)", line)
            if not m or m.group(4) in ("[vvar]", "[vsyscall]", "[vvar_vclock]"):
                continue
            size = int(m.group(2), 16) - int(m.group(1), 16)
            if size > 1 << 30:  # what a sanitizer only reserves
                continue
            try:
                mem.seek(int(m.group(1), 16))
                data = mem.read(size)
            except OSError:
                continue
            if word in data:
                print(f"{name}: {m.group(4) or 'memory'}")
                found = True
sys.exit(1 if found else 0)
P
if [ "$(id -u)" = 0 ] && head -c1 "/proc/$(room_pids store | head -1)/maps" >/dev/null 2>&1; then
	# shellcheck disable=SC2046
	refuses "what is in the memory of rooms is found" 1 "candor-intake" \
		/usr/bin/python3 "$work/memory.py" phi-disclosure $(cat "/proc/$daemon/task/$daemon/children")
	# shellcheck disable=SC2046
	check "no room's memory holds who made them" /usr/bin/python3 "$work/memory.py" "$maker" \
		$(cat "/proc/$daemon/task/$daemon/children")
else
	skip "the memory of rooms that are not dumpable is root's to look at"
fi

# While everything runs: arguments and environment of every process, a copy of what is on disk.
mkdir "$work/proc"
for p in $daemon $(cat "/proc/$daemon/task/$daemon/children"); do
	cat "/proc/$p/cmdline" "/proc/$p/environ" >"$work/proc/$p" 2>/dev/null
done
for p in $(room_pids intake); do
	# A crash leaves no core: the room is not dumpable and its limit is 0.
	kill -ABRT "$p"
done
wait_for 10 sh -c "pgrep -P $daemon candor-intake"
rm -rf "$work/dirty"
check "a crashed room leaves no core" test -z "$(find "$dir" "$work" / -maxdepth 1 -name 'core*' -newer "$work/secret.txt" -type f 2>/dev/null)"
rm -f "$work/secret.txt"

cat >"$work/search.py" <<'P'
import base64, gzip, os, sys, zlib
roots, words = sys.argv[1].split(":"), sys.argv[2:]
def forms(word):
    raw = word.encode()
    for w in {raw, raw.lower(), raw.capitalize()}:
        yield w
        yield w.decode().encode("utf-16-le")
        yield w.decode().encode("utf-16-be")
        yield w.hex().encode()
        yield w.hex().upper().encode()
        for pad in range(3):
            b = base64.b64encode(b"x" * pad + w)
            cut = b[(0, 2, 3)[pad]:].rstrip(b"=")
            yield cut[:-1] if len(cut) > 8 else cut
needles = {f: w for w in words for f in forms(w)}
found = False
def search(path, data, depth=0):
    global found
    for f, w in needles.items():
        if f in data:
            print(f"{path}: {w[:7]}… as {f[:12]!r}")
            found = True
    if depth == 0:
        at = data.find(b"\x1f\x8b\x08")
        while at >= 0:
            try:
                search(path + " (gzip)", zlib.decompressobj(31).decompress(data[at:], 1 << 24), 1)
            except zlib.error:
                pass
            at = data.find(b"\x1f\x8b\x08", at + 1)
for root in roots:
    for folder, _, names in os.walk(root):
        for n in names:
            p = os.path.join(folder, n)
            if os.path.isfile(p) and not os.path.islink(p):
                search(p, open(p, "rb").read())
sys.exit(1 if found else 0)
P
find_none()
{
	/usr/bin/python3 "$work/search.py" "$dir:$work/smtp:$work/proc:$work/tmp" "$@"
}
# First that the search can find at all: one planted form after the other.
plant=plantedword$tag
for form in raw utf16 hex base64-0 base64-1 base64-2 gzip; do
	/usr/bin/python3 - "$form" "$plant" >"$dir/planted" <<'P'
import base64, gzip, sys
form, w = sys.argv[1], sys.argv[2].encode()
out = {"raw": w, "utf16": w.decode().encode("utf-16-le"), "hex": w.hex().encode(), "gzip": b"front" + gzip.compress(b"zz" + w)}.get(form)
if out is None:
    out = base64.b64encode(b"y" * int(form[-1]) + w + b"tail")
sys.stdout.buffer.write(b"before " + out + b" after")
P
	if find_none "$plant" >/dev/null; then echo "not ok - the search finds a planted word ($form)"; else echo "ok - the search finds a planted word ($form)"; fi
done
rm "$dir/planted"
check "no canary word is anywhere" find_none "${words[@]}"
check "nor the receipt" find_none "$receipt"
check "nor two of its words together" find_none "$(echo "$receipt" | cut -d' ' -f1-2)" "$(echo "$receipt" | cut -d' ' -f5-6)"
secret=$(grep -o 'AGE-SECRET-KEY-1[A-Z0-9]*' "$(key_of Dana)")
mv "$(key_of Dana)" "$work/dana.away"
check "nor an officer's secret key" find_none "$secret"
stop
check "nor after the daemon has left" find_none "${words[@]}" "$receipt"
