#!/bin/sh
# Print Statements.v without its proofs: the page to audit, beside Definitions.v.
set -eu
cd "$(dirname "$0")"
awk '/^Proof\./ { skip = 1 }
     !skip { print }
     skip && /Qed\.$/ { skip = 0 }' Statements.v
