"""``python -m posturio_iac``, which never imports what the current folder holds: a stranger may have written it."""

import os
import sys

if sys.path and sys.path[0] in ("", os.getcwd()):  # where Python looks first for whatever is run with -m
    del sys.path[0]

if __name__ == "__main__":
    from posturio_iac.cli import main

    sys.exit(main())
