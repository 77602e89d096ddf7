"""``python -m posturio_iac``."""

import sys

from posturio_iac.cli import main

if __name__ == "__main__":
    sys.exit(main())
