"""Writes the small weight files under src/test/resources/golden/weights that the readers are tested on.

Run from the repository root:  python core/src/test/python/export_weight_files.py
With a folder as argument it writes there, instead, a full-size ResNet-18 in all four containers.
Needs torch, numpy and safetensors. Files are the same at every run but for PyTorch's own storage addresses in the legacy containers.

expected.tsv lists what PyTorch itself reads from each good file: file, format, name, dtype, shape, SHA-256 of the contiguous elements.
hostile.tsv lists each bad file with words that the error must contain.
"""
import collections
import copyreg
import hashlib
import io
import os
import pathlib
import pickle
import struct
import sys
import tarfile
import tempfile
import zipfile

import torch
from safetensors.torch import save_file

OUT = pathlib.Path(__file__).resolve().parents[1] / "resources" / "golden" / "weights"
HOSTILE = OUT / "hostile"

expected = []
hostile = []


def little_endian(t):
    t = t.detach().contiguous().reshape(-1)
    if t.is_complex():
        t = torch.view_as_real(t).contiguous().reshape(-1)
    return t.view(torch.uint8).numpy().tobytes()


def tsv(file, format, name, t):
    shape = ",".join(str(d) for d in t.shape)
    return "\t".join([file, format, name, str(t.dtype).removeprefix("torch."), shape, hashlib.sha256(little_endian(t)).hexdigest()])


def expect(file, format, tensors):
    expected.extend(tsv(file, format, name, t) for name, t in tensors.items())


# Good files

OLD_TYPES = [torch.float32, torch.float64, torch.float16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8]
NEW_TYPES = [torch.bfloat16, torch.bool, torch.complex64, torch.complex128]
UNTYPED = [torch.uint16, torch.uint32, torch.uint64, torch.float8_e4m3fn, torch.float8_e5m2]


def of_type(dtype):
    if dtype == torch.bool:
        return torch.tensor([[True, False, True], [False, False, True]])
    values = torch.tensor([[0.0, 1.0, 2.0], [3.0, 96.0, 112.0]], dtype=torch.float64)
    if dtype.is_complex:
        return torch.complex(values, -values / 2).to(dtype)
    return (values * (0.5 if dtype.is_floating_point else 1)).to(dtype)


def every_type(types):
    return {str(t).removeprefix("torch."): of_type(t) for t in types}


def views(expand=True):
    base = torch.arange(60, dtype=torch.float32).reshape(3, 4, 5)
    shared = torch.arange(12, dtype=torch.float32)
    d = collections.OrderedDict()
    d["contiguous"] = base.clone()
    d["transposed"] = base.transpose(0, 2)
    d["permuted"] = base.permute(1, 2, 0)
    d["sliced"] = base[:, 1:3, ::2]
    d["offset"] = base[2]
    d["column"] = base[:, :, 3]
    d["shared.a"] = shared
    d["shared.b"] = shared[4:8]
    d["shared.c"] = shared.view(3, 4).t()
    d["parameter"] = torch.nn.Parameter(torch.arange(4, dtype=torch.float32) * 0.25)
    d["frozen"] = torch.nn.Parameter(torch.ones(2, 1), requires_grad=False)
    d["channels_last"] = torch.arange(48, dtype=torch.float32).reshape(2, 3, 2, 4).contiguous(memory_format=torch.channels_last)
    d["counter"] = torch.tensor(7, dtype=torch.int64)
    if expand:
        d["expanded"] = torch.tensor([[1.5], [2.5]]).expand(2, 7)
        d["empty"] = torch.empty(0, dtype=torch.float32)
        d["empty.shaped"] = torch.empty(3, 0, 2, dtype=torch.float64)
    return d


def with_metadata(d):
    d = collections.OrderedDict(d)
    d._metadata = collections.OrderedDict([("", {"version": 1}), ("fc", {"version": 2})])
    return d


