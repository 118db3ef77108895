"""`python -m s3api [OPTIONS]` runs `sixfold serve`; `python -m s3api COMMAND` runs that command."""

import sys

if __name__ == "__main__":  # false in a worker process, which runs this file too
    from s3api.cli import main

    given = sys.argv[1:]
    main(given if given and not given[0].startswith("-") else ["serve", *given])
