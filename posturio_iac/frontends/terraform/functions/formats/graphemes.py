"""What a reader sees as one character, closely enough for names and tags."""

from __future__ import annotations

_ZERO_WIDTH_JOINER = "\u200d"
_REGIONAL = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def clusters(text: str) -> list[str]:
    """Split into grapheme clusters: marks, joiners, skin tones, flags and CR LF stay together; Hangul jamo and rarer rules do not."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    result: list[str] = []
    for char in text:
        if result and _joins(result[-1], char):
            result[-1] += char
        else:
            result.append(char)
    return result


def _joins(cluster: str, char: str) -> bool:
    """True if ``char`` belongs to the cluster before it."""
    if char in "\r\n" or cluster[-1] in "\r\n":
        return cluster == "\r" and char == "\n"
    if char.isascii():
        return False
    if ord(char) in _REGIONAL:
        return len(cluster) == 1 and ord(cluster) in _REGIONAL
    if char == _ZERO_WIDTH_JOINER or cluster[-1] == _ZERO_WIDTH_JOINER or ord(char) in _SKIN_TONES:
        return True
    import unicodedata

    return unicodedata.category(char) in ("Mn", "Me", "Mc")
