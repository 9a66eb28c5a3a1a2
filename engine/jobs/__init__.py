"""Jobs: kept on disk, run one after another on the one device."""
