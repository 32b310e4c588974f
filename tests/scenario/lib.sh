# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# What every scenario shares: a private folder, private instances of the real daemon, officers, and
# sentences that hold or don't. Sourced. Ends only what it started, by pid.
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
build=${CANDOR_BUILD:-$top/build/debug}
candor=$build/candor
candord=$build/candord
work=$(mktemp -d "${TMPDIR:-/tmp}/candor.XXXXXX") || exit 73
started=()

cleanup()
{
	for pid in "${started[@]:-}"; do
		[ -n "$pid" ] && kill "$pid" 2>/dev/null
	done
	for pid in "${started[@]:-}"; do
		[ -n "$pid" ] && wait "$pid" 2>/dev/null
	done
	# A room that a sanitizer ended was started again: only its last words tell.
	if grep -rlaE 'ERROR: (Address|Leak)Sanitizer|runtime error: ' --include=log "$work"; then
		echo "not ok - no sanitizer has a complaint"
		grep -rhaE -A12 'ERROR: (Address|Leak)Sanitizer|runtime error: ' --include=log "$work" | head -40
	fi
	if [ -n "${KEEP:-}" ]; then echo "kept: $work" >&2; else rm -rf "$work"; fi
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# A sentence and a command: it holds when the command succeeds.
check()
{
	local sentence=$1
	shift
	if "$@" >"$work/check.out" 2>&1; then
		echo "ok - $sentence"
	else
		echo "not ok - $sentence (exit $?)"
		echo "    $*"
		sed 's/^/    | /' "$work/check.out" | head -20
	fi
}

# A sentence, an exit code, a pattern its words must match, and a command that must end so.
refuses()
{
	local sentence=$1 code=$2 pattern=$3 rc
	shift 3
	"$@" >"$work/check.out" 2>&1
	rc=$?
	if [ $rc = "$code" ] && grep -qaiE -- "$pattern" "$work/check.out"; then
		echo "ok - $sentence"
	else
		echo "not ok - $sentence (exit $rc, expected $code and /$pattern/)"
		echo "    $*"
		sed 's/^/    | /' "$work/check.out" | head -20
	fi
}

skip()
{
	echo "SKIPPED: $1"
}

# One string in another, without a shell's or grep's idea of special characters.
has()
{
	case $2 in *"$1"*) return 0 ;; *) return 1 ;; esac
}

hasnt()
{
	! has "$@"
}

# instance NAME: make a private instance in $work/NAME. Sets dir, site, admin_key.
instance()
{
	dir=$work/$1
	"$candord" --init "$dir" >"$work/init.out" 2>&1 || {
		cat "$work/init.out"
		echo "not ok - a private instance is made"
		exit 1
	}
	site=$dir/site.conf
	export CANDOR_SITE=$site
	admin_key=$dir/admin.key
}

# start: run the daemon of $dir and wait until it says that it is ready. Sets daemon (its pid).
start()
{
	local line=
	rm -f "$dir/ready"
	mkfifo "$dir/ready"
	"$candord" -c "$dir/candor.conf" --ready-fd 7 7>"$dir/ready" 2>>"$dir/log" &
	daemon=$!
	started+=("$daemon")
	read -r -t 30 line <"$dir/ready"
	rm -f "$dir/ready"
	[ "$line" = ready ] || {
		cat "$dir/log"
		echo "not ok - the daemon is ready"
		exit 1
	}
}

stop()
{
	kill -TERM "$daemon" && wait "$daemon"
}

# room_pids NAME: the pids of a room of this daemon.
room_pids()
{
	local p
	for p in $(cat "/proc/$daemon/task/$daemon/children" 2>/dev/null); do
		[ "$(cat "/proc/$p/comm" 2>/dev/null)" = "$(printf '%.15s' "candor-$1")" ] && echo "$p"
	done
}

# wait_for SECONDS COMMAND…: until it succeeds, looking every 50 ms.
wait_for()
{
	local until=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || return 1
		read -r -t 0.05 <> <(:) || :
	done
}

# edit KEY VALUE: set a line of candor.conf, in libconfig's words.
edit()
{
	if grep -q "^$1 *=" "$dir/candor.conf"; then
		sed -i "s|^$1 *=.*|$1 = $2;|" "$dir/candor.conf"
	else
		echo "$1 = $2;" >>"$dir/candor.conf"
	fi
}

