package dev.graft.io.torch;

import dev.graft.io.archive.ZipArchive;
import dev.graft.io.bytes.ByteSource;
import dev.graft.io.bytes.CheckedSizes;
import dev.graft.io.bytes.FileBytes;
import dev.graft.io.bytes.LittleEndian;
import dev.graft.io.content.Wanted;
import dev.graft.io.content.WeightContents;
import dev.graft.io.content.WeightFormat;
import dev.graft.io.file.WeightFileException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * PyTorch's container since 1.6: a ZIP with {@code NAME/data.pkl}, one member {@code NAME/data/KEY} for each storage
 * and, in newer files, {@code NAME/byteorder}.
 *
 * @see <a href="https://pytorch.org/docs/stable/notes/serialization.html">PyTorch: serialization semantics</a>
 */
public final class TorchZip {
    private static final String PICKLE = "data.pkl";
    private static final int LOCAL_SIZE = 30;

    private final FileBytes file;
    private final ZipArchive archive;
    private final String prefix;
    private final Map<String, TorchStorage> storages = new HashMap<>();

    private TorchZip(FileBytes file, ZipArchive archive, String prefix) {
        this.file = file;
        this.archive = archive;
        this.prefix = prefix;
    }

    public static WeightContents read(FileBytes file, Wanted wanted) {
        if (!ZipArchive.hasDirectory(file)) {
            throw truncated(file);
        }
        ZipArchive archive = ZipArchive.open(file);
        return new TorchZip(file, archive, prefix(file, archive)).contents(wanted);
    }

    private static String prefix(FileBytes file, ZipArchive archive) {
        List<String> pickles = archive.names().stream()
                .filter(name -> name.equals(PICKLE)
                        || (name.endsWith("/" + PICKLE) && name.indexOf('/') == name.length() - PICKLE.length() - 1))
                .toList();
        if (pickles.size() != 1) {
            throw file.refused(
                    "the archive has " + pickles.size() + " members NAME/" + PICKLE + ", a PyTorch checkpoint has one",
                    "check that this is a file written by torch.save");
        }
        String prefix = pickles.get(0).substring(0, pickles.get(0).length() - PICKLE.length());
        if (archive.member(prefix + "constants.pkl").isPresent()) {
            throw file.refused(
                    "it is a TorchScript program, not a state dict",
                    "in Python: torch.save(torch.jit.load(file).state_dict(), 'model.pth')");
        }
        return prefix;
    }

    private WeightContents contents(Wanted wanted) {
        ByteSource pickle = archive.member(prefix + PICKLE).orElseThrow();
        pickle.verify();
        Object root = Unpickler.load(new PickleInput(file, pickle, 0, pickle.size(), prefix + PICKLE), this::storage);
        return TorchContents.of(file, WeightFormat.TORCH_ZIP, root, bigEndian(), wanted);
    }

    private boolean bigEndian() {
        Optional<ByteSource> member = archive.member(prefix + "byteorder");
        if (member.isEmpty()) {
            return false;
        }
        String order =
                new String(member.get().read(0, (int) Math.min(16, member.get().size())), StandardCharsets.US_ASCII);
        return switch (order) {
            case "little" -> false;
            case "big" -> true;
            default -> throw file.damaged("unknown byte order in " + prefix + "byteorder");
        };
    }

    private Object storage(Object id) {
        TorchStorage named = named(file, id);
        TorchStorage storage = storages.computeIfAbsent(named.key, key -> {
            ByteSource region = archive.member(prefix + "data/" + key)
                    .orElseThrow(() -> file.damaged("the archive lacks " + prefix + "data/" + key));
            if (region.size() < named.bytes) {
                throw file.damaged(
                        "storage " + key + " should have " + named.bytes + " bytes, its member has " + region.size());
            }
            named.locate(region);
            return named;
        });
        if (storage.dtype != named.dtype || storage.bytes != named.bytes) {
            throw file.damaged("storage " + named.key + " is described twice, differently");
        }
        return new PyValue.StorageValue(storage);
    }

    /** From {@code ("storage", type, key, location, numel)}. */
    private static TorchStorage named(FileBytes file, Object id) {
        if (id instanceof PyValue.Sequence s
                && s.items.size() == 5
                && "storage".equals(s.items.get(0))
                && s.items.get(1) instanceof PyValue.StorageType type
                && s.items.get(2) instanceof String key
                && s.items.get(4) instanceof Long numel) {
            return new TorchStorage(
                    key,
                    type.dtype(),
                    TorchStorage.size(file, key, numel, type.dtype().bytes()));
        }
        throw file.damaged("a reference to outside data that is not a storage");
    }

    /** An incomplete download has no directory, but its first member, the pickle, says how much its storages need. */
    private static WeightFileException truncated(FileBytes file) {
        WeightFileException unknown = file.truncatedIn("the archive, before its directory");
        if (file.size() < LOCAL_SIZE) {
            return unknown;
        }
        byte[] header = file.read(0, LOCAL_SIZE);
        int nameLength = LittleEndian.uint16(header, 26);
        long start = (long) LOCAL_SIZE + nameLength + LittleEndian.uint16(header, 28);
        boolean storedPickle = LittleEndian.uint16(header, 8) == 0
                && start < file.size()
                && new String(file.read(LOCAL_SIZE, nameLength), StandardCharsets.UTF_8).endsWith(PICKLE);
        if (!storedPickle) {
            return unknown;
        }
        Map<String, Long> sizes = new HashMap<>();
        PickleInput in = new PickleInput(file, file, start, file.size(), PICKLE);
        try {
            Unpickler.load(in, id -> {
                TorchStorage storage = named(file, id);
                sizes.put(storage.key, storage.bytes);
                return new PyValue.StorageValue(storage);
            });
        } catch (WeightFileException e) {
            unknown.addSuppressed(e);
            return unknown;
        }
        long needed = in.position();
        for (long bytes : sizes.values()) {
            needed = CheckedSizes.add(needed, bytes).orElse(Long.MAX_VALUE);
        }
        return needed > file.size() ? file.truncated(needed, true) : unknown;
    }
}
