package dev.graft.io;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The files that {@code export_weight_files.py} wrote, and the real ones beside the project. */
final class GoldenFiles {
    private GoldenFiles() {}

    static Path golden(String name) {
        try {
            return Path.of(
                    GoldenFiles.class.getResource("/golden/weights/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<String[]> table(String name) {
        try {
            return Files.readAllLines(golden(name)).stream()
                    .map(line -> line.split("\t"))
                    .toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One good file of every container. */
    static List<String> good() {
        return table("expected.tsv").stream().map(row -> row[0]).distinct().toList();
    }

    static Path realWeights() {
        String data = System.getenv("GRAFT_DATA");
        if (data != null) {
            return Path.of(data, "weights");
        }
        Path root = Path.of("").toAbsolutePath();
        while (root.getParent() != null && !Files.exists(root.resolve("core/pom.xml"))) {
            root = root.getParent();
        }
        return root.resolveSibling("shared").resolve("data").resolve("weights");
    }

    /** A tensor as expected.tsv writes it, without the file's name. */
    static String line(String format, TensorInfo tensor) {
        String shape = Arrays.stream(tensor.shape().toArray())
                .mapToObj(String::valueOf)
                .collect(Collectors.joining(","));
        return String.join("\t", format, tensor.name(), tensor.dtype(), shape, tensor.sha256());
    }
}
