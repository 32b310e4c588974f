#!/bin/bash
# SPDX-License-Identifier: ISC
# What the author of a plugin gets: an installation, a skeleton in one command, a check, and doc/PLUGINS.md, whose
# plugin is built out of tree with the document's own words and delivers to the document's own gateway.
. "$(dirname "$0")/lib.sh"

prefix=$work/prefix
check "everything is installed" bash -c 'cd "$1" && .ci/install "$2" "" "$3" 0' - "$top" "$build" "$prefix"
tool=$prefix/bin/candor-plugin
candord=$prefix/sbin/candord candor=$prefix/bin/candor
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
if ! command -v cc >/dev/null || ! command -v pkg-config >/dev/null; then
	skip "there is no C compiler: no plugin is built"
	exit 0
fi
cd "$work" || exit 70

# ---- a skeleton -----------------------------------------------------------------------------------------
check "candor-plugin new makes a plugin" "$tool" new first_try
check "which builds without a warning and passes its test" \
	make -s -C first_try check CFLAGS="-O1 -Werror -Wshadow -Wconversion"
check "and is installed where the daemon looks" make -s -C first_try install
check "it is there" test -e "$prefix/lib/candor/plugins/first_try.so"
check "a folder may be named" "$tool" new second "$work/elsewhere/second"
refuses "nothing is overwritten" 73 "is there already" "$tool" new first_try
refuses "a name that is none is refused" 64 "allowed: 1 to 31 of a-z" "$tool" new ../x
refuses "so is one that is too long" 64 "too long" "$tool" new aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
refuses "and one that begins with a digit" 64 "must begin with a letter" "$tool" new 1st
refuses "an unknown word is answered with what there is" 64 "candor-plugin new NAME" "$tool" make x

# ---- candor-plugin check -----------------------------------------------------------------------------------
check "an object can be checked by itself" "$tool" check first_try/first_try.so
check "one that needs settings too" "$tool" check "$prefix/lib/candor/plugins/syslog.so"
sed 's/severity = "low"/severity = "grave"/' first_try/first_try.conf >bad.conf
refuses "a wrong setting is named with its line" 78 'bad.conf:[0-9]+: settings.severity: severity = "grave" must be' \
	"$tool" check first_try/first_try.so bad.conf
refuses "an object that is not there is named" 66 "cannot be read" "$tool" check absent.so
for plugin in "wrong_abi:is built for interface 2" "wrong_size:descriptor has 16 bytes" "bad_name:has a name that is not" \
	"other_name:calls itself email" "missing_call:has no deliver" "no_symbol:exports no candor_plugin"; do
	refuses "${plugin%%:*} is refused" 78 "${plugin#*:}" "$tool" check "$build/tests/plugins/${plugin%%:*}.so"
done

# ---- what a plugin may run ---------------------------------------------------------------------------------
printf '#!/bin/sh\ncat\n' >notify
chmod 755 notify
with_programs() # LIST MORE: a file for the command plugin
{
	printf 'plugin = "command"; programs = [%s]; %s settings = { program = "%s"; };\n' "$1" "${2:-}" "$PWD/notify" >run.conf
	"$tool" check "$prefix/lib/candor/plugins/command.so" run.conf
}
check "a program and its interpreter are allowed" with_programs "\"$PWD/notify\", \"/bin/sh\""
refuses "a script without its interpreter is named with it" 78 "notify is a script that /bin/sh runs; allowed: a list" \
	with_programs "\"$PWD/notify\""
refuses "a program that programs lacks is named" 78 'run.conf.*settings.program = .* may not be run; allowed: one of programs' \
	with_programs '"/bin/sh"'
refuses "a program that is not there is named" 78 'programs: /nowhere: No such file' \
	with_programs "\"$PWD/notify\", \"/bin/sh\", \"/nowhere\""
chmod 644 notify
refuses "so is one that cannot be executed" 78 'notify is no file that can be executed' \
	with_programs "\"$PWD/notify\", \"/bin/sh\""
chmod 755 notify
refuses "memory has its bounds" 78 'memory_mib is out of range; allowed: a whole number from 32' with_programs "\"$PWD/notify\", \"/bin/sh\"" "memory_mib = 8;"
refuses "programs is a list" 78 'programs' bash -c "echo 'plugin = \"command\"; programs = true;' >x.conf; '$tool' check '$prefix/lib/candor/plugins/command.so' x.conf"

# ---- doc/PLUGINS.md ----------------------------------------------------------------------------------------
doc=$prefix/share/doc/candor/PLUGINS.md
block() # LANGUAGE: its code
{
	awk -v from="^\`\`\`$1\$" '$0 ~ from { p = 1; next } /^```$/ { p = 0 } p' "$doc"
}
mkdir pager
cd pager || exit 70
block c >pager.c
block sh >build.sh
check "the document says how to build" grep -q pkg-config build.sh
check "its plugin builds with its words" sh -eu build.sh
check "without a warning" cc -std=c17 -Wall -Wextra -Werror -O1 -D_GNU_SOURCE -fPIC -shared -fvisibility=hidden \
	-I"$prefix/include" -o strict.so pager.c
awk '/pager\.conf`, beside/ { f = 1 } f && /^```$/ { n++; next } f && n == 1' "$doc" >pager.conf
check "it is right with its configuration" "$tool" check pager.so pager.conf
sed 's/port = /prot = /' pager.conf >prot.conf
refuses "but not with a setting misspelt" 78 "prot.conf:5: settings.prot: unknown setting prot; allowed are host and port" \
	"$tool" check pager.so prot.conf
block json >event.json
check "its example of an event is JSON" /usr/bin/python3 -c 'import json; json.load(open("event.json"))'

if ! command -v socat >/dev/null; then
	skip "socat is not installed: nothing is delivered to the document's gateway"
	exit 0
fi
instance site
# The document's gateway, on a port that is free.
socat -d -d TCP-LISTEN:0,bind=127.0.0.1,fork SYSTEM:'read line; echo "$line" >&2; echo OK page-17' 2>"$work/gateway" &
started+=("$!")
wait_for 10 grep -q 'listening on' "$work/gateway"
port=$(sed -n 's/.*listening on.*:\([0-9]*\)$/\1/p' "$work/gateway" | head -1)
sed "s/port = 7070/port = $port/" pager.conf >"$dir/plugins.d/pager.conf"
start
check "the daemon has it deliver, and passes on what the other side said" \
	bash -c '"$1" admin plugin test pager --key "$2" 2>&1 | grep -q "page-17"' - "$candor" "$admin_key"
check "the gateway sees the document's line" grep -qE '^[0-9a-f]{32} test - - 20[0-9-]{8}$' "$work/gateway"
check "the daemon leaves" stop
