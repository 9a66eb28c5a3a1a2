"""A model from nothing: the phases of a recipe, on storybook scenes alone."""
