"""`python -m s3api` is `sixfold serve`, and with the name of a command `sixfold`."""

import sys

if __name__ == "__main__":  # which it is not in a worker process, that runs this file too
    from s3api.cli import main

    given = sys.argv[1:]
    main(given if given and not given[0].startswith("-") else ["serve", *given])
