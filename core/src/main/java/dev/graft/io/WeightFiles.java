package dev.graft.io;

import dev.graft.io.bytes.FileBytes;
import dev.graft.io.content.Contents;
import dev.graft.io.content.Dialect;
import dev.graft.io.content.RawTensor;
import dev.graft.io.file.WeightFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads a weight file of any kind, told by its content and not by its name. */
public final class WeightFiles {
    private static final int MOST_NAMED = 20;

    private WeightFiles() {}

    /**
     * Loads a state dict: {@link Safetensors#load} or {@link TorchCheckpoint#load}, whichever the file's content asks
     * for.
     *
     * @throws WeightFileException if the file is missing, truncated, damaged or of an unknown kind
     */
    public static StateDict load(Path path) {
        try (FileBytes file = FileBytes.open(path)) {
            Contents contents = WeightReader.read(file);
            logLeftOut(path, contents);
            return StateDict.of(contents);
        }
    }

    private static void logLeftOut(Path path, Contents contents) {
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
     * Lists a file's tensors with a checksum of each; one tensor at a time is in memory.
     *
     * @throws WeightFileException if the file is missing, truncated, damaged or of an unknown kind
     */
    public static WeightFileInfo inspect(Path path) {
        try (FileBytes file = FileBytes.open(path)) {
            Contents contents = WeightReader.read(file);
            List<TensorInfo> tensors = new ArrayList<>();
            contents.tensors().forEach((name, source) -> {
                RawTensor tensor = source.read();
                tensors.add(
                        new TensorInfo(name, Dialect.of(tensor.dtype()).torchName, tensor.shape(), tensor.sha256()));
            });
            return new WeightFileInfo(contents.format().label, tensors, contents.skipped());
        }
    }
}
