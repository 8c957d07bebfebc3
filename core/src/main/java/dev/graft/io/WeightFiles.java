package dev.graft.io;

import dev.graft.io.bytes.FileBytes;
import dev.graft.io.content.ElementTypeNames;
import dev.graft.io.content.RawTensor;
import dev.graft.io.content.Wanted;
import dev.graft.io.content.WeightContents;
import dev.graft.io.file.WeightFileException;
import dev.graft.message.Message;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads a weight file of any format, which is recognised by its content and not by its name. */
public final class WeightFiles {
    private static final int MOST_NAMED = 20;

    private WeightFiles() {}

    /**
     * Loads a state dict by {@link Safetensors#load} or {@link TorchCheckpoint#load}, depending on the file's content.
     *
     * @throws WeightFileException if the file is missing, truncated, damaged or of an unknown format, or is a
     *     checkpoint with several state dicts of the same names and shapes, such as a network and its moving average
     */
    public static StateDict load(Path path) {
        try (FileBytes file = FileBytes.open(path)) {
            WeightContents contents = WeightReader.read(file);
            checkIsOne(file, contents);
            logLeftOut(path, contents);
            return StateDict.of(contents);
        }
    }

    /**
     * Loads one of several state dicts in a file: {@code load(path, "ema")} gives what a checkpoint holds under the key
     * {@code ema}, or the tensors whose names begin with {@code ema.}, with that prefix removed. Names may be joined by
     * dots.
     *
     * @throws WeightFileException as {@link #load(Path)}, or if the file has no state dict of that name
     */
    public static StateDict load(Path path, String name) {
        try (FileBytes file = FileBytes.open(path)) {
            String bare = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
            WeightContents contents = WeightReader.read(file, Wanted.named(bare));
            checkIsOne(file, contents);
            return StateDict.of(contents);
        }
    }

    /** Refuses several state dicts that fit the same network, because the choice is ambiguous. */
    static void checkIsOne(FileBytes file, WeightContents contents) {
        List<String> names = contents.candidates();
        if (!names.isEmpty()) {
            throw file.refused(
                    "it holds " + (names.size() == 2 ? "two" : names.size())
                            + " state dicts of the same names and shapes: " + String.join(", ", names),
                    "choose one by its name with " + named(names.get(names.size() - 1), ""));
        }
    }

    /**
     * For a hint: how one of several state dicts is chosen.
     *
     * @param orElse another way in Java
     */
    static String named(String name, String orElse) {
        return Message.inJava(orElse + "WeightFiles.load(path, \"" + name + "\")", "stateDict", name);
    }

    private static void logLeftOut(Path path, WeightContents contents) {
        List<String> names = new ArrayList<>(contents.skipped());
        contents.unreadable().forEach((name, reason) -> names.add(name + ", which " + reason));
        if (!names.isEmpty()) {
            String more = names.size() > MOST_NAMED ? " and " + (names.size() - MOST_NAMED) + " more" : "";
            System.getLogger(WeightFiles.class.getName())
                    .log(
                            System.Logger.Level.INFO,
                            "weights {0}: left out {1}{2}",
                            path.getFileName(),
                            String.join(", ", names.subList(0, Math.min(MOST_NAMED, names.size()))),
                            more);
        }
    }

    /**
     * Lists a file's tensors with a checksum of each. Only one tensor at a time is in memory.
     *
     * @throws WeightFileException if the file is missing, truncated, damaged or of an unknown format
     */
    public static WeightFileInfo inspect(Path path) {
        return inspect(path, Wanted.WEIGHTS);
    }

    /**
     * As {@link #inspect}, but lists every tensor of the file under its whole path, and not those of one state dict
     * alone: also an optimizer's, such as {@code optimizer.state.0.momentum_buffer}.
     */
    public static WeightFileInfo inspectAll(Path path) {
        return inspect(path, Wanted.EVERYTHING);
    }

    private static WeightFileInfo inspect(Path path, Wanted wanted) {
        try (FileBytes file = FileBytes.open(path)) {
            WeightContents contents = WeightReader.read(file, wanted);
            List<TensorInfo> tensors = new ArrayList<>();
            contents.tensors().forEach((name, source) -> {
                RawTensor tensor = source.read();
                tensors.add(new TensorInfo(
                        name, ElementTypeNames.of(tensor.dtype()).torchName, tensor.shape(), tensor.sha256()));
            });
            List<String> skipped = new ArrayList<>(contents.skipped());
            contents.unreadable().forEach((name, reason) -> skipped.add(name + ", which " + reason));
            return new WeightFileInfo(contents.format().label, tensors, skipped);
        }
    }
}
