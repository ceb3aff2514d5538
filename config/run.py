"""`make run`: the entry; the work is in config/launcher.py."""

import os
import sys


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    try:
        # Imported in here, so that Ctrl-C in this first second is no traceback either.
        from config.launcher import run

        return run()
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main())
