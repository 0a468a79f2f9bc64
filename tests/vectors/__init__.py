"""What strangers implement and check against; `make.py` writes the files."""
