"""What numbers and dates have in common: full-width letters, and evidence that must be weighed."""

FULL = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
ODD_SPACES = dict.fromkeys(map(ord, "\u3000\u00a0\u202f\u2009"), " ")
ODD_SIGNS = {ord("−"): "-", ord("–"): "-", ord("﹣"): "-", ord("’"): "'", ord("￥"): "¥", ord("。"): "."}
PLAIN = FULL | ODD_SPACES | ODD_SIGNS
# Expressions that go back over a text are never given one that somebody made long for that.
LONGEST = 100
MINORITY = 20  # one in so many may be a slip of the hand; it is set aside, and does not decide


class Unclear(Exception):
    """The sample can be read in two ways; `example` is a text that can.

    `kind`: decimals or order where nothing decides, mixed_decimals or mixed_order where both are there.
    """

    def __init__(self, kind: str, example: str) -> None:
        super().__init__(kind)
        self.kind, self.example = kind, example


def plain(text: str) -> str:
    """Without what only looks different; nothing of a text too long to be a number or a moment."""
    if len(text) > LONGEST:
        return ""
    return (text if text.isascii() else text.translate(PLAIN)).strip()


def is_wide(text: str) -> bool:
    return any("！" <= letter <= "～" or letter == "￥" for letter in text)


def decide(votes: dict[str, int]) -> str | None:
    """The one answer with the votes; "" where nobody voted, None where too many voted otherwise."""
    best = max(votes, key=lambda answer: votes[answer], default="")
    others = sum(votes.values()) - votes.get(best, 0)
    return None if others * MINORITY > votes.get(best, 0) else best
