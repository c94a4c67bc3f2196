import pytest

from chateval.checkpoint.step import training_step


@pytest.mark.parametrize(
    ("name", "state", "step"),
    [
        ("checkpoint-500", None, 500),
        ("step_20", None, 20),
        ("anything", '{"global_step": 40}', 40),
        ("checkpoint-500", '{"global_step": 40}', 40),
        ("checkpoint-500", "[1]", 500),
        ("checkpoint-500", '{"global_step": true}', 500),
        ("checkpoint-500", "not JSON", 500),
        ("checkpoint-500-merged", None, None),
        ("sft", None, None),
    ],
)
def test_the_step_is_what_the_trainer_wrote_else_what_the_folder_is_called(tmp_path, name, state, step):
    folder = tmp_path / name
    folder.mkdir()
    if state is not None:
        (folder / "trainer_state.json").write_text(state)

    assert training_step(folder) == step
