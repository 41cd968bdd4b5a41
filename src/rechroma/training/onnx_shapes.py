"""Arithmetic on sizes, taken out of a traced graph wherever its result is always the same.

The tracer writes down how every size was computed: more than half of the nodes of a network of ours
are such arithmetic and its constants, and whoever loads the file pays for it, each time. It is run
here once, at sizes of several kinds; what came out the same at all of them becomes a constant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from rechroma.colorizer.session import FATAL_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["fold_sizes"]

_Values = dict[str, "NDArray[Any]"]


def fold_sizes(
    proto: onnx.ModelProto, examples: Sequence[Mapping[str, NDArray[np.float32]]]
) -> onnx.ModelProto:
    """Return the graph with as little arithmetic on sizes as these examples allow.

    Args:
        proto: A graph without control flow, whose outputs are no constants; it is changed.
        examples: Inputs by name, at sizes that have little in common: what is the same at all of
            them is taken to be so at every size.
    """
    graph = proto.graph
    sized = set(_made_of_sizes(graph))
    reshapes = [n for n in graph.node if n.op_type == "Reshape" and n.input[1] in sized]
    probes = _probed(proto, sized, {node.input[0] for node in reshapes}, examples)
    constant = {
        name: value
        for name, value in probes[0].items()
        if name in sized and all(np.array_equal(value, probe[name]) for probe in probes)
    }
    for node in reshapes:
        given, wanted = _shape_name(node.input[0]), node.input[1]
        template = _template([(probe[given], probe[wanted]) for probe in probes])
        if wanted not in constant and template is not None:
            node.input[1] = f"{node.output[0]}_shape"
            constant[node.input[1]] = template
    kept = [node for node in graph.node if not set(node.output) & constant.keys()]
    del graph.node[:]
    graph.node.extend([*_shared_constants(constant, kept), *kept])
    _drop_unused(graph)
    return proto


def _made_of_sizes(graph: onnx.GraphProto) -> Iterator[str]:
    """Yield the names of what depends on constants and on the sizes of tensors alone."""
    # Weights are no constants here: training goes on from them.
    found: set[str] = set()
    for node in graph.node:
        if node.op_type in ("Shape", "Constant") or (node.input and found.issuperset(node.input)):
            found.update(node.output)
            yield from node.output


def _probed(
    proto: onnx.ModelProto,
    wanted: set[str],
    shaped: set[str],
    examples: Sequence[Mapping[str, NDArray[np.float32]]],
) -> list[_Values]:
    """Return the values of `wanted`, and the shapes of `shaped`, for each of the examples."""
    probe = onnx.ModelProto()
    probe.CopyFrom(proto)
    for name in sorted(shaped):
        probe.graph.node.append(helper.make_node("Shape", [name], [_shape_name(name)]))
    names = sorted({*wanted, *(_shape_name(name) for name in shaped)})
    del probe.graph.output[:]
    probe.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = FATAL_ONLY
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(probe.SerializeToString(), options)
    values = [cast("list[NDArray[Any]]", session.run(names, dict(e))) for e in examples]
    return [dict(zip(names, each, strict=True)) for each in values]


def _shape_name(name: str) -> str:
    return f"{name}_probed_shape"


def _template(shapes: list[tuple[NDArray[Any], NDArray[Any]]]) -> NDArray[np.int64] | None:
    """Return a constant that reshapes as these pairs of (given, wanted) shapes do, if there is one.

    0 takes the input's dimension at the same place, −1 is what is left.
    """
    template: list[int] = []
    for place, first in enumerate(shapes[0][1]):
        if all(wanted[place] == first for _, wanted in shapes):
            template.append(int(first))
        elif all(len(given) > place and wanted[place] == given[place] for given, wanted in shapes):
            template.append(0)
        else:
            template.append(-1)
    return np.array(template, np.int64) if template.count(-1) <= 1 else None


def _shared_constants(values: _Values, users: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Return a node for each value, whatever its names, and change what its users call it."""
    made: dict[tuple[str, tuple[int, ...], bytes], onnx.NodeProto] = {}
    names: dict[str, str] = {}
    for name, value in values.items():
        array = np.asarray(value)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in made:
            tensor = numpy_helper.from_array(array)
            made[key] = helper.make_node("Constant", [], [name], value=tensor)
        names[name] = made[key].output[0]
    for node in users:
        node.input[:] = [names.get(name, name) for name in node.input]
    return list(made.values())


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Remove the nodes, and the notes on shapes, of what nobody uses any more."""
    used = {output.name for output in graph.output}
    kept: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if used.intersection(node.output):
            used.update(node.input)
            kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    notes = [note for note in graph.value_info if note.name in used]
    del graph.value_info[:]
    graph.value_info.extend(notes)
