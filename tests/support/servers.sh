# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# Real ticket systems on loopback, each a private instance in $work, run by an ordinary user. Sourced after
# lib.sh, which ends what was started here.

# In front of a command: not as root, who would let the programs write to the system's own folders.
user=()
[ "$(id -u)" = 0 ] && user=(setpriv --reuid=nobody --regid=nogroup --clear-groups)

# server_folder NAME: a folder of the user's in $work. Sets server.
server_folder()
{
	server=$work/$1
	chmod 711 "$work"
	mkdir "$server"
}

hand_over()
{
	[ "$(id -u)" != 0 ] || chown -R nobody:nogroup "$server"
}

free_port()
{
	/usr/bin/python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'
}

answers() # URL: anything at all
{
	[ "$(curl -s -o /dev/null -m 10 -w '%{http_code}' "$1")" != 000 ]
}

rt_perl=/usr/share/request-tracker5
rt_rtdb=/var/lib/dbconfig-common/sqlite3/request-tracker5/rtdb
redmine_app=/usr/share/redmine
redmine_db=/var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default

# Why a server cannot be had here, in words; nothing when it can.
rt_lacking()
{
	command -v curl >/dev/null || { echo "curl is not installed" && return; }
	[ -x $rt_perl/libexec/rt-server ] || { echo "request-tracker5 is not installed" && return; }
	[ -r $rt_rtdb ] || echo "$rt_rtdb, the database to copy, cannot be read by $(id -un)"
}

redmine_lacking()
{
	command -v curl >/dev/null || { echo "curl is not installed" && return; }
	[ -e $redmine_app/config.ru ] || { echo "redmine is not installed" && return; }
	command -v puma >/dev/null || { echo "puma is not installed" && return; }
	[ -r $redmine_db ] || echo "$redmine_db, the database to copy, cannot be read by $(id -un)"
}

with_rt()
{
	(cd "$server" && "${user[@]}" env RT_SITE_CONFIG="$server/site.pm" RT_SITE_CONFIG_DIR="$server/conf.d" HOME="$server" "$@")
}

# rt_server: Request Tracker with the queue General, the users bot (a token in $server/token), dana and omar, and
# a custom field Case. Sets server, rt (its URL).
rt_server()
{
	local port
	port=$(free_port)
	rt=http://127.0.0.1:$port
	server_folder rt
	mkdir "$server/conf.d" "$server/mason" "$server/session"
	cp $rt_rtdb "$server/rt.db"
	cat >"$server/site.pm" <<-P
	Set(\$rtname, 'test'); Set(\$Organization, 'test.example');
	Set(\$DatabaseType, 'SQLite'); Set(\$DatabaseName, '$server/rt.db');
	Set(\$WebDomain, '127.0.0.1'); Set(\$WebPort, $port); Set(\$WebPath, ''); Set(\$WebBaseURL, '$rt');
	Set(\$Timezone, 'UTC'); Set(\$MailCommand, sub { 1 });
	Set(\$LogToSyslog, undef); Set(\$LogToSTDERR, 'warning');
	Set(%GnuPG, Enable => 0); Set(%SMIME, Enable => 0); Set(\$BcryptCost, 10);
	Set(\$WebSessionClass, 'Apache::Session::File');
	\$RT::VarPath = '$server'; \$RT::MasonDataDir = '$server/mason'; \$RT::MasonSessionDir = '$server/session';
	1;
	P
	cat >"$server/seed.pl" <<-'P'
	use strict; use warnings;
	use lib '/usr/share/request-tracker5/lib';
	use RT -init;
	my $system = RT->SystemUser;
	my $queue = RT::Queue->new($system);
	$queue->Load('General');
	my $field = RT::CustomField->new($system);
	my ($ok, $said) = $field->Create(Name => 'Case', Type => 'FreeformSingle', LookupType => 'RT::Queue-RT::Ticket');
	die $said unless $ok;
	$field->AddToObject($queue);
	my @work = qw(SeeQueue CreateTicket ShowTicket ShowTicketComments CommentOnTicket ModifyTicket ReassignTicket
	    SeeCustomField ModifyCustomField SetInitialCustomField);
	my %users = (bot => \@work, dana => ['OwnTicket', @work], omar => ['OwnTicket', @work]);
	for my $name (sort keys %users) {
		my $user = RT::User->new($system);
		($ok, $said) = $user->Create(Name => $name, EmailAddress => "$name\@test.example", Privileged => 1,
		    Password => "secret-$name");
		die $said unless $ok;
		for my $right (@{ $users{$name} }) {
			($ok, $said) = $user->PrincipalObj->GrantRight(Right => $right, Object => $queue);
			die "$right: $said" unless $ok;
		}
		next unless $name eq 'bot';
		my ($id, $words, $token) = RT::AuthToken->new($system)->Create(Owner => $user->Id, Description => 'candor');
		die $words unless $token;
		open my $out, '>', 'token' or die;
		print $out "$token\n";
	}
	my $root = RT::User->new($system);
	$root->Load('root');
	my (undef, undef, $token) = RT::AuthToken->new($system)->Create(Owner => $root->Id, Description => 'root');
	open my $out, '>', 'root' or die;
	print $out "$token\n";
	P
	hand_over
	with_rt perl "$server/seed.pl" >"$server/seed.out" 2>&1 || {
		cat "$server/seed.out"
		return 1
	}
	rt_begin
}

