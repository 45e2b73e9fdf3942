#!/usr/bin/env bash
# data-dir.sh: print the directory of the optional test data (ibm_late_payment_histories.csv), or nothing.
# CREDIT_CONTROL_DATA names it; otherwise a data directory in a neighbour of this tree is taken.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
for file in "${CREDIT_CONTROL_DATA:-}"/ibm_late_payment_histories.csv "$root"/../*/data/ibm_late_payment_histories.csv; do
	[ ! -r "$file" ] || { dirname "$file"; break; }
done
