#!/bin/sh
# Print one line a claim and theorem, tab-separated, read from the comments of Statements.v.
set -eu
cd "$(dirname "$0")"
awk '/^\(\* claim: / { line = $0; sub(/^\(\* claim: /, "", line); sub(/[;*].*$/, "", line); count = split(line, ids, /, */) }
     /^Theorem / && count { name = $2; sub(/:$/, "", name)
       for (i = 1; i <= count; i++) { gsub(/ /, "", ids[i]); print ids[i] "\t" name } count = 0 }' Statements.v | sort -s -k1,1
