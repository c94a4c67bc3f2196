"""Checkpoints of one run that were asked otherwise than its first -> tasks of their own, which compare with none."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from chateval.integrations.importers.about import Setting
from chateval.integrations.importers.draft import Draft


def set_apart(draft: Draft) -> None:
    """Give each checkpoint whose task was set otherwise than the first one's a task that says so in its name.

    Two checkpoints that were asked with other demos, decoding or system text did not do the same task, though the
    harness calls it the same.
    """
    names = {
        (checkpoint, task): name
        for task in list(draft.tasks)
        for checkpoint, name in _names(task, _settings(draft, task)).items()
    }
    if not names:
        return
    for (checkpoint, task), name in names.items():
        draft.note_once(f"{task}: {checkpoint} was asked otherwise: shown as {name}, not compared")
        setting = replace(draft.settings_of[checkpoint, task], output=draft.tasks[task].output)
        draft.tasks[name] = setting
        _move_samples(draft, checkpoint, task, name)
    for task in {task for _, task in names}:
        draft.tasks[task] = replace(_first(draft, task), output=draft.tasks[task].output)
    values = dict(draft.values)
    draft.values.clear()
    for (checkpoint, task, scorer), found in values.items():
        draft.values[checkpoint, names.get((checkpoint, task), task), scorer] = found
    draft.failed = [(one, names.get((one, task), task), value) for one, task, value in draft.failed]
    draft.answers = [replace(one, task=names.get((one.checkpoint, one.task), one.task)) for one in draft.answers]
    draft.figures = [replace(one, task=names.get((one.checkpoint, one.task), one.task)) for one in draft.figures]


def _settings(draft: Draft, task: str) -> Mapping[str, Setting]:
    return {one: draft.settings_of[one, task] for one in draft.subjects if (one, task) in draft.settings_of}


def _first(draft: Draft, task: str) -> Setting:
    return next(iter(_settings(draft, task).values()))


def _names(task: str, settings: Mapping[str, Setting]) -> dict[str, str]:
    """Return checkpoint -> what its task is called, for those that differ from the first one."""
    found = {}
    for checkpoint, setting in settings.items():
        others = list(next(iter(settings.values())).differences(setting))
        if others:
            found[checkpoint] = f"{task} ({', '.join(others)})"
    return found


def _move_samples(draft: Draft, checkpoint: str, task: str, name: str) -> None:
    """Copy what the checkpoint was asked, and drop what nobody else was asked."""
    asked = _asked(draft, task, {checkpoint})
    kept = _asked(draft, task, set(draft.subjects) - {checkpoint})
    draft.samples[name].update({one: sample for one, sample in draft.samples[task].items() if one in asked})
    draft.samples[task] = {one: sample for one, sample in draft.samples[task].items() if one in kept}


def _asked(draft: Draft, task: str, checkpoints: Iterable[str]) -> set[str]:
    wanted = set(checkpoints)
    lists = (found for (one, about, _), found in draft.values.items() if one in wanted and about == task)
    said = {value.sample_id for found in lists for value in found}
    return said | {value.sample_id for one, about, value in draft.failed if one in wanted and about == task}
