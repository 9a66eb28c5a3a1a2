"""The evaluation runs the shipped model on the selected tasks."""

from training.evaluate.storybook import Options, run, summary


def test_the_shipped_model_is_judged_on_the_selected_tasks(root):
    model = str(root / "resources" / "models" / "got-mini")
    verdicts = run(2, 0, Options(model, disturbed="rescaled", steps=2), tasks=("two_step", "background"))
    assert [v.task for v in verdicts] == ["two_step", "background"]
    assert set(summary(verdicts)["by_operation"]) == {"background", "two_step"}