def checkpoint():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    net(torch.ones(2, 3)).sum().backward()
    optimizer.step()
    state = torch.nn.DataParallel(net).state_dict()
    return {"epoch": 3, "arch": "mlp", "best_prec1": 91.25, "state_dict": state, "optimizer": optimizer.state_dict(),
            "history": [0.5, 0.25], "classes": {"ants", "bees"}, "device": torch.device("cpu"), "size": torch.Size([2, 3]),
            "raw": b"\x00\xff", "nothing": None, "types": (torch.float32, True)}


def nested():
    return {"encoder": {"w": torch.arange(6.0).reshape(2, 3), "deep": {"b": torch.ones(2, dtype=torch.int32)}},
            "decoder": collections.OrderedDict(w=torch.zeros(1)), "note": "no top-level tensors", 7: {"x": torch.ones(1)}}


def flat(d, prefix=""):
    out = {}
    for k, v in d.items():
        if isinstance(v, torch.Tensor):
            out[prefix + str(k)] = v
        elif isinstance(v, dict):
            out.update(flat(v, prefix + str(k) + "."))
    return out


def resnet18(values):
    """torchvision's ResNet-18 state dict: its names and shapes, and values(index, shape) for each."""
    shapes = collections.OrderedDict()

    def norm(name, channels):
        for part in ["weight", "bias", "running_mean", "running_var"]:
            shapes[f"{name}.{part}"] = (channels,)
        shapes[f"{name}.num_batches_tracked"] = ()

    shapes["conv1.weight"] = (64, 3, 7, 7)
    norm("bn1", 64)
    for layer, channels in enumerate([64, 128, 256, 512], 1):
        for block in range(2):
            name = f"layer{layer}.{block}"
            entering = channels if layer == 1 or block == 1 else channels // 2
            shapes[f"{name}.conv1.weight"] = (channels, entering, 3, 3)
            norm(f"{name}.bn1", channels)
            shapes[f"{name}.conv2.weight"] = (channels, channels, 3, 3)
            norm(f"{name}.bn2", channels)
            if entering != channels:
                shapes[f"{name}.downsample.0.weight"] = (channels, entering, 1, 1)
                norm(f"{name}.downsample.1", channels)
    shapes["fc.weight"] = (1000, 512)
    shapes["fc.bias"] = (1000,)
    assert len(shapes) == 122
    return collections.OrderedDict((name, torch.tensor(i) if shape == () else values(i, shape))
                                   for i, (name, shape) in enumerate(shapes.items()))


def formula(i, shape):
    n = int(torch.Size(shape).numel())
    return ((torch.arange(n, dtype=torch.float64) * (i + 3) % 251) / 125 - 1).to(torch.float32).reshape(shape)


def four_containers(folder, state):
    """The same state dict in every container."""
    torch.save(state, folder / "resnet18-zip.pth")
    torch.save(state, folder / "resnet18-legacy.pth", _use_new_zipfile_serialization=False)
    save_tar(folder / "resnet18-tar.pth", state)
    save_file(state, folder / "resnet18.safetensors")


def save_zip(name, obj, tensors=None, **options):
    torch.save(obj, OUT / name, **options)
    expect(name, "torch-zip", tensors if tensors is not None else obj)


def save_legacy(name, obj, tensors=None):
    torch.save(obj, OUT / name, _use_new_zipfile_serialization=False)
    expect(name, "torch-legacy", tensors if tensors is not None else obj)


