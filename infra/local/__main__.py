"""`python -m infra.local VERB ...`, which is what `./dev VERB ...` runs."""

import sys

from infra.local.cli import main

sys.exit(main(sys.argv[1:]))
