# The rules and phrases of a language pack to re2c. Lines: "name = PATTERN" defines; "[group]" begins an
# automaton of rules, "label condition BEFORE <WHAT> BEHIND" is a rule of it; "CLASS PATTERN" is a phrase.
# A line that is indented goes on with the one before it.
function close_block() {
	if (group != "")
		print "\t* { return; }\n\t*/\n}\n"
	else if (phrases)
		print "\t* { YYCURSOR = cls + 1; PHRASE(cls[0]); }\n\t*/"
}
function rule(  part, when, label, extent) {
	split(line, part, " ")
	label = toupper(part[1])
	when = toupper(part[2])
	gsub(/-/, "_", label)
	gsub(/-/, "_", when)
	sub(/^[^ ]+ +[^ ]+ +/, "", line)
	if (label == "STAYS")
		return line " { STAYS; }"
	sub(/<$/, "@b", line)
	sub(/</, "@b (", line)
	if (line !~ />/) {
		extent = when
		sub(/\/.*/, "", extent)
		if (!sub(/.*\//, "", when))
			when = "ALWAYS"
		return line (line ~ /@b$/ ? "" : ")") " { REST(" label ", WHEN_" when ", REST_" extent "); }"
	}
	sub(/>/, ") @e", line)
	return line " { RULE(" label ", WHEN_" when "); }"
}
function flush() {
	if (line ~ /^\[/) {
		close_block()
		group = substr(line, 2, length(line) - 2)
		groups = groups " " group "(cls, &best);"
		print "static void\n" group "(const uint8_t *cls, struct strip_match *best)\n{\n\tBEGIN;"
		print "\t/*!stags:re2c:" group " format = 'const unsigned char *@@{tag} = cls;\\n'; */"
		print "\t/*!re2c:" group
	} else if (line ~ /^[a-z_]+ += /)
		print (group == "" && !phrases ? "/*!re2c " line "; */" : "\t" line ";")
	else if (line ~ /^[A-Z]/) {
		if (!phrases++)
			print "\t/*!re2c"
		match(line, /^[A-Z_]+/)
		print "\t" substr(line, RLENGTH + 1) " { PHRASE(C_" substr(line, 1, RLENGTH) "); }"
	} else if (line != "")
		print "\t" rule()
	line = ""
}
/^#/ || /^$/ { next }
/^[ \t]/ { sub(/^[ \t]+/, " "); line = line $0; next }
{ flush(); line = $0 }
END {
	flush()
	close_block()
	if (groups != "")
		print "#define GROUPS" groups
}
