#!/bin/bash
# SPDX-License-Identifier: ISC
# The documents say what the programs do: every verb, option and setting has its place, and every file
# they point to is there. sdk.sh follows doc/PLUGINS.md.
. "$(dirname "$0")/lib.sh"
man=$top/doc/man
cd "$top" || exit 70

# names_all SENTENCE FILE PATTERN NAME…: each name, put in the place of @, is found in the file.
names_all()
{
	local sentence=$1 file=$2 pattern=$3 name missing=
	shift 3
	for name in "$@"; do
		grep -qE -- "${pattern//@/$name}" "$file" || missing="$missing $name"
	done
	check "$sentence${missing:+:$missing}" test $# -gt 0 -a -z "$missing"
}

for page in candor.1 candor-plugin.1 candord.8 candor.conf.5; do
	if command -v mandoc >/dev/null; then
		check "$page is without a warning" mandoc -T lint -W warning "$man/$page"
	else
		skip "mandoc is not installed: $page is not looked over"
	fi
done

# ---- candor(1), candord(8) ----------------------------------------------------------------------
mapfile -t verbs < <("$candor" --help | sed -n '/^usage:/,/--site/s/^  \([a-z][a-z-]*\) .*/\1/p')
names_all "candor(1) has every verb" "$man/candor.1" "^\.It Cm @( |$)" "${verbs[@]}"
mapfile -t options < <({
	"$candor" --help
	for v in "${verbs[@]}"; do "$candor" "$v" --help; done
} | grep -oE -- '--[a-z][a-z-]+' | sed 's/^--//' | sort -u)
names_all "and every option" "$man/candor.1" "Fl -@( |$)" "${options[@]}"
# What a verb with words behind it answers when it is given none: "… needs one word more: a, b, c".
for v in key directory case template admin "admin officer" "admin plugin" "admin delivery"; do
	# shellcheck disable=SC2086
	mapfile -t words < <("$candor" $v 2>&1 | sed -n 's/.*one word more: //p' | tr -d ' ' | tr ',' '\n')
	names_all "and every word behind $v" "$man/candor.1" "Cm (key|directory|case|template|admin|$v) @( |$)" "${words[@]}"
done
names_all "candor(1) has the variables of the environment" "$man/candor.1" "Ev @( |$)" \
	CANDOR_SITE CANDOR_KEY NO_COLOR XDG_STATE_HOME TERM
mapfile -t options < <("$candord" --help | grep -oE -- '--[a-z][a-z-]+' | sed 's/^--//' | sort -u)
names_all "candord(8) has every option" "$man/candord.8" "Fl -@( |$)" "${options[@]}"

# ---- candor.conf(5): asked of candord itself, by settings that it cannot know -------------------
strange=qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq
instance strange
sed -i "s/^headcount_k.*/& limits = { $strange = 1; };/; 0,/{ id = /s//{ $strange = 1; id = /" "$dir/candor.conf"
sed -i "0,/id = /s//$strange = 1; id = /" "$dir/categories.conf"
echo "$strange = 1;" >>"$dir/candor.conf"
echo "plugin = \"email\"; $strange = 1;" >"$dir/plugins.d/one.conf"
# The ticket plugin's settings depend on its mapping, whose parameters are not the manual's affair.
for plugin in email webhook ticket; do
	mapping=
	[ $plugin != ticket ] || mapping='mapping_file = "plugins.d/ticket/rt5.conf";'
	echo "plugin = \"$plugin\"; settings = { $mapping $strange = 1; };" >"$dir/plugins.d/$plugin.conf"
done
"$candord" -t -c "$dir/candor.conf" >"$work/faults" 2>&1
known() # what stands before the strange name
{
	sed -n "s|^$1.*[0-9]: $2$strange is unknown; allowed:||p" "$work/faults" | head -1
}
keys()
{
	local sentence=$1 names
	shift
	read -ra names <<<"$(known "$@")"
	names_all "$sentence" "$man/candor.conf.5" "^\.It Ic @( |$)" "${names[@]}"
}
keys "candor.conf(5) has every setting of candor.conf" "$dir/candor.conf" ""
keys "of limits" "$dir/candor.conf" "limits\."
keys "of categories" "" "categories\[0\]\."
keys "of sites" "$dir/candor.conf" "sites\[0\]\."
keys "of a plugin's file" "$dir/plugins.d/one.conf" ""
for plugin in email webhook ticket; do
	read -ra names <<<"$(sed -n "s|.*$plugin.conf.*unknown setting $strange; allowed are ||p" "$work/faults" | sed 's/, queue, requestor//' | tr -d ,)"
	awk -v head=".Ss Settings of the $plugin plugin" '/^\.S[sh]/ { in_it = $0 == head } in_it' \
		"$man/candor.conf.5" >"$work/section"
	names_all "of the $plugin plugin" "$work/section" "^\.It Ic ([a-z_]+ , )?@( |$)" "${names[@]}"
done
echo "$strange = \"\";" >>"$site"
read -ra names <<<"$("$candor" guide 2>&1 | sed -n 's/.*known are //p' | sed 's/ and / /; s/,//g')"
names_all "and of site.conf" "$man/candor.conf.5" "^\.It Ic @( |$)" "${names[@]}"

# ---- what the documents point to ----------------------------------------------------------------
missing=
for page in README.md doc/*.md; do
	for to in $(grep -oE '\]\([^)#:]+\)' "$page" | tr -d '])('); do
		[ -e "$(dirname "$page")/$to" ] || missing="$missing $page:$to"
	done
	for to in $(grep -oE '`(doc|etc|tests|include|plugins|daemon|client|lib|bench)/[A-Za-z0-9_./-]+' "$page" | tr -d '`'); do
		[ -e "$to" ] || missing="$missing $page:$to"
	done
done
check "every file that the documents point to is there${missing:+:$missing}" test -z "$missing"
