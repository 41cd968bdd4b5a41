"""`python -m rechroma`: what `accelerate launch -m rechroma train …` needs."""

import sys

from rechroma.cli import main

if __name__ == "__main__":
    sys.exit(main())
