"""Image processing before and after the model: decoding, fitting, compositing."""