# enrol NAME ROLE [EMAIL] [CATEGORY…]: a key without passphrase, proposed; sign with signs().
# The key lies in $dir/NAME's first word, in small letters, .key.
enrol()
{
	local name=$1 role=$2 mail=${3:-} key
	shift 2
	[ $# -gt 0 ] && shift
	key=$(key_of "$name")
	local more=()
	[ -n "$mail" ] && more+=(--email "$mail")
	for c in "$@"; do more+=(--category "$c"); done
	"$candor" key new --no-passphrase "$key" >/dev/null 2>&1 || echo "not ok - a key for $name is made"
	"$candor" key show "$key" 2>/dev/null | grep -o 'age1.*' | head -1 |
		"$candor" admin officer propose "$name" --role "$role" "${more[@]}" --key "$admin_key" \
			>"$work/propose.out" 2>&1 || {
		cat "$work/propose.out"
		echo "not ok - $name is proposed"
	}
}

key_of()
{
	local first=${1%% *}
	echo "$dir/${first,,}.key"
}

signs()
{
	"$candor" directory sign --charter "$dir/charter.key" --yes --key "$admin_key" >"$work/sign.out" 2>&1 || {
		cat "$work/sign.out"
		echo "not ok - the charter holder signs"
		exit 1
	}
}

# as NAME VERB…: an officer's command.
as()
{
	local key
	key=$(key_of "$1")
	shift
	"$candor" "$@" --key "$key"
}

# hostile_client: a client that cleans no attachment, and says that each is a picture. Sets hostile.
hostile_client()
{
	hostile=$work/hostile/candor
	mkdir "$work/hostile"
	cp "$candor" "$hostile"
	cat >"$hostile-cleaner" <<-'F'
		#!/bin/bash
		printf 'candor-clean 1 image/jpeg %s\n' "$(/usr/bin/stat -L -c %s /proc/self/fd/0)"
		exec /bin/cat
	F
	chmod 755 "$hostile-cleaner"
}

# A value of a JSON object or array on standard input, by a Python expression on j.
json()
{
	/usr/bin/python3 -c 'import json,sys; j=json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"
}

# Three officers who serve every category, signed: Dana Whitfield, Omar Reyes, Ruth Fox.
three_officers()
{
	enrol "Dana Whitfield" officer dana@hospital.example
	enrol "Omar Reyes" lead omar@hospital.example
	enrol "Ruth Fox" officer ruth@hospital.example
	signs
}

# A value of site.conf.
conf()
{
	sed -n "s/^$1 *= *\"\([^\"]*\)\".*/\1/p" "$site" | head -1
}

# reporters CLIENTS REPORTS new|kept [ACKNOWLEDGED]: the load generator against this instance.
reporters()
{
	"$build/bench/load" "$(conf connect | sed 's/^unix://')" "$(conf daemon_key)" "$(conf site_id)" \
		phi-disclosure "$@"
}

# mail_server: a real SMTP server on loopback (STARTTLS, AUTH), and the email plugin of $dir set up for
# it. What it takes lies in $work/smtp/mail/new.
mail_server()
{
	local port
	mkdir -p "$work/smtp"
	mkfifo "$work/smtp.in" "$work/smtp.out"
	exec 8<>"$work/smtp.in" # it leaves when this closes
	/usr/bin/python3 "$top/tests/support/smtpd.py" --dir "$work/smtp" \
		<"$work/smtp.in" >"$work/smtp.out" 2>"$work/smtp.log" 8>&- &
	started+=("$!")
	read -r -t 20 _ port <"$work/smtp.out"
	printf 'pw\n' >"$dir/smtp.password"
	chmod 600 "$dir/smtp.password"
	cat >"$dir/plugins.d/email.conf" <<-C
	plugin = "email";
	network = true;
	${1:-}
	settings = {
	  host = "localhost"; port = ${port:-0};
	  username = "bot"; password_file = "$dir/smtp.password";
	  ca_file = "$work/smtp/ca.pem";
	  from = "candor@hospital.example";
	};
	C
}
