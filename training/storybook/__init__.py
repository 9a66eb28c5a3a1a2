"""The storybook: procedural picture-book scenes, their edits, and the criteria for a right edit."""