# rt_begin: start it (again). Sets rt_pid.
rt_begin()
{
	cd "$server" || return 1
	"${user[@]}" env RT_SITE_CONFIG="$server/site.pm" RT_SITE_CONFIG_DIR="$server/conf.d" HOME="$server" \
		$rt_perl/libexec/rt-server --host 127.0.0.1 --port "${rt##*:}" --max-workers 2 >>"$server/log" 2>&1 &
	rt_pid=$!
	started+=("$rt_pid")
	cd "$work" || return 1
	wait_for 30 answers "$rt/REST/2.0/rt"
}

# rt_ask METHOD PATH [JSON]: as an administrator of Request Tracker.
rt_ask()
{
	local body=()
	[ $# -gt 2 ] && body=(-H "Content-Type: application/json" -d "$3")
	curl -s -m 30 -g -X "$1" -H "Authorization: token $(cat "$server/root")" "${body[@]}" "$rt/REST/2.0$2"
}

# redmine_server: Redmine with the project care, the users bot (an API key in $server/token), dana and omar. Sets
# server, redmine (its URL), dana and omar (their numbers).
redmine_server()
{
	local port
	port=$(free_port)
	redmine=http://127.0.0.1:$port
	server_folder redmine
	cp -rL $redmine_app "$server/app" 2>/dev/null
	mkdir -p "$server"/app/instances/default/{config,tmp,log,files}
	cp $redmine_db "$server/rm.db"
	cp /var/lib/redmine/Gemfile.lock "$server/app/" || return 1
	printf 'production:\n  adapter: sqlite3\n  database: %s\n' "$server/rm.db" >"$server/app/instances/default/config/database.yml"
	openssl rand -hex 64 >"$server/app/instances/default/config/secret_key.txt"
	openssl rand -hex 20 >"$server/token"
	sqlite3 "$server/rm.db" <<-S || return 1
	INSERT INTO settings (name, value, updated_on) VALUES ('rest_api_enabled', '1', datetime());
	UPDATE users SET must_change_passwd = 0;
	INSERT INTO tokens (user_id, action, value, created_on, updated_on)
	  VALUES (1, 'api', '$(cat "$server/token")', datetime(), datetime());
	S
	hand_over
	redmine_begin || return 1
	redmine_ask POST /projects.json '{"project":{"name":"Care","identifier":"care"}}' >"$server/seed.out"
	for name in dana omar; do
		redmine_ask POST /users.json "{\"user\":{\"login\":\"$name\",\"firstname\":\"$name\",\"lastname\":\"x\",\"mail\":\"$name@test.example\",\"password\":\"secret-$name\"}}" >"$server/$name"
		eval "$name=\$(json 'j[\"user\"][\"id\"]' <\"\$server/$name\")"
		redmine_ask POST /projects/care/memberships.json "{\"membership\":{\"user_id\":${!name},\"role_ids\":[3]}}" >>"$server/seed.out"
	done
}

redmine_begin()
{
	cd "$server/app" || return 1
	"${user[@]}" env HOME="$server" RAILS_ENV=production puma -e production -b "tcp://127.0.0.1:${redmine##*:}" -t 1:4 \
		config.ru >>"$server/log" 2>&1 &
	redmine_pid=$!
	started+=("$redmine_pid")
	cd "$work" || return 1
	wait_for 60 answers "$redmine/"
}

redmine_ask()
{
	local body=()
	[ $# -gt 2 ] && body=(-H "Content-Type: application/json" -d "$3")
	curl -s -m 30 -g -X "$1" -H "X-Redmine-API-Key: $(cat "$server/token")" "${body[@]}" "$redmine$2"
}

# ---- Candor with the ticket plugin ------------------------------------------------------------------

file()
{
	echo '{"category":"phi-disclosure","narrative":"Harold Finch of room 412 was posted."}' |
		"$candor" report --json - 2>>"$work/err"
}

numbers()
{
	as Dana cases --json --limit 200 2>>"$work/err" | json '"\n".join(x["case"] for x in j)' | sort
}

# file_case: file a report. Sets c, the number of its case; what the reporter was told is in $work/filed.
file_case()
{
	numbers >"$work/before"
	file >"$work/filed"
	numbers >"$work/after"
	c=$(comm -13 "$work/before" "$work/after")
}

deliveries()
{
	"$candor" admin delivery list --json --key "$admin_key" "$@"
}

quiet()
{
	[ "$(deliveries | json 'sum(d["state"] == "pending" for d in j)')" = 0 ]
}

# failed_with PATTERN, waits_with PATTERN: does a delivery that failed, or one that waits, say so?
failed_with()
{
	deliveries --failed | json '"\n".join(d["last_error"] for d in j)' | grep -q -- "$1"
}

waits_with()
{
	deliveries | json '"\n".join(str(d["last_error"]) for d in j if d["state"] == "pending")' | grep -qi -- "$1"
}

# tested_with PATTERN: a test event, and what it came to.
tested_with()
{
	"$candor" admin plugin test ticket --key "$admin_key" >/dev/null 2>&1
	wait_for 60 answered_with "$1"
}

answered_with()
{
	deliveries | json '"\n".join(str(d["reference"]) + " " + str(d["last_error"]) for d in j if d["event"] == "test")' |
		grep -q -- "$1"
}

# The reference that Candor shows for a case: "ID URL".
reference()
{
	as Dana case show "$1" --json | json 'j["references"][0]["reference"]'
}

has_reference()
{
	reference "$1" | grep -q '^[0-9][0-9]* http'
}

# anew: the plugin's file, or one that it names, is another now.
anew()
{
	local old
	old=$(room_pids host)
	"$candor" admin reload --key "$admin_key" >/dev/null
	wait_for 20 another "$old"
}

another()
{
	[ -n "$(room_pids host)" ] && [ "$(room_pids host)" != "$1" ]
}

# ticket_site MAPPING URL SETTINGS: an instance whose plugin speaks to $server, and three officers.
ticket_site()
{
	instance site
	cp "$server/token" "$dir/token"
	chmod 600 "$dir/token"
	cat >"$dir/plugins.d/ticket.conf" <<-C
	plugin = "ticket"; network = true; retry_min_s = 1; retry_max_s = 2; max_attempts = 100;
	settings = {
	  url = "$2"; mapping_file = "plugins.d/ticket/$1"; token_file = "token"; timeout_s = 25;
	  $3
	};
	C
	check "candord accepts the plugin's configuration" "$candord" -t -c "$dir/candor.conf"
	start
	three_officers
}

# rt_or_leave: rt_server, or an end of the scenario that says why not. redmine_or_leave: the same.
rt_or_leave()
{
	server_or_leave rt "Request Tracker"
}

redmine_or_leave()
{
	server_or_leave redmine Redmine
}

server_or_leave()
{
	local lacking
	if grep -qa libasan "$build/candor-host"; then
		skip "minutes of another program's time: tried with the plain build; sanitizers watch test_ticket"
		exit 0
	fi
	lacking=$("$1_lacking")
	if [ -n "$lacking" ]; then
		skip "$lacking"
		exit 0
	fi
	"$1_server" || {
		cat "$server/log" 2>/dev/null
		echo "not ok - a private $2 starts"
		exit 1
	}
}

# rt_tickets: "CASE ID" of every ticket of a case.
rt_tickets()
{
	local page=0 pages=1 got
	while [ $((page += 1)) -le "$pages" ]; do
		got=$(rt_ask GET "/tickets?query=Subject%20LIKE%20%27Candor%20case%27&fields=Subject&per_page=100&page=$page")
		pages=$(json 'int(j["pages"])' <<<"$got")
		json '"\n".join(t["Subject"].split(":")[0].split()[-1] + " " + t["id"] for t in j["items"])' <<<"$got"
	done
}
