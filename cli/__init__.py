"""The command line, shipped as vecsearch.cli: parse, make one call of the library, hand the result to an output."""
