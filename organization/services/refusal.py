class Refusal(Exception):
    """What was asked cannot be done; the text is a sentence for the person who asked.

    `field` is what it was about: "role", "stores", "regions", "username" …, or "" for all of it.
    """

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field
