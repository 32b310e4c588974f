#!/bin/bash
# SPDX-License-Identifier: ISC
# Plugins that are enemies, all at once, beside one that behaves: each costs only itself and is named with
# what went wrong; reports are filed and told of all the while, and nothing of them is left at the end. As
# root, where each has a uid of its own, and as an ordinary user.
. "$(dirname "$0")/lib.sh"

if grep -qa libasan "$build/candor-host"; then
	skip "sanitizer builds have no walls"
	exit 0
fi
real=$candord
# uid, or empty: who runs the daemon. Always in a session of its own, so that all of it can be counted.
as_user()
{
	candord=$work/candord.$1
	if [ -n "$2" ]; then
		echo "#!/bin/sh
exec setsid setpriv --reuid=$2 --regid=$2 --clear-groups '$real' \"\$@\""
	else
		echo "#!/bin/sh
exec setsid '$real' \"\$@\""
	fi >"$candord"
	chmod 755 "$candord"
}

plugin() # NAME OBJECT MORE: its file, with settings do = NAME
{
	cat >"$dir/plugins.d/$1.conf" <<-C
	plugin = "$build/tests/plugins/$2.so";
	deadline_s = 2; retry_min_s = 1; retry_max_s = 2; max_attempts = 200;
	${3:-}
	C
}
acts="garbage accuse flood shout hog spin leave jump shut open_crash"

rooms()
{
	local r
	for r in intake desk store dispatch; do echo "$r" $(room_pids "$r"); done
}
session() # every process of the daemon's session
{
	ps -o pid= -s "$daemon"
}
info() # PLUGIN FIELD
{
	"$candor" admin plugin list --json --key "$admin_key" |
		json "[p['$2'] for p in j if p['name'] == '$1'][0]"
}
says() # PLUGIN PATTERN
{
	info "$1" last_error | grep -qE -- "$2"
}
delivered() # PLUGIN N: that many events of cases
{
	[ "$("$candor" admin delivery list --plugin "$1" --json --key "$admin_key" |
		json "len([d for d in j if d['state'] == 'delivered'])")" -ge "$2" ]
}
file()
{
	printf '{"category":"other","narrative":"%s"}' "$1" | timeout 60 "$candor" report --json - >/dev/null
}

round() # LABEL
{
	local who=$1 before victims a
	edit release '"immediate"'
	plugin good hostile 'settings = { do = "echo"; };'
	for a in $acts; do
		plugin "$a" hostile_all "settings = { do = \"$a\"; };"
	done
	# It may run a shell: what it does then is for its walls and its keeper.
	plugin bomb hostile 'programs = ["/bin/sh"]; settings = { do = "bomb"; };'
	start
	three_officers
	before=$(rooms)
	victims=$(room_pids host; room_pids store; room_pids dispatch; room_pids desk; room_pids intake; echo "$daemon")
	plugin reach hostile_all "settings = { do = \"reach\";
		secrets = \"$dir/state/candor.db,$dir/keys/intake.key,$dir/keys/desk.key,$dir/keys/audit.key,$dir/candor.conf,$dir/admin.key\";
		sockets = \"$dir/run/intake.sock,$dir/run/desk.sock\";
		victims = \"$(echo $victims | tr ' ' ',')\"; };"
	check "$who: the enemy of everything is let in" "$candor" admin reload --key "$admin_key"

	check "$who: a report is filed among enemies" file "the first"
	check "$who: and the plugin that behaves tells of it" wait_for 20 delivered good 1
	check "$who: nothing was in reach of one that tried it all" wait_for 20 delivered reach 1
	info reach last_error | sed 's/^/    | /'
	check "$who: who sends garbage is named" wait_for 30 says garbage "died"
	check "$who: who accuses others is named" wait_for 30 says accuse "died"
	check "$who: who repeats itself is named" wait_for 30 says flood "died"
	check "$who: who takes all memory is named" wait_for 30 says hog "died"
	check "$who: who never answers is named" wait_for 30 says spin "no answer within 2 s"
	check "$who: who leaves is named" wait_for 30 says leave "died"
	check "$who: who jumps is named" wait_for 30 says jump "died"
	check "$who: who lets go of its channel is named" wait_for 30 says shut "no answer|died"
	check "$who: who dies while it is opened is named" wait_for 30 says open_crash "died while it was opened"
	check "$who: who forks is named" wait_for 30 says bomb "no answer within 2 s"
	for a in 2 3 4 5; do file "number $a" || echo "not ok - $who: report $a is filed"; done
	check "$who: what is filed later is told of as well" wait_for 20 delivered good 5
	check "$who: an administrator is served" "$candor" admin status --key "$admin_key"
	check "$who: no other room was touched" test "$(rooms)" = "$before"
	check "$who: the log holds a bounded part of what they shouted" test "$(wc -c <"$dir/log")" -lt 1000000
	check "$who: and none of it under another's name" \
		bash -c "! grep -a '^candord: error: forged' '$dir/log' && grep -qa '^candor-host\[shout\]: candord: error: forged?' '$dir/log'"
	# The bomb: as many processes as one plugin may have, its own and the keepers' beside them.
	echo "figure: $who: at most $(session | wc -l) processes with the bomb going off"
	check "$who: forks are bounded" test "$(session | wc -l)" -lt 250
	check "$who: the daemon leaves" stop
	check "$who: the log says how much was left out" wait_for 10 grep -qaE 'candor-host\[shout\]: warning: [0-9]+ more lines were left out' "$dir/log"
	check "$who: and nothing of any plugin is left" wait_for 10 sh -c "[ -z \"\$(ps -o pid= -s $daemon)\" ]"
}

if [ "$(id -u)" = 0 ]; then
	as_user root ""
	instance root
	round "as root"
	mkdir "$work/plain"
	chmod 711 "$work"
	chown 65534 "$work/plain"
	as_user plain 65534
	if setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$real" -a -r "$build/tests/plugins/hostile.so"; then
		cd "$work/plain" || exit 70
		instance plain/site
		round "as an ordinary user"
	else
		skip "an ordinary user cannot run $real"
	fi
else
	as_user plain ""
	instance plain
	round "as an ordinary user"
fi
