# SPDX-License-Identifier: Apache-2.0
"""tfx.utils.io_utils: what executors read and write with."""

from __future__ import annotations

import csv
import os
import shutil
from typing import Any

from google.protobuf import json_format, text_format


def ensure_local(file_path: str) -> str:
    return file_path


def _parent(path: str) -> None:
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)


def copy_file(src: str, dst: str, overwrite: bool = False) -> None:
    if os.path.exists(dst) and not overwrite:
        raise FileExistsError(f"{dst} exists already; overwrite=True replaces it")
    _parent(dst)
    shutil.copyfile(src, dst)


def copy_dir(src: str, dst: str, allow_regex_patterns: Any = (), deny_regex_patterns: Any = ()) -> None:
    if allow_regex_patterns or deny_regex_patterns:
        raise NotImplementedError("copy_dir(allow_regex_patterns=…, deny_regex_patterns=…): tfxm copies whole folders")
    shutil.copytree(src, dst, dirs_exist_ok=True)


def get_only_uri_in_dir(dir_path: str) -> str:
    names = os.listdir(dir_path)
    if len(names) != 1:
        raise RuntimeError(f"Only one file per dir is supported: {dir_path} has {len(names)}")
    return os.path.join(dir_path, names[0])


def delete_dir(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path)


def write_string_file(file_name: str, string_value: str) -> None:
    write_bytes_file(file_name, string_value.encode())


def write_bytes_file(file_name: str, content: bytes) -> None:
    _parent(file_name)
    with open(file_name, "wb") as f:
        f.write(content)


def write_pbtxt_file(file_name: str, proto: Any) -> None:
    write_string_file(file_name, text_format.MessageToString(proto))


def parse_pbtxt_file(file_name: str, message: Any) -> Any:
    return text_format.Parse(read_bytes_file(file_name), message)


def parse_json_file(file_name: str, message: Any) -> Any:
    return json_format.Parse(read_bytes_file(file_name), message)


def load_csv_column_names(csv_file: str) -> list[str]:
    with open(csv_file, encoding="utf-8", newline="") as f:
        return next(csv.reader(f))


def all_files_pattern(file_pattern: str) -> str:
    return os.path.join(file_pattern, "*")


def read_string_file(file_name: str) -> str:
    return read_bytes_file(file_name).decode()


def read_bytes_file(file_name: str) -> bytes:
    with open(file_name, "rb") as f:
        return f.read()
