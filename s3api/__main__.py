"""`python -m s3api` is `sixfold serve`."""

import sys

from s3api.cli import main

if __name__ == "__main__":
    main(["serve", *sys.argv[1:]])