def rezip(source, target, change=lambda name, data: data, prefix=None, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(OUT / source) as old, zipfile.ZipFile(OUT / target, "w", compression) as new:
        for name in old.namelist():
            to = name if prefix is None else prefix + name.split("/", 1)[1]
            new.writestr(zipfile.ZipInfo(to), change(name, old.read(name)), compression)


def big_endian():
    """Reads as on a big-endian machine: every storage's elements turned, and byteorder says so."""
    d = every_type([torch.float32, torch.int64, torch.float16, torch.uint8, torch.complex64, torch.float64])
    torch.save(d, OUT / "little.tmp")
    units = {str(i): {torch.complex64: 4}.get(t.dtype, t.element_size()) for i, t in enumerate(d.values())}

    def turn(name, data):
        if name.endswith("byteorder"):
            return b"big"
        key = name.rsplit("/", 1)[1]
        if "/data/" in name and key in units:
            u = units[key]
            return b"".join(data[i:i + u][::-1] for i in range(0, len(data), u))
        return data

    rezip("little.tmp", "big-endian.pth", turn)
    os.remove(OUT / "little.tmp")
    loaded = torch.load(OUT / "big-endian.pth", weights_only=True)
    assert all(torch.equal(loaded[k], d[k]) for k in d)
    expect("big-endian.pth", "torch-zip", d)


def save_tar(path, obj):
    """The container of PyTorch 0.1, which no PyTorch writes any more: see torch.serialization.legacy_load for its reader."""
    storages, tensors = {}, {}

    def key_of(t):
        key = 400_000_000 + 16 * len(tensors)
        root = t.untyped_storage().data_ptr()
        if root not in storages:
            storages[root] = (500_000_000 + 16 * len(storages), t)
        tensors[key] = (t, storages[root][0])
        return key

    class TarPickler(pickle.Pickler):
        keys = {}

        def persistent_id(self, o):
            if isinstance(o, torch.Tensor) and not isinstance(o, torch.nn.Parameter):
                if id(o) not in self.keys:
                    self.keys[id(o)] = (str(key_of(o)), o)
                return self.keys[id(o)][0]
            return None

        def reducer_override(self, o):
            if isinstance(o, torch.nn.Parameter):
                return copyreg.__newobj__, (torch.nn.Parameter,), (o.detach(), None, None, o.requires_grad, False)
            return NotImplemented

    body = io.BytesIO()
    TarPickler(body, protocol=2).dump(obj)

    storage_file = tempfile.TemporaryFile()
    pickle.dump(len(storages), storage_file, protocol=2)
    for key, t in storages.values():
        typed = t.storage()
        pickle.dump((key, "cpu", getattr(torch, typed._pickle_storage_type())), storage_file, protocol=2)
        storage_file.flush()
        typed._untyped_storage._write_file(storage_file, True, True, t.element_size())
    pickle.dump([(600_000_000, next(iter(storages.values()))[0], 2, 3)], storage_file, protocol=2)
    storage_file.seek(0)

    tensor_file = io.BytesIO()
    pickle.dump(len(tensors), tensor_file, protocol=2)
    for key, (t, storage_key) in tensors.items():
        tensor_type = getattr(torch, t.storage()._pickle_storage_type().replace("Storage", "Tensor"))
        pickle.dump((key, storage_key, tensor_type), tensor_file, protocol=2)
        tensor_file.write(struct.pack("<iI", t.dim(), 7))
        tensor_file.write(struct.pack(f"<{t.dim()}q", *t.shape))
        tensor_file.write(struct.pack(f"<{t.dim()}q", *t.stride()))
        tensor_file.write(struct.pack("<q", t.storage_offset()))

    sys_info = pickle.dumps({"little_endian": True, "protocol_version": 1000, "type_sizes": {"int": 4, "short": 2, "long": 4}}, protocol=2)
    with tarfile.open(path, "w:", format=tarfile.PAX_FORMAT) as tar:
        for name, data in [("sys_info", sys_info), ("pickle", body.getvalue()), ("tensors", tensor_file.getvalue()),
                ("storages", storage_file.read())]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = 1483719550.98166
            tar.addfile(info, io.BytesIO(data))


def good_files():
    types = every_type(OLD_TYPES + NEW_TYPES + UNTYPED)
    save_zip("dtypes.pth", types)
    save_zip("dtypes-protocol4.pth", types, pickle_protocol=4)
    save_legacy("dtypes-legacy.pth", types)
    safe = {k: v for k, v in types.items() if k != "complex128"}
    safe["scalar"] = torch.tensor(2.5)
    safe["empty"] = torch.empty(2, 0)
    save_file(safe, OUT / "dtypes.safetensors", metadata={"format": "pt", "note": 'quotes " and \\ and \u00e9'})
    expect("dtypes.safetensors", "safetensors", safe)

    d = with_metadata(views())
    save_zip("views.pth", d)
    save_legacy("views-legacy.pth", d)

    tar = with_metadata({**views(expand=False), **every_type(OLD_TYPES)})
    save_tar(OUT / "views-tar.pth", tar)
    loaded = torch.load(OUT / "views-tar.pth", weights_only=False)
    for k in tar:
        assert loaded[k].dtype == tar[k].dtype and torch.equal(loaded[k], tar[k]), k
    assert isinstance(loaded["parameter"], torch.nn.Parameter) and loaded["parameter"].requires_grad
    expect("views-tar.pth", "torch-tar", tar)

    c = checkpoint()
    weights = {k.removeprefix("module."): v for k, v in c["state_dict"].items()}
    save_zip("checkpoint.pth", c, weights)
    save_legacy("checkpoint-legacy.pth", c, weights)
    n = nested()
    save_zip("nested.pth", n, flat(n))
    attributed = torch.ones(2)
    attributed.note = "kept beside the tensor"
    p = torch.nn.Parameter(torch.ones(3))
    p.note = "kept beside the parameter"
    save_zip("attributes.pth", {"tensor": attributed, "parameter": p})

    small = resnet18(lambda i, shape: formula(i, tuple(min(d, 2) for d in shape)))
    four_containers(OUT, small)
    for name, container in [("-zip.pth", "torch-zip"), ("-legacy.pth", "torch-legacy"), ("-tar.pth", "torch-tar"),
            (".safetensors", "safetensors")]:
        expect("resnet18" + name, container, small)

    big_endian()
    rezip("views.pth", "deflated.pth", prefix="renamed folder/", compression=zipfile.ZIP_DEFLATED)
    expect("deflated.pth", "torch-zip", d)
    torch.serialization.set_crc32_options(False)
    save_zip("no-checksums.pth", {"w": torch.arange(20.0)})
    torch.serialization.set_crc32_options(True)


# Hostile files: PyTorch's layout, with one thing in it that must be refused

class Raw:
    """Pickle opcodes by hand."""

    def __init__(self):
        self.b = bytearray(b"\x80\x02")

    def __add__(self, data):
        self.b += data
        return self

    def text(self, s):
        s = s.encode()
        return self + (b"X" + struct.pack("<I", len(s)) + s)

    def call(self, module, name):
        return self + f"c{module}\n{name}\n".encode()

    def int(self, n):
        if -2**31 <= n < 2**31:
            return self + (b"J" + struct.pack("<i", n))
        data = n.to_bytes(9, "little", signed=True)
        return self + (b"\x8a\x09" + data)

    def storage(self, key="0", numel=4, cls="FloatStorage", module="torch"):
        return (self + b"(").text("storage").call(module, cls).text(key).text("cpu").int(numel) + b"tQ"

    def tensor(self, numel=4, offset=0, sizes=(4,), strides=(1,), **storage):
        self.call("torch._utils", "_rebuild_tensor_v2") + b"("
        self.storage(numel=numel, **storage).int(offset) + b"("
        for s in sizes:
            self.int(s)
        self + b"t("
        for s in strides:
            self.int(s)
        return (self + b"t\x89").call("collections", "OrderedDict") + b")RtR"

    def dict_of(self, body):
        self + b"}("
        self.text("w")
        body(self)
        return self + b"u."

    def bytes(self):
        return bytes(self.b)


def write_zip(name, pickled, says, storage=struct.pack("<4f", 1, 2, 3, 4), extra=(), compression=zipfile.ZIP_STORED, folder="archive/",
        order=b"little"):
    with zipfile.ZipFile(HOSTILE / name, "w", compression) as z:
        members = [(folder + "data.pkl", pickled), (folder + "byteorder", order), (folder + "data/0", storage),
                (folder + "version", b"3\n"), *extra]
        for member, data in members:
            z.writestr(zipfile.ZipInfo(member), data, compression)
    hostile.append((name, says))


def tensor_file(name, says, **tensor):
    write_zip(name, Raw().dict_of(lambda r: r.tensor(**tensor)).bytes(), says)


def hostile_pickle(name, says, body, **options):
    write_zip(name, Raw().dict_of(body).bytes(), says, **options)


def good_pickle():
    return Raw().dict_of(lambda r: r.tensor()).bytes()


def hostile_pickles():
    def system(r):
        r.call("os", "system") + b"("
        r.text("touch owned") + b"tR"
    hostile_pickle("os-system.pth", "asks for os.system", system)
    hostile_pickle("builtins-eval.pth", "asks for builtins.eval", lambda r: r.call("builtins", "eval"))
    hostile_pickle("getattr.pth", "asks for __builtin__.getattr", lambda r: r.call("__builtin__", "getattr"))
    hostile_pickle("dotted-name.pth", "asks for torch._utils._rebuild_tensor_v2.__globals__",
                   lambda r: r.call("torch._utils", "_rebuild_tensor_v2.__globals__"))
    hostile_pickle("numpy-scalar.pth", "asks for numpy.core.multiarray.scalar", lambda r: r.call("numpy.core.multiarray", "scalar"))
    hostile_pickle("storage-from-bytes.pth", "asks for torch.storage._load_from_bytes",
            lambda r: r.call("torch.storage", "_load_from_bytes"))
    hostile_pickle("quantized.pth", "asks for torch._utils._rebuild_qtensor", lambda r: r.call("torch._utils", "_rebuild_qtensor"))
    hostile_pickle("inst.pth", "asks for os.system", lambda r: r + b"(ios\nsystem\n")
    hostile_pickle("extension.pth", "opcode 0x82", lambda r: r + b"\x82\x01")
    hostile_pickle("call-a-string.pth", "not a function", lambda r: r.text("os.system") + b")R")
    hostile_pickle("build-a-tensor.pth", "BUILD of something", lambda r: (r.tensor() + b"}").text("x") + b"b")
    hostile_pickle("deep-marks.pth", "nested deeper", lambda r: r + b"(" * 4000)
    hostile_pickle("deep-lists.pth", "no tensors", lambda r: r + b"]" * 90000 + b"a" * 89999, compression=zipfile.ZIP_DEFLATED)
    hostile_pickle("deep-stack.pth", "waiting on the stack", lambda r: r + b"]" * 110000, compression=zipfile.ZIP_DEFLATED)
    hostile_pickle("long-string.pth", "are left", lambda r: r + b"X\xff\xff\xff\xff")
    hostile_pickle("negative-string.pth", "negative length", lambda r: r + b"T\xff\xff\xff\xff")
    hostile_pickle("long-bytes.pth", "are left", lambda r: r + b"B\xff\xff\xff\x7f")
    hostile_pickle("bad-utf8.pth", "not valid UTF-8", lambda r: r + b"X\x02\x00\x00\x00\xff\xfe")
    hostile_pickle("never-memoized.pth", "never stored", lambda r: r + b"j\xff\xff\xff\xff")
    hostile_pickle("empty-stack.pth", "missing on the stack", lambda r: r + b"\x87")
    hostile_pickle("no-mark.pth", "mark is missing", lambda r: r + b"tt")
    hostile_pickle("unknown-storage.pth", "lacks archive/data/9", lambda r: r.tensor(key="9"))
    hostile_pickle("conjugated.pth", "lazily conjugated", lambda r: conjugated(r))
    hostile_pickle("protocol.pth", "protocol 9", lambda r: r + b"\x80\x09")

    def laughs(r):
        """Thirty levels of dicts, each holding the one below ten times: 10^30 paths."""
        r + b"}"
        for level in range(30):
            r + bytes([ord("q"), level]) + b"}("
            for i in range(10):
                r.text(str(i)) + bytes([ord("h"), level])
            r + b"u"
    hostile_pickle("billion-laughs.pth", "more than 500000 entries", laughs)

    def self_containing(r):
        (r + b"}q\x00").text("d") + b"h\x00s"
    hostile_pickle("cycle.pth", "nested deeper than 64", self_containing)
    write_zip("no-tensors.pth", b"\x80\x02}X\x05\x00\x00\x00epochK\x03s.", "no tensors")
    write_zip("one-tensor.pth", Raw().tensor().bytes() + b".", "holds one tensor")
    write_zip("unfinished.pth", good_pickle()[:-1], "end inside archive/data.pkl")


def conjugated(r):
    r.call("torch._utils", "_rebuild_tensor_v2") + b"("
    (r.storage().int(0) + b"(").int(4) + b"t("
    r.int(1) + b"t\x89"
    (r.call("collections", "OrderedDict") + b")R}").text("conj") + b"\x88stR"


def hostile_tensors():
    tensor_file("offset-beyond.pth", "reaches outside its storage", offset=3, sizes=(2,))
    tensor_file("offset-negative.pth", "reaches outside its storage", offset=-1, sizes=(2,))
    tensor_file("stride-negative.pth", "reaches outside its storage", sizes=(2,), strides=(-1,))
    tensor_file("stride-huge.pth", "reaches outside its storage", sizes=(3,), strides=(2**62,))
    tensor_file("offset-huge.pth", "reaches outside its storage", offset=2**63 - 1, sizes=(2,), strides=(2**62,))
    tensor_file("size-negative.pth", "negative size", sizes=(-4,))
    tensor_file("size-huge.pth", "larger than one Java array", sizes=(2**40,))
    tensor_file("size-overflow.pth", "larger than one Java array", sizes=(2**31 - 1, 2**31 - 1, 2**31 - 1), strides=(0, 0, 0))
    tensor_file("expanded.pth", "repeat their storage", sizes=(20000, 20000), strides=(0, 0))
    tensor_file("ranks-differ.pth", "sizes and", sizes=(2, 2), strides=(1,))
    tensor_file("many-dimensions.pth", "dimensions", sizes=(1,) * 100, strides=(1,) * 100)
    tensor_file("storage-larger-than-member.pth", "should have 400 bytes", numel=100)
    tensor_file("storage-negative.pth", "negative size", numel=-4)
    tensor_file("storage-overflow.pth", "impossibly large", numel=2**62)
    tensor_file("integer-of-65-bits.pth", "not a storage", numel=2**64)

    def many(r):
        """A thousand names for one storage, each expanded."""
        for i in range(1000):
            r.tensor(sizes=(1000, 4), strides=(0, 1)).text(f"w{i}")
        r.tensor()
    hostile_pickle("many-expanded.pth", "repeat their storage", many, compression=zipfile.ZIP_DEFLATED)


def edit(name, source, says, change):
    data = bytearray((HOSTILE / source).read_bytes())
    change(data)
    (HOSTILE / name).write_bytes(data)
    hostile.append((name, says))


def hostile_archives():
    write_zip("plain.tmp", good_pickle(), "")
    write_zip("deflated.tmp", good_pickle(), "", compression=zipfile.ZIP_DEFLATED, storage=bytes(16))
    del hostile[-2:]
    assert torch.load(HOSTILE / "plain.tmp", weights_only=True)["w"].tolist() == [1, 2, 3, 4]
    for member, says in [("../../evil", "outside its folder"), ("/etc/passwd", "outside its folder"), ("a\\..\\b", "outside its folder")]:
        write_zip(f"name-{len(hostile)}.pth", good_pickle(), says, extra=[(member, b"x")])
    write_zip("no-pickle.pth", good_pickle(), "has 0 members", folder="a/b/")
    write_zip("two-pickles.pth", good_pickle(), "has 2 members", extra=[("other/data.pkl", b"x")])
    write_zip("torchscript.pth", good_pickle(), "TorchScript", extra=[("archive/constants.pkl", b"x")])
    write_zip("same-name.pth", good_pickle(), "two members", extra=[("archive/byteorder", b"little")])
    write_zip("byte-order.pth", good_pickle(), "unknown byte order", order=b"middle")

    big = Raw().dict_of(lambda r: r.tensor(numel=1_250_000)).bytes()
    write_zip("zip-bomb.pth", big, "out of proportion", storage=bytes(5_000_000), compression=zipfile.ZIP_DEFLATED)

    def central(data, n):
        at = -1
        for _ in range(n + 1):
            at = data.index(b"PK\x01\x02", at + 1)
        return at

    def patch(at_of, fmt, value):
        def change(data):
            struct.pack_into(fmt, data, at_of(data), value)
        return change

    end = lambda data: data.rindex(b"PK\x05\x06")
    edit("directory-offset.pth", "plain.tmp", "outside the file", patch(lambda d: end(d) + 16, "<I", 0x7fffffff))
    edit("directory-size.pth", "plain.tmp", "outside the file", patch(lambda d: end(d) + 12, "<I", 0x7fffffff))
    edit("directory-zip64.pth", "plain.tmp", "ZIP64", patch(lambda d: end(d) + 16, "<I", 0xffffffff))
    edit("member-offset.pth", "plain.tmp", "overlaps", patch(lambda d: central(d, 2) + 42, "<I", 0))
    edit("member-past-end.pth", "plain.tmp", "overlaps", patch(lambda d: central(d, 2) + 42, "<I", 0xfffffff0))
    edit("member-size.pth", "plain.tmp", "overlaps", patch(lambda d: central(d, 2) + 20, "<I", 0x7fffffff))
    edit("member-name.pth", "plain.tmp", "disagree", lambda d: d.__setitem__(slice(central(d, 2) + 46, central(d, 2) + 47), b"X"))
    edit("encrypted.pth", "plain.tmp", "encrypted", patch(lambda d: central(d, 2) + 8, "<H", 1))
    edit("method.pth", "plain.tmp", "compressed by method 12", patch(lambda d: central(d, 2) + 10, "<H", 12))
    edit("checksum.pth", "plain.tmp", "checksum", patch(lambda d: d.index(struct.pack("<4f", 1, 2, 3, 4)), "<f", 9.0))
    edit("deflate-longer.pth", "deflated.tmp", "not valid DEFLATE", lambda d: shorter(d, central(d, 0)))
    for f in ["plain.tmp", "deflated.tmp"]:
        os.remove(HOSTILE / f)


def shorter(data, central):
    """Declares one byte less than the member unpacks to, in both headers."""
    size = struct.unpack_from("<I", data, central + 24)[0]
    struct.pack_into("<I", data, central + 24, size - 1)
    struct.pack_into("<I", data, 22, size - 1)


def write_bytes(name, data, says):
    (HOSTILE / name).write_bytes(data)
    hostile.append((name, says))


def hostile_legacy():
    head = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}q\x00."

    def body(numel=4, view=b"N", keys=b"X\x01\x00\x00\x000", count=4):
        r = Raw()
        r + b"}"
        r.text("w").call("torch._utils", "_rebuild_tensor_v2") + b"(("
        r.text("storage").call("torch", "FloatStorage").text("0").text("cpu").int(numel) + view + b"tQ"
        (r.int(0) + b"(").int(4) + b"t("
        (r.int(1) + b"t\x89").call("collections", "OrderedDict") + b")RtRs."
        return head + r.bytes() + b"\x80\x02]" + keys + b"a." + struct.pack("<q4f", count, 1, 2, 3, 4)

    (OUT / "small-legacy.pth").write_bytes(body())
    loaded = torch.load(OUT / "small-legacy.pth", weights_only=True)
    assert loaded["w"].tolist() == [1, 2, 3, 4]
    expect("small-legacy.pth", "torch-legacy", loaded)
    view = Raw()
    view.b = bytearray(b"(")
    view.text("v").int(1).int(2**62) + b"t"
    write_bytes("legacy-view.pth", body(view=view.bytes()), "impossibly large")
    write_bytes("legacy-count.pth", body(count=5), "has 5 elements")
    write_bytes("legacy-count-negative.pth", body(count=-1), "negative size")
    write_bytes("legacy-keys.pth", body(keys=b"X\x01\x00\x00\x001"), "names one that no tensor uses")
    write_bytes("legacy-numel.pth", body(numel=2**30), "looks truncated: ")
    write_bytes("legacy-magic.pth", b"\x80\x02K\x01.", "not one that torch.save wrote")
    write_bytes("legacy-protocol.pth", head[:15] + b"\x80\x02M\xea\x03.\x80\x02}q\x00.", "unknown protocol")
    write_bytes("legacy-os-system.pth", head + b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", "asks for os.system")


def hostile_tars():
    def tar(members):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w:", format=tarfile.USTAR_FORMAT) as t:
            for name, data in members:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                t.addfile(info, io.BytesIO(data))
        data = out.getvalue().rstrip(b"\0")
        return data + bytes(-len(data) % 512 + 1024)

    one = lambda v: pickle.dumps(v, protocol=2)
    storage = one(1) + one((5, "cpu", torch.FloatStorage)) + struct.pack("<q2f", 2, 1, 2)
    tensors = one(1) + one((9, 5, torch.FloatTensor)) + struct.pack("<iIqqq", 1, 0, 2, 1, 0)
    body = Raw().dict_of(lambda r: r.text("9") + b"Q").bytes()
    good = [("sys_info", one({})), ("pickle", body), ("tensors", tensors), ("storages", storage + one([]))]

    def swap(name, data):
        return tar([(n, data if n == name else d) for n, d in good])

    data = tar(good)
    (OUT / "small-tar.pth").write_bytes(data)
    loaded = torch.load(OUT / "small-tar.pth", weights_only=False)
    assert loaded["w"].tolist() == [1, 2]
    expect("small-tar.pth", "torch-tar", loaded)
    write_bytes("tar-no-storages.pth", tar(good[:3]), "no member storages")
    write_bytes("tar-twice.pth", tar(good + good[:1]), "two members named sys_info")
    write_bytes("tar-other.pth", tar([("readme.txt", b"hello")]), "no member storages")
    write_bytes("tar-count.pth", swap("storages", one(10**9) + storage[5:] + one([])), "impossible number")
    write_bytes("tar-count-small.pth", swap("storages", one(2) + storage[5:] + one([])), "three values")
    write_bytes("tar-storage-long.pth", swap("storages", storage[:-16] + struct.pack("<q2f", 2**40, 1, 2) + one([])), "are left")
    write_bytes("tar-storage-negative.pth", swap("storages", storage[:-16] + struct.pack("<q2f", -2, 1, 2) + one([])), "negative size")
    write_bytes("tar-view.pth", swap("storages", storage + one([(6, 5, 1, 2)])), "beyond its storage")
    write_bytes("tar-view-of-nothing.pth", swap("storages", storage + one([(6, 7, 0, 2)])), "does not hold")
    write_bytes("tar-rank.pth", swap("tensors", one(1) + one((9, 5, torch.FloatTensor)) + struct.pack("<iI", 2**30, 0)), "dimensions")
    write_bytes("tar-rank-negative.pth", swap("tensors", one(1) + one((9, 5, torch.FloatTensor)) + struct.pack("<iI", -1, 0)), "dimensions")
    write_bytes("tar-tensor-beyond.pth", swap("tensors", tensors[:-24] + struct.pack("<qqq", 3, 1, 0)), "reaches outside")
    write_bytes("tar-unknown-tensor.pth", swap("pickle", Raw().dict_of(lambda r: r.text("8") + b"Q").bytes()), "refers to tensor 8")
    write_bytes("tar-bad-reference.pth", swap("pickle", Raw().dict_of(lambda r: r.text("9" * 400) + b"Q").bytes()), "not a tensor's number")
    write_bytes("tar-os-system.pth", swap("storages", b"cos\nsystem\nX\x02\x00\x00\x00ls\x85R."), "asks for os.system")
    broken = bytearray(data)
    broken[512 + 512 + 124:512 + 512 + 135] = b"77777777777"
    write_bytes("tar-header.pth", bytes(broken), "not a tar header")


def main():
    HOSTILE.mkdir(parents=True, exist_ok=True)
    good_files()
    hostile_pickles()
    hostile_tensors()
    hostile_archives()
    hostile_legacy()
    hostile_tars()
    (OUT / "expected.tsv").write_text("\n".join(expected) + "\n")
    (HOSTILE / "hostile.tsv").write_text("\n".join("\t".join(row) for row in hostile) + "\n")
    total = sum(f.stat().st_size for f in OUT.rglob("*") if f.is_file())
    print(f"{len(set(e.split(chr(9))[0] for e in expected))} good files, {len(hostile)} hostile files, {total:,} bytes")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        four_containers(pathlib.Path(sys.argv[1]), resnet18(formula))
    else:
        main()
