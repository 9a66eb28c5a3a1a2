"""What writes a GoT chain and reads one that is given."""
