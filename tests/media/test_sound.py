"""Recordings: known by their first bytes, and passed on."""

import io
import wave

import pytest

from chateval.errors import DataError
from chateval.media import Found, heard_in, read_sound, wire_messages


def wav():
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(b"\0\0" * 80)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("content", "form"), [(wav(), "wav"), (b"ID3\x03" + b"\0" * 9, "mp3"), (b"\xff\xfb\x90\0\0", "mp3")]
)
def test_wav_and_mp3_are_recordings(content, form):
    assert read_sound(Found(content, data="x"), where="row", said=form).format == form


@pytest.mark.parametrize(
    ("content", "said", "why"),
    [
        (b"", "", "no recording"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "", "no recording"),
        (b"OggS" + b"\0" * 40, "", "those are wav and mp3"),
        (wav(), "mp3", "is said to be 'mp3', and it is wav"),
    ],
)
def test_what_is_no_recording_is_refused_in_words(content, said, why):
    with pytest.raises(DataError, match=f"^row: .*{why}"):
        read_sound(Found(content, data="x"), where="row", said=said)


def test_a_recording_is_sent_as_openai_takes_it():
    import base64

    data = base64.b64encode(wav()).decode()
    sound = read_sound(Found(wav(), data=data), where="row")
    messages = [{"role": "user", "content": [{"type": "audio", "sha256": sound.sha256}]}]

    [sent] = wire_messages(messages, (), heard_in(messages, [sound]))

    assert sent["content"] == [{"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}]
