"""The parts of `make.py`: a module a file of vectors."""
