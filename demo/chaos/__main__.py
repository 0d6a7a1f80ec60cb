"""`python -m demo.chaos story PLAN` lives a plan; `python -m demo.chaos figures` tells what is stored."""

import json
import sys

import django

if __name__ == "__main__":
    django.setup()
    from demo.chaos.figures import figures
    from demo.chaos.plan import Plan
    from demo.chaos.story import tell

    if sys.argv[1] == "story":
        tell(Plan.from_text(sys.argv[2]))
    else:
        print(json.dumps(figures()))
