"""`python -m deploy.cli` is `veil`."""

from deploy.cli.app import main

if __name__ == "__main__":
    main()
