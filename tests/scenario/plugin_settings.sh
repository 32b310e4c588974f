#!/bin/bash
# SPDX-License-Identifier: ISC
# Every setting of every plugin, missing, of a wrong type, out of range and with a line break in it: `candord -t` names
# the file, the line, and what is allowed.
. "$(dirname "$0")/lib.sh"

instance site
rm -f "$dir"/plugins.d/*.conf
mkdir -p "$dir/keys"
echo secret >"$dir/keys/one_line"

# plugin_is NAME, then its head and settings on standard input, one on a line: right as they stand.
plugin_is()
{
	name=$1
	rm -f "$dir"/plugins.d/*.conf
	file=$dir/plugins.d/$name.conf
	cat >"$work/right.conf"
	cp "$work/right.conf" "$file"
	check "$name: right settings are accepted" "$candord" -t -c "$dir/candor.conf"
}

# wrong KEY VALUE PATTERN [LINE OF]: with that value, or without the key ("-"), there is a complaint that matches, in
# its line, or another key's; where the key is not there, in that of the settings.
wrong()
{
	local key=$1 value=$2 line out
	line=$(grep -n "^[[:space:]]*$key = " "$work/right.conf" | head -1 | cut -d: -f1)
	if [ "$value" = - ]; then
		sed "${line}d" "$work/right.conf" >"$file"
		line=$(grep -n "settings = {" "$file" | cut -d: -f1)
		[[ $key =~ ^(plugin|network)$ ]] && line=1
	elif [ -n "$line" ]; then
		awk -v n="$line" -v text="$key = $(sed 's/\\/\\\\/g' <<<"$value");" 'NR == n { $0 = text } { print }' "$work/right.conf" >"$file"
	else
		line=$(($(grep -n "settings = {" "$work/right.conf" | cut -d: -f1) + 1))
		awk -v n="$line" -v text="$key = $(sed 's/\\/\\\\/g' <<<"$value");" 'NR == n { print text } { print }' "$work/right.conf" >"$file"
	fi
	[ -z "${4:-}" ] || line=$(grep -n "^$4 = " "$file" | cut -d: -f1)
	out=$("$candord" -t -c "$dir/candor.conf" 2>&1)
	if [ $? = 78 ] && grep -qE -- "$name\\.conf:$line: .*($3)" <<<"$out"; then
		echo "ok - $name: $key = $value is refused"
	else
		echo "not ok - $name: $key = $value is refused in line $line with /$3/"
		echo "    | $out"
	fi
}

# What every file has in front of the plugin's own settings.
plugin_is webhook <<C
plugin = "webhook";
enabled = true;
network = true;
settings = {
url = "https://hooks.hospital.example/candor";
secret_file = "keys/one_line";
timeout_s = 20;
};
C
wrong plugin - "plugin is missing; allowed: a \"text\""
wrong plugin 7 "plugin is .*allowed: a \"text\""
wrong plugin '"nosuch"' "nosuch.so cannot be read"
wrong enabled '"yes"' "allowed: true or false"
wrong network 1 "allowed: true or false"
wrong url - "url must be given"
wrong url 7 "url = .* must be a URL: https://"
wrong url '"http://hooks.hospital.example/"' "must begin with https://"
wrong url '"https://a.example/\r\nX-Evil: 1"' "must be a URL"
wrong url '{ a = 1; }' "cannot hold a group; allowed: a text"
wrong secret_file - "secret_file must be given"
wrong timeout_s 0 "must be 1 to 600"
wrong timeout_s '"soon"' "must be 1 to 600"
wrong timeout_s 601 "must be 1 to 600"
wrong colour '"red"' "unknown setting colour; allowed are url, secret_file"

plugin_is email <<C
plugin = "email";
network = true;
settings = {
host = "mail.hospital.example";
port = 587;
starttls = "required";
username = "bot";
password_file = "keys/one_line";
from = "candor@hospital.example";
subject = "%{number}";
body = "Case %{number}";
timeout_s = 20;
};
C
wrong host - "host must be the mail server's name"
wrong host '"mail\r\nDATA"' "host must be"
wrong port 0 "must be 1 to 65535"
wrong port 65536 "must be 1 to 65535"
wrong port '"smtp"' "must be 1 to 65535"
wrong port true "must be 1 to 65535"
wrong starttls '"none"' "allowed only when host is localhost"
wrong starttls 1 "must be \"required\", \"implicit\""
wrong username - "go together" password_file
wrong username '"bot\r\n"' "username is empty or holds a control character"
wrong password_file - "go together" username
wrong from - "from must be one address"
wrong from '"a@b.example\r\nBcc: c@d.example"' "from must be one address"
wrong from '["a@b.example", "c@d.example"]' "from must be one address"
wrong subject '"a\r\nBcc: c@d.example"' "one line"
wrong subject '"%{narrative}"' "unknown placeholder %\{narrative\}; allowed are %\{"
wrong body '"a\rb"' "only line breaks and tabs"
wrong timeout_s 0 "must be 1 to 600"
wrong cafile '"/x"' "unknown setting cafile; allowed are host"

cp "$dir/plugins.d/ticket/rt5.conf" "$dir/keys/rt5.conf"
plugin_is ticket <<C
plugin = "ticket";
network = true;
settings = {
url = "https://rt.hospital.example";
mapping_file = "keys/rt5.conf";
token_file = "keys/one_line";
queue = "General";
requestor = "privacy@hospital.example";
owners = ["dana@hospital.example=dana"];
username = "candor";
timeout_s = 20;
settle_s = 5;
};
C
wrong url - "url must be given"
wrong url '"ftp://rt.hospital.example"' "must begin with https://"
wrong url '"https://rt.example/\r\n"' "must be a URL"
wrong mapping_file - "mapping_file must be given"
wrong mapping_file '"keys/one_line"' "mapping_file: .*one_line:[0-9]+: "
wrong mapping_file '"keys/none.conf"' "mapping_file: .*No such file"
wrong token_file - "token_file must be given"
wrong queue - "queue must be given: .*rt5.conf needs it"
wrong queue '"a\nb"' "queue is empty or holds a control character"
wrong queue '""' "queue is empty"
wrong requestor '"a\r\nb"' "requestor is empty or holds a control character"
wrong owners '["dana"]' "owners must be a list such as"
wrong owners '["dana@h.example=a\nb"]' "owners must be a list"
wrong username '""' "username is empty"
wrong timeout_s 601 "must be 1 to 600"
wrong settle_s 61 "must be 0 to 60"
wrong settle_s '"x"' "must be 0 to 60"
wrong project '"a"' "unknown setting project; allowed are url"

plugin_is command <<C
plugin = "command";
programs = ["/bin/true"];
settings = {
program = "/bin/true";
arguments = ["--queue", "compliance"];
path = "/usr/bin:/bin";
timeout_s = 20;
reference = true;
retry_codes = [75];
};
C
wrong programs '["/bin/nosuch"]' "programs: /bin/nosuch: No such file"
wrong programs '"/bin/true"' "allowed: a list"
wrong program - "program must be given"
wrong program '"true"' "settings.program = .* may not be run; allowed: one of programs"
wrong arguments '["a\nb"]' "arguments must be a list of up to 32"
wrong arguments '["a,b"]' "holds a comma"
wrong path '"/bin\n"' "path must be up to"
wrong timeout_s 0 "must be 1 to 600"
wrong reference '"maybe"' "must be true or false"
wrong retry_codes '[256]' "must be 1 to 255"
wrong retry_codes '["x"]' "must be 1 to 255"
wrong shell true "unknown setting shell; allowed are program"

plugin_is syslog <<C
plugin = "syslog";
network = true;
settings = {
host = "siem.hospital.example";
port = 6514;
transport = "tls";
plain = false;
cert_file = "keys/one_line";
key_file = "keys/one_line";
facility = "local0";
sd_id = "candor@32473";
hostname = "candor.hospital.example";
app_name = "candor";
timeout_s = 20;
};
C
wrong host - "host must be the collector's name"
wrong host '"siem\r\nx"' "host must be"
wrong port 0 "must be 1 to 65535"
wrong port '"x"' "must be 1 to 65535"
wrong transport '"tcp"' "plain = true"
wrong transport 1 "must be \"tls\", \"tcp\" or \"udp\""
wrong plain 1 "must be true or false"
wrong cert_file - "cert_file and key_file must be given together" key_file
wrong key_file - "cert_file and key_file must be given together" cert_file
wrong facility '"local8"' "must be \"local0\" to"
wrong sd_id '"candor"' "must be NAME@NUMBER"
wrong sd_id '"a]b@1"' "must be NAME@NUMBER"
wrong hostname '"a\r\n<134>1"' "hostname must be 1 to 255 visible"
wrong app_name '"a b"' "app_name must be 1 to 48 visible"
wrong timeout_s 0 "must be 1 to 600"
wrong protocol '"x"' "unknown setting protocol; allowed are host"
