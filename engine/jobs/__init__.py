"""Jobs: stored on disk, and run one at a time on the device."""
