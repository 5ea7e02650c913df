# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""The manifest of shipped weights, and loading a network by name or file.

A manifest names, for each network, its weights with checksum, input contract, licence, the domain
they were trained on, the command that trained them and the figures to expect. Nothing is loaded
whose checksum differs.
"""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
import hashlib
import importlib.util
import json
from pathlib import Path
import sys
from typing import Any, Literal, TypeAlias

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.contract import DescriptorNetwork, InputContract

Backend: TypeAlias = Literal['auto', 'torch', 'onnxruntime']
BACKENDS: tuple[Backend, ...] = ('auto', 'torch', 'onnxruntime')

MANIFEST_FORMAT = 1
MANIFEST_NAME = 'manifest.json'
_CHUNK_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class WeightsFile:
    """A file beside its manifest and what it must hash to."""

    file: str
    sha256: str


@dataclasses.dataclass(frozen=True, slots=True)
class ManifestEntry:
    """What is known of one set of weights.

    Attributes:
        name: what nodes and commands call it.
        architecture: of ``architectures.ARCHITECTURES``.
        contract: pictures in, descriptors out.
        weights: the torch file; its checksum is the network's identity in every back end.
        ground_onnx: the exported ground branch; None where it was not exported.
        reference_onnx: the exported reference branch.
        licence: of the weights.
        domain: what they were trained on, as ``simulation`` or ``real``.
        training_command: that made them.
        figures: to expect, by name.
        folder: where the files lie; not stored.
    """

    name: str
    architecture: str
    contract: InputContract
    weights: WeightsFile
    ground_onnx: WeightsFile | None
    reference_onnx: WeightsFile | None
    licence: str
    domain: str
    training_command: str
    figures: Mapping[str, float]
    folder: Path = Path()

    def path(self, file: WeightsFile) -> Path:
        """Where a file lies, its checksum verified.

        Raises:
            NetworkError: it is not there, or is another one.
        """
        path = self.folder / file.file
        found = file_sha256(path)
        if found != file.sha256:
            raise NetworkError(
                f'{path} has sha256 {found}; expected {file.sha256} of the manifest; fetch the '
                'file again, or export again to write a new manifest entry'
            )
        return path


def file_sha256(path: Path) -> str:
    """Checksum of a file's bytes.

    Raises:
        NetworkError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open('rb') as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise NetworkError(
            f'weights {path} cannot be read ({error.strerror}); expected a file; check the path'
        ) from error
    return digest.hexdigest()


def contract_record(contract: InputContract) -> dict[str, Any]:
    """A contract as JSON holds it."""
    return dataclasses.asdict(contract)


def contract_from_record(record: Mapping[str, Any]) -> InputContract:
    """The contract of a JSON record.

    Raises:
        NetworkError: a field is missing or not known.
    """
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in record.items()
    }
    try:
        return InputContract(**values)
    except TypeError as error:
        known = ', '.join(field.name for field in dataclasses.fields(InputContract))
        raise NetworkError(
            f'input contract {dict(record)} does not fit ({error}); expected the fields {known}; '
            'the weights are of another version of the package'
        ) from error


def read_manifest(path: Path) -> dict[str, ManifestEntry]:
    """The entries of a manifest by name.

    Raises:
        NetworkError: it cannot be read, or an entry is not whole.
    """
    try:
        document = json.loads(path.read_text(encoding='utf-8'))
        if document['format'] != MANIFEST_FORMAT:
            raise NetworkError(
                f'{path} has format {document["format"]!r}; expected {MANIFEST_FORMAT}; update '
                'the package or the weights'
            )
        entries = [_entry(record, path.parent) for record in document['networks']]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NetworkError(
            f'manifest {path} cannot be read ({type(error).__name__}: {error}); expected the JSON '
            'that geoloc-train export writes'
        ) from error
    return {entry.name: entry for entry in entries}


def write_manifest(path: Path, entries: Mapping[str, ManifestEntry]) -> None:
    """Write a manifest, names in order; the files it names lie beside it."""
    records = []
    for name in sorted(entries):
        record = dataclasses.asdict(entries[name])
        del record['folder']
        record['figures'] = dict(entries[name].figures)
        records.append(record)
    document = {'format': MANIFEST_FORMAT, 'networks': records}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + '\n', encoding='utf-8')


def _entry(record: Mapping[str, Any], folder: Path) -> ManifestEntry:
    values = dict(record)
    values['contract'] = contract_from_record(values['contract'])
    for key in ('weights', 'ground_onnx', 'reference_onnx'):
        values[key] = None if values[key] is None else WeightsFile(**values[key])
    return ManifestEntry(**values, folder=folder)


def models_folder() -> Path:
    """Where the shipped weights lie: the checkout's ``models``, else the installed share folder.

    Raises:
        NetworkError: neither has a manifest.
    """
    package = Path(__file__).resolve().parents[1]
    places = [package.parent / 'models']
    places += [parent / 'share' / 'geoloc_ros' / 'models' for parent in package.parents]
    places.append(Path(sys.prefix) / 'share' / 'geoloc_ros' / 'models')
    for place in places:
        if (place / MANIFEST_NAME).is_file():
            return place
    raise NetworkError(
        f'no {MANIFEST_NAME} in {places[0]} or {places[-1]}; expected the shipped weights; '
        'install the package again, or give the path of a weights file'
    )


