"""`python -m training.annotate`: the command line of the annotation."""

import sys

from training.annotate.run import main

if __name__ == "__main__":
    sys.exit(main())
