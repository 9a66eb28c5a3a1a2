"""`python -m training.evaluate`: the command line of the evaluation."""

import sys

from training.evaluate.storybook import main

if __name__ == "__main__":
    sys.exit(main())
