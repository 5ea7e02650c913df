# SPDX-FileCopyrightText: 2026 The geoloc_ros developers
# SPDX-License-Identifier: Apache-2.0
"""Runs exported networks with ONNX Runtime, on a CPU or an NVIDIA GPU.

Its threads do not spin: waiting threads that burn a core take it from BLAS, torch and the
middleware, and the slowest frames get slower by a factor of seven.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
import re
from typing import Any

import onnxruntime

from geoloc_ros.errors import NetworkError
from geoloc_ros.networks.contract import Float32Array, ImageBatchU8, InputContract
from geoloc_ros.networks.distances import descriptor_distances
from geoloc_ros.networks.pictures import (
    CPU_BATCH,
    GPU_BATCH,
    check_ground,
    check_reference,
    in_batches,
    thread_count,
)
from geoloc_ros.networks.weights import contract_from_record

#: Key of our record in an exported file's metadata.
METADATA_KEY = 'geoloc_ros'
INPUT_NAME = 'pictures'

_PROVIDERS = {
    'cpu': 'CPUExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    'tensorrt': 'TensorrtExecutionProvider',
    'openvino': 'OpenVINOExecutionProvider',
}

_ON_CPU = ('cpu', 'openvino')


class OnnxNetwork:
    """A ``DescriptorNetwork`` of two exported branches.

    A branch is loaded when it is first used: a robot with a map never loads the other one.

    Args:
        ground_path: the exported ground branch.
        reference_path: the exported reference branch.
        provider: ``auto`` (CUDA where it is there, else the CPU), ``cpu``, ``cuda``,
            ``tensorrt``, or ``openvino`` (an Intel or AMD CPU, with the package
            onnxruntime-openvino in place of onnxruntime).
        threads: on a CPU; 0 takes half of the cores, at most 4.
        cache: folder of TensorRT engines; None takes the user's cache folder.
        half_precision: let TensorRT compute in float16.

    Raises:
        NetworkError: a file is none of ours, or the provider cannot run here.
    """

    def __init__(
        self,
        ground_path: Path,
        reference_path: Path,
        *,
        provider: str = 'auto',
        threads: int = 0,
        cache: Path | None = None,
        half_precision: bool = False,
    ) -> None:
        self._paths = {'ground': ground_path, 'reference': reference_path}
        self._provider = chosen_provider(provider)
        self._threads = thread_count(threads)
        self._cache = cache
        self._half_precision = half_precision
        self._sessions: dict[str, Any] = {}
        self._batch = CPU_BATCH if self._provider in _ON_CPU else GPU_BATCH
        record = self._record('ground' if ground_path.is_file() else 'reference')
        self._contract = contract_from_record(record['contract'])
        self._sha256 = str(record['weights_sha256'])
        self._domain = str(record['domain'])

    @property
    def contract(self) -> InputContract:
        """What it takes and gives."""
        return self._contract

    @property
    def sha256(self) -> str:
        """Of the weights that were exported."""
        return self._sha256

    @property
    def domain(self) -> str:
        """What the weights were trained on."""
        return self._domain

    @property
    def provider(self) -> str:
        """Where it runs: ``cpu``, ``cuda``, ``tensorrt`` or ``openvino``."""
        return self._provider

    def describe_ground(self, images: ImageBatchU8) -> Float32Array:
        """Descriptors of ground pictures, shape (n, *ground_descriptor_shape)."""
        check_ground(self._contract, images)
        session = self._session('ground')
        shape = self._contract.ground_descriptor_shape
        return in_batches(lambda batch: _run(session, batch), images, self._batch, shape)

    def describe_reference(self, patches: ImageBatchU8) -> Float32Array:
        """Descriptors of reference patches, shape (n, *descriptor_shape)."""
        check_reference(self._contract, patches)
        session = self._session('reference')
        shape = self._contract.descriptor_shape
        return in_batches(lambda batch: _run(session, batch), patches, self._batch, shape)

    def distances(self, ground: Float32Array, references: Float32Array) -> Float32Array:
        """Squared Euclidean distances, shape (m, n_yaw)."""
        return descriptor_distances(self._contract, ground, references)

    def _session(self, branch: str) -> Any:
        if branch not in self._sessions:
            session = self._sessions[branch] = self._loaded(branch)
            record = _metadata(session, self._paths[branch])
            if record['branch'] != branch or self._sha256 != record['weights_sha256']:
                raise NetworkError(
                    f'{self._paths[branch]} is the {record["branch"]} branch of weights '
                    f'{record["weights_sha256"]}; expected the {branch} branch of '
                    f'{self._sha256}; export both branches together'
                )
        return self._sessions[branch]

    def _record(self, branch: str) -> dict[str, Any]:
        self._sessions[branch] = self._loaded(branch)
        return _metadata(self._sessions[branch], self._paths[branch])

    def _loaded(self, branch: str) -> Any:
        path = self._paths[branch]
        if not path.is_file():
            raise NetworkError(
                f'{path} is not there; expected the exported {branch} branch; run geoloc-train '
                'export'
            )
        options = session_options(self._threads)
        wanted = provider_options(
            self._provider, path, self._cache, self._half_precision, self._threads
        )
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=wanted)
        except Exception as error:
            # ONNX Runtime raises a class of its own for each of its status codes.
            raise NetworkError(
                f'ONNX Runtime {onnxruntime.__version__} cannot load {path} '
                f'({str(error)[:300]}); expected an exported branch; export it again'
            ) from error
        name = _PROVIDERS[self._provider]
        if name not in session.get_providers():
            raise NetworkError(
                f'ONNX Runtime fell back to {session.get_providers()}; expected {name}; install '
                "the CUDA (TensorRT) libraries of its version, or use provider 'cpu'"
            )
        return session


def _run(session: Any, pictures: ImageBatchU8) -> Float32Array:
    result: Float32Array = session.run(None, {INPUT_NAME: pictures})[0]
    return result


def _metadata(session: Any, path: Path) -> dict[str, Any]:
    text = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    if text is None:
        raise NetworkError(
            f'{path} was not exported by this package; expected its input contract inside; run '
            'geoloc-train export'
        )
    record: dict[str, Any] = json.loads(text)
    return record


def session_options(threads: int) -> Any:
    """Options of a session that shares its machine with others."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    options.add_session_config_entry('session.inter_op.allow_spinning', '0')
    options.log_severity_level = 3
    return options


