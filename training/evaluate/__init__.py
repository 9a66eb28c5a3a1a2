"""How well a model plans and edits: storybook scenes, whose truth is known, and pairs of the user's own."""
