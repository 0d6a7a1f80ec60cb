"""One file that holds the whole company: database and uploads, to be put back into an empty one."""
