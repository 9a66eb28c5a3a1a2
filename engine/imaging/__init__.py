"""Pictures before and after the method: decoding, fitting, compositing."""