def name_of(sha256: str, entries: Mapping[str, ManifestEntry]) -> str | None:
    """The name that a manifest has for weights of this checksum, if any."""
    return next((e.name for e in entries.values() if e.weights.sha256 == sha256), None)


def find_entry(name: str, models: Path | None = None) -> ManifestEntry:
    """The manifest entry of a network.

    Raises:
        NetworkError: there is none of that name.
    """
    folder = models or models_folder()
    entries = read_manifest(folder / MANIFEST_NAME)
    if name not in entries:
        raise NetworkError(
            f'network {name!r} is not in {folder / MANIFEST_NAME}; expected one of '
            f'{", ".join(entries) or "(it is empty)"}, or the path of a .pt or .onnx file'
        )
    return entries[name]


def load_network(
    name_or_path: str | Path,
    backend: Backend = 'auto',
    *,
    provider: str = 'auto',
    threads: int = 0,
    models: Path | None = None,
) -> DescriptorNetwork:
    """A network ready to run.

    Args:
        name_or_path: a name of the manifest; or a torch weights file (.pt); or an exported branch
            (.ground.onnx or .reference.onnx) with the other one beside it.
        backend: ``auto`` takes ONNX Runtime where the network was exported and it is installed,
            else torch.
        provider: where it runs: ``auto``, ``cpu``, ``cuda``; with ONNX Runtime also ``tensorrt``
            and ``openvino``.
        threads: of the network on a CPU; 0 takes half of the cores, at most 4.
        models: folder of the manifest, in place of the shipped one.

    Raises:
        NetworkError: unknown name, wrong checksum, or nothing installed that can run it.
    """
    if backend not in BACKENDS:
        raise NetworkError(
            f'back end is {backend!r}; expected one of {", ".join(BACKENDS)}; change the parameter'
        )
    path = Path(name_or_path)
    if path.suffix == '.onnx':
        return _load_onnx(_branches(path), backend, provider, threads, None)
    if path.suffix == '.pt':
        return _load_torch(path, backend, provider, threads)
    entry = find_entry(str(name_or_path), models)
    chosen = _chosen_backend(entry, backend)
    if chosen == 'torch':
        return _load_torch(entry.path(entry.weights), 'torch', provider, threads)
    if entry.ground_onnx is None or entry.reference_onnx is None:
        raise NetworkError(
            f'network {entry.name!r} was not exported to ONNX; expected both branches in the '
            "manifest; run geoloc-train export, or use backend 'torch'"
        )
    branches = (entry.path(entry.ground_onnx), entry.path(entry.reference_onnx))
    return _load_onnx(branches, chosen, provider, threads, entry.weights.sha256)


def _chosen_backend(entry: ManifestEntry, backend: Backend) -> Backend:
    if backend != 'auto':
        return backend
    exported = entry.ground_onnx is not None and entry.reference_onnx is not None
    return 'onnxruntime' if exported and _installed('onnxruntime') else 'torch'


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _branches(path: Path) -> tuple[Path, Path]:
    stem, dot, branch = path.name[: -len('.onnx')].rpartition('.')
    if not dot or branch not in ('ground', 'reference'):
        raise NetworkError(
            f'{path} is not an exported branch; expected NAME.ground.onnx with '
            'NAME.reference.onnx beside it; run geoloc-train export'
        )
    return path.with_name(f'{stem}.ground.onnx'), path.with_name(f'{stem}.reference.onnx')


def _load_torch(path: Path, backend: Backend, provider: str, threads: int) -> DescriptorNetwork:
    if backend not in ('auto', 'torch'):
        raise NetworkError(
            f'{path} holds torch weights, back end {backend!r} runs exported ones; expected a '
            ".onnx file; run geoloc-train export, or use backend 'torch'"
        )
    if not _installed('torch'):
        raise NetworkError(
            f'{path} needs torch, which is not installed; expected it or an exported network; '
            'run pip install torch, or pip install onnxruntime and use the .onnx files'
        )
    from geoloc_ros.networks.torch_backend import TorchNetwork

    return TorchNetwork.from_file(path, provider=provider, threads=threads)


def _load_onnx(
    branches: tuple[Path, Path],
    backend: Backend,
    provider: str,
    threads: int,
    weights_sha256: str | None,
) -> DescriptorNetwork:
    if backend == 'torch':
        raise NetworkError(
            f'{branches[0]} is exported, back end torch runs .pt files; expected one; use '
            "backend 'onnxruntime'"
        )
    if not _installed('onnxruntime'):
        raise NetworkError(
            f'{branches[0]} needs onnxruntime, which is not installed; run pip install '
            "onnxruntime (onnxruntime-gpu with an NVIDIA GPU), or use backend 'torch'"
        )
    from geoloc_ros.networks.onnx_backend import OnnxNetwork

    network = OnnxNetwork(*branches, provider=provider, threads=threads)
    if weights_sha256 is not None and network.sha256 != weights_sha256:
        raise NetworkError(
            f'{branches[0]} was exported from weights {network.sha256}; expected '
            f'{weights_sha256} of the manifest; run geoloc-train export again'
        )
    return network
