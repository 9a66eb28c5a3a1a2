"""Measures how well a model plans and edits: on storybook scenes with a known truth, and on the user's own pairs."""
