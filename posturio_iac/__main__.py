"""``python -m posturio_iac``, which never imports from the current folder: a stranger may have written what is there."""

import os
import sys

if sys.path and sys.path[0] in ("", os.getcwd()):  # the current folder, where Python looks first when it is run with -m
    del sys.path[0]

if __name__ == "__main__":
    from posturio_iac.cli import program

    program()
