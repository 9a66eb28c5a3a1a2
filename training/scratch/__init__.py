"""Trains a model from scratch, phase by phase, on storybook scenes only."""
