# The classes of tokens, from internal.h, as definitions for re2c: a byte each, in their order.
BEGIN { print "/*!re2c" }
/^\tC_[A-Z_]+,/ {
	sub(/^\tC_/, "")
	sub(/,.*/, "")
	if ($0 != "NONE" && $0 != "_N")
		printf "\t%s = \"\\x%02x\";\n", $0, n
	if ($0 != "_N")
		n++
}
END { printf "\tANY = [\\x01-\\x%02x];\n\tNUL = \"\\x00\";\n*/\n", n - 1 }
