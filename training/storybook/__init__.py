"""The storybook: a world of drawn picture-book scenes, their edits, and when an edit of one is right."""
