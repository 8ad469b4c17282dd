"""Each private Asterisk's own folder of data."""

from __future__ import annotations

from pathlib import Path

from ariroute.lab.asterisk import link_data


def shared(folder: Path, *voices: str) -> Path:
    for name in ("documentation", "moh", "sounds/custom", *(f"sounds/{voice}" for voice in voices)):
        (folder / name).mkdir(parents=True)
    for voice in voices:
        (folder / "sounds" / voice / "beep.gsm").touch()
    return folder


def test_the_voice_that_is_unpacked_is_english(tmp_path: Path) -> None:
    data = shared(tmp_path / "data", "en_US_f_Allison", "sv_SE_f")
    for _ in range(2):  # at each start
        link_data(data, tmp_path / "own")
    own = tmp_path / "own"
    assert (own / "moh").resolve() == data / "moh"
    assert (own / "sounds/en/beep.gsm").resolve() == data / "sounds/en_US_f_Allison/beep.gsm"
    assert (own / "sounds/sv_SE_f/beep.gsm").is_file()


def test_a_sound_of_ones_own_stays_with_its_asterisk(tmp_path: Path) -> None:
    data = shared(tmp_path / "data", "en")
    link_data(data, tmp_path / "own")
    (tmp_path / "own/sounds/custom/hello.wav").touch()
    assert list((data / "sounds/custom").iterdir()) == []
    assert (tmp_path / "own/sounds/en").resolve() == data / "sounds/en"


def test_without_any_sounds_there_is_room_for_ones_own(tmp_path: Path) -> None:
    (tmp_path / "data/documentation").mkdir(parents=True)
    link_data(tmp_path / "data", tmp_path / "own")
    assert sorted(path.name for path in (tmp_path / "own").iterdir()) == ["documentation", "sounds"]
    assert [path.name for path in (tmp_path / "own/sounds").iterdir()] == ["custom"]
