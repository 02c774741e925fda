"""``python -m pipelines.cli``: the command line without its script."""

import sys

from pipelines.cli.main import main

sys.exit(main())
