package dev.graft.io.torch;

import dev.graft.io.archive.ZipWriter;
import dev.graft.io.content.TensorSource;
import dev.graft.io.file.AtomicFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * Writes the ZIP container that {@code torch.load(file, weights_only=True)} reads, with the same members as torch.save.
 */
public final class TorchZipWriter {
    private static final String FOLDER = "archive/";

    private TorchZipWriter() {}

    public static void write(Path path, Map<String, TensorSource> tensors) {
        AtomicFile.writeWeights(path, out -> {
            ZipWriter zip = new ZipWriter(out);
            zip.add(FOLDER + "data.pkl", PickleWriter.stateDict(tensors));
            zip.add(FOLDER + ".format_version", ascii("1"));
            zip.add(FOLDER + ".storage_alignment", ascii(Integer.toString(ZipWriter.ALIGNMENT)));
            zip.add(FOLDER + "byteorder", ascii("little"));
            for (Map.Entry<TensorSource, String> storage :
                    PickleWriter.storageKeys(tensors).entrySet()) {
                zip.add(
                        FOLDER + "data/" + storage.getValue(),
                        storage.getKey().read().bytes());
            }
            zip.add(FOLDER + "version", ascii("3\n"));
            zip.finish();
        });
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
