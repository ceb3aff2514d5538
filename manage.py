#!/usr/bin/env python
"""Django's command line; a bad setting is one sentence, not a traceback."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.stderr.write(f"proofsheet: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
