#!/bin/bash
# SPDX-License-Identifier: ISC
# From afar: the same through a program's standard input and output, and through sshd with a forced command.
. "$(dirname "$0")/lib.sh"

instance site
start
three_officers
socket=$(conf connect | sed 's/^unix://')
file_with()
{
	echo '{"category":"phi-disclosure","narrative":"A chart was posted."}' | "$candor" report --json - --site "$1"
}

if command -v socat >/dev/null; then
	sed "s|^connect *=.*|connect = \"exec:socat - UNIX-CONNECT:$socket\";|" "$site" >"$work/socat.conf"
	filed=$(file_with "$work/socat.conf" 2>"$work/err")
	check "a report is filed through socat" test -n "$filed"
	receipt=$(echo "$filed" | json 'j["receipt"]')
	check "and followed" sh -c 'echo "$1" | "$0" follow --site "$2"' "$candor" "$receipt" "$work/socat.conf"
else
	skip "socat is not installed"
fi
sed 's|^connect *=.*|connect = "exec:exit 3";|' "$site" >"$work/broken.conf"
refuses "a program that fails is told so" 69 "connect|reach" file_with "$work/broken.conf"

shell=$(getent passwd "$(id -u)" | cut -d: -f7)
case $shell in
*nologin | */false | "") can_log_in=no ;;
*) can_log_in=yes ;;
esac
if [ $can_log_in = no ]; then
	skip "sshd lets nobody in as $(id -un), whose shell is ${shell:-none}"
elif [ -x /usr/sbin/sshd ] && command -v ssh >/dev/null; then
	mkdir "$work/ssh"
	chmod 700 "$work/ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/host"
	ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/user"
	printf 'restrict,command="socat - UNIX-CONNECT:%s" %s\n' "$socket" "$(cat "$work/ssh/user.pub")" >"$work/ssh/authorized"
	port=$(/usr/bin/python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])')
	cat >"$work/ssh/sshd_config" <<C
Port $port
ListenAddress 127.0.0.1
HostKey $work/ssh/host
AuthorizedKeysFile $work/ssh/authorized
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
LogLevel QUIET
C
	[ "$(id -u)" = 0 ] && mkdir -p /run/sshd
	/usr/sbin/sshd -D -e -f "$work/ssh/sshd_config" 2>"$work/ssh/log" &
	started+=("$!")
	listens() { /usr/bin/python3 -c "import socket; socket.create_connection(('127.0.0.1',$port),1)"; }
	if wait_for 10 listens; then
		sed "s|^connect *=.*|connect = \"exec:ssh -T -F none -p $port -i $work/ssh/user -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=$work/ssh/known $(id -un)@127.0.0.1\";|" \
			"$site" >"$work/ssh.conf"
		check "a report is filed through ssh with a forced command" file_with "$work/ssh.conf"
	else
		skip "a private sshd does not start here: $(head -1 "$work/ssh/log")"
	fi
else
	skip "openssh-server is not installed"
fi
check "officers saw both" test "$(as Dana cases --json | json 'len(j) >= 1')" = True
check "the daemon leaves when told" stop
