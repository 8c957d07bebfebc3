package dev.graft.io.safetensors;

import dev.graft.io.bytes.CheckedSizes;
import dev.graft.io.bytes.FileBytes;
import dev.graft.io.bytes.LittleEndian;
import dev.graft.io.content.ElementTypeNames;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The header of a safetensors file, checked by every rule of the reference implementation: at most 100 MB, starting
 * with '{', no duplicate keys, and tensors that cover the data exactly, without gap or overlap.
 */
public record SafetensorsHeader(Map<String, Entry> tensors, Map<String, String> metadata, long dataStart) {
    private static final int MAX_HEADER = 100_000_000;
    private static final int MAX_RANK = 64;
    /**
     * More tensors, notes or fields than any model has. This bounds the memory that a header of empty entries takes.
     */
    private static final int MAX_ENTRIES = 500_000;

    private static final int MAX_FIELDS = 64;
    static final String METADATA_KEY = "__metadata__";

    /**
     * {@code begin} and {@code end} count from the start of the data.
     *
     * @param typeName the file's name for the type
     * @param dtype empty if this library has no such type
     */
    public record Entry(String typeName, Optional<DType> dtype, Shape shape, long begin, long end) {}

    public static SafetensorsHeader read(FileBytes file) {
        if (file.size() < 8) {
            throw file.truncated(8, true);
        }
        long length = LittleEndian.int64(file.read(0, 8), 0);
        if (length < 0 || length > MAX_HEADER) {
            throw file.damaged(
                    "the safetensors header claims " + Long.toUnsignedString(length)
                            + " bytes, more than the format's 100,000,000",
                    0);
        }
        if (length > file.size() - 8) {
            throw file.truncated(8 + length, true);
        }
        byte[] json = file.read(8, (int) length);
        if (json.length == 0 || json[0] != '{') {
            throw file.damaged("the safetensors header does not start with '{'", 8);
        }
        return new Parser(file, json).parse();
    }

    private static final class Parser {
        private final FileBytes file;
        private final JsonReader json;
        private final long dataStart;
        private final Map<String, Entry> tensors = new LinkedHashMap<>();
        private final Map<String, String> metadata = new LinkedHashMap<>();

        Parser(FileBytes file, byte[] header) {
            this.file = file;
            this.json =
                    new JsonReader(header, (problem, at) -> file.damaged("safetensors header: " + problem, 8L + at));
            this.dataStart = 8L + header.length;
        }

        SafetensorsHeader parse() {
            Set<String> seen = new HashSet<>();
            for (boolean more = json.begin('{'); more; more = json.more('}')) {
                String name = json.key();
                if (!seen.add(name)) {
                    throw json.bad("key \"" + name + "\" occurs twice");
                }
                if (seen.size() > MAX_ENTRIES) {
                    throw json.bad("more than " + MAX_ENTRIES + " entries");
                }
                if (name.equals(METADATA_KEY)) {
                    readMetadata();
                } else {
                    tensors.put(name, readEntry(name));
                }
            }
            json.end();
            checkCoverage(tensors.values());
            return new SafetensorsHeader(tensors, metadata, dataStart);
        }

        private void readMetadata() {
            if (json.isNull()) {
                return;
            }
            for (boolean more = json.begin('{'); more; more = json.more('}')) {
                String key = json.key();
                if (metadata.put(key, json.string()) != null) {
                    throw json.bad("metadata key \"" + key + "\" occurs twice");
                }
                if (metadata.size() > MAX_ENTRIES) {
                    throw json.bad("more than " + MAX_ENTRIES + " metadata entries");
                }
            }
        }

        private Entry readEntry(String name) {
            Optional<String> typeName = Optional.empty();
            Optional<List<Long>> shape = Optional.empty();
            Optional<List<Long>> offsets = Optional.empty();
            Set<String> seen = new HashSet<>();
            for (boolean more = json.begin('{'); more; more = json.more('}')) {
                String field = json.key();
                if (seen.size() == MAX_FIELDS) {
                    throw json.bad("more than " + MAX_FIELDS + " fields in tensor \"" + name + "\"");
                }
                if (!seen.add(field)) {
                    throw json.bad("\"" + field + "\" occurs twice in tensor \"" + name + "\"");
                }
                switch (field) {
                    case "dtype" -> typeName = Optional.of(json.string());
                    case "shape" -> shape = Optional.of(sizes(name));
                    case "data_offsets" -> offsets = Optional.of(sizes(name));
                    default -> json.skip();
                }
            }
            if (typeName.isEmpty() || shape.isEmpty() || offsets.isEmpty()) {
                throw json.bad("tensor \"" + name + "\" lacks dtype, shape or data_offsets");
            }
            return entry(name, typeName.get(), shape.get(), offsets.get());
        }

        private List<Long> sizes(String name) {
            List<Long> sizes = new ArrayList<>();
            for (boolean more = json.begin('['); more; more = json.more(']')) {
                sizes.add(json.size());
                if (sizes.size() > MAX_RANK) {
                    throw json.bad("tensor \"" + name + "\" has more than " + MAX_RANK + " dimensions");
                }
            }
            return sizes;
        }

        private Entry entry(String name, String typeName, List<Long> sizes, List<Long> offsets) {
            Optional<DType> type = ElementTypeNames.fromSafetensors(typeName);
            if (offsets.size() != 2 || offsets.get(0) > offsets.get(1)) {
                throw json.bad("tensor \"" + name + "\" has data_offsets " + offsets + ", not [begin, end]");
            }
            long bytes = type.map(DType::bytes).orElse(0);
            for (long size : sizes) {
                bytes = CheckedSizes.multiply(bytes, size)
                        .orElseThrow(() -> json.bad("tensor \"" + name + "\" has an impossible shape " + sizes));
            }
            long begin = offsets.get(0);
            long end = offsets.get(1);
            if (type.isPresent() && bytes != end - begin) {
                throw json.bad("tensor \"" + name + "\" " + typeName + sizes + " needs " + bytes
                        + " bytes, its data_offsets " + offsets + " span " + (end - begin));
            }
            return new Entry(typeName, type, CheckedSizes.shape(file, name, sizes), begin, end);
        }

        private void checkCoverage(Collection<Entry> entries) {
            List<Entry> sorted = new ArrayList<>(entries);
            sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
            long at = 0;
            for (Entry e : sorted) {
                if (e.begin() != at) {
                    throw file.damaged("safetensors header: tensors " + (e.begin() > at ? "leave a gap" : "overlap")
                            + " at data byte " + Math.min(at, e.begin()));
                }
                at = e.end();
            }
            if (at > file.size() - dataStart) {
                throw CheckedSizes.add(at, dataStart)
                        .map(expected -> file.truncated(expected, false))
                        .orElseGet(() -> file.damaged("safetensors header: offsets beyond 2^63"));
            }
            if (at < file.size() - dataStart) {
                throw file.damaged((file.size() - dataStart - at) + " bytes follow the last tensor", dataStart + at);
            }
        }
    }
}
