package dev.graft.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/** The kernel files of this module, as text. */
final class KernelSource {
    /** Without {@code .cu}; each is compiled by itself. */
    static final List<String> FILES = List.of(
            "copy", "elementwise", "reduce", "order", "product", "pool", "index", "norm", "softmax", "optimizer");

    private static final Pattern KERNEL = Pattern.compile("^KERNEL (\\w+)\\(", Pattern.MULTILINE);

    private KernelSource() {}

    /** The prelude and one file; messages of a compiler name the file's own lines. */
    static String text(String file) {
        return resource("prelude.cuh") + "#line 1 \"" + file + ".cu\"\n" + resource(file + ".cu");
    }

    /** The kernels that a file defines. */
    static List<String> kernels(String file) {
        return KERNEL.matcher(resource(file + ".cu"))
                .results()
                .map(match -> match.group(1))
                .toList();
    }

    private static String resource(String name) {
        try (InputStream in = KernelSource.class.getResourceAsStream("kernels/" + name)) {
            if (in == null) {
                throw new IllegalStateException("cuda: the kernel file " + name
                        + " is missing from the module. Hint: use the jar graft-cuda as it was published.");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cuda: the kernel file " + name + " cannot be read", e);
        }
    }
}
