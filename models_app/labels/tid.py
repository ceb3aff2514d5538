"""What a file name of TID2008 and TID2013 tells: iRR_DD_L.bmp."""

import re

# Reference 1 to 25, distortion 1 to 24, level 1 to 5; the files' letters are of mixed case.
NAME = re.compile(r"(i\d{2})_(\d{2})_(\d)(\.bmp)?", re.IGNORECASE)


def tid_words(name: str) -> tuple[str, dict[str, object]]:
    """Return the reference (`i01`), distortion number and level of a name.

    Names that are not TID's give an empty reference.
    """
    found = NAME.fullmatch(name)
    if not found:
        return "", {}
    reference, distortion, level, _suffix = found.groups()
    return reference.lower(), {"distortion": int(distortion), "level": int(level)}
