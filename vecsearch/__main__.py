"""`python -m vecsearch`: the command line, which lies in another folder of the project."""

from importlib import import_module

if __name__ == "__main__":
    import_module("vecsearch.cli.main").main()
