"""The commands of `got`, one file each; a command turns its arguments into a request and prints the outcome."""
