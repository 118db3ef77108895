"""`python -m s3api` is `sixfold serve`."""

import sys

if __name__ == "__main__":  # which it is not in a worker process, that runs this file too
    from s3api.cli import main

    main(["serve", *sys.argv[1:]])
