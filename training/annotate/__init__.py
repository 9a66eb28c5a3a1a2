"""From pairs in any format to a folder to train from: where a pair differs, and the GoT chain that says so."""
