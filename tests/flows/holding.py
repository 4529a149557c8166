"""Takes its card again and again as a process of its own: `python -m tests.flows.holding TIMES SECONDS`, a line "from to" for each time."""

import sys
import time

from tasks.steps.cards import cards_held

for _ in range(int(sys.argv[1])):
    with cards_held(lambda line: None):
        taken = time.time()
        print(f"{taken} ", end="", flush=True)
        time.sleep(float(sys.argv[2]))
        print(time.time(), flush=True)