def chosen_provider(provider: str) -> str:
    """The provider to use.

    Raises:
        NetworkError: it is not known, or this ONNX Runtime was built without it.
    """
    available = onnxruntime.get_available_providers()
    if provider == 'auto':
        return 'cuda' if _PROVIDERS['cuda'] in available else 'cpu'
    if provider not in _PROVIDERS:
        raise NetworkError(
            f'provider is {provider!r}; expected auto, {", ".join(_PROVIDERS)}; change the '
            'parameter'
        )
    if _PROVIDERS[provider] not in available:
        raise NetworkError(
            f'this ONNX Runtime has no {_PROVIDERS[provider]} (it has {", ".join(available)}); '
            'install onnxruntime-gpu (for openvino: onnxruntime-openvino) in its place, or use '
            "provider 'cpu'"
        )
    return provider


def provider_options(
    provider: str, path: Path, cache: Path | None, half_precision: bool, threads: int
) -> list[tuple[str, dict[str, str]]]:
    """Providers in order of preference, with what they are told.

    TensorRT takes minutes to build an engine and an engine fits one GPU, one version and one
    network: the cache folder is named by all of them.
    """
    cpu: tuple[str, dict[str, str]] = (_PROVIDERS['cpu'], {})
    cuda = (_PROVIDERS['cuda'], {'cudnn_conv_algo_search': 'HEURISTIC'})
    if provider == 'cpu':
        return [cpu]
    if provider == 'cuda':
        return [cuda, cpu]
    if provider == 'openvino':
        on_cpu = {'device_type': 'CPU', 'num_of_threads': str(threads)}
        return [(_PROVIDERS['openvino'], on_cpu), cpu]
    folder = engine_folder(cache or user_cache(), gpu_name(), path)
    folder.mkdir(parents=True, exist_ok=True)
    tensorrt = {
        'trt_engine_cache_enable': '1',
        'trt_engine_cache_path': str(folder),
        'trt_timing_cache_enable': '1',
        'trt_timing_cache_path': str(folder),
        'trt_fp16_enable': '1' if half_precision else '0',
    }
    return [(_PROVIDERS['tensorrt'], tensorrt), cuda, cpu]


def engine_folder(cache: Path, gpu: str, path: Path) -> Path:
    """The folder of the engines of one network on one GPU with one ONNX Runtime."""
    network = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    device = re.sub(r'[^A-Za-z0-9]+', '_', gpu).strip('_') or 'gpu'
    return cache / f'{device}-onnxruntime_{onnxruntime.__version__}-{network}'


def user_cache() -> Path:
    """Where a user's programs keep what they can make again."""
    base = os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache'
    return Path(base) / 'geoloc_ros' / 'tensorrt'


def gpu_name(information: Path = Path('/proc/driver/nvidia/gpus')) -> str:
    """Model and driver of the first NVIDIA GPU as the driver tells them; 'unknown' without one."""
    for file in sorted(information.glob('*/information')):
        found = re.search(r'^Model:\s*(.+)$', file.read_text(), re.MULTILINE)
        if found:
            version = information.parent / 'version'
            driver = (
                re.search(r'\d+\.\d+(\.\d+)?', version.read_text()) if version.exists() else None
            )
            return f'{found[1].strip()} {driver[0] if driver else ""}'.strip()
    return 'unknown'
