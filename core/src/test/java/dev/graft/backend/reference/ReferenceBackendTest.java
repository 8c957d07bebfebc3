package dev.graft.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.graft.backend.Backend;
import dev.graft.backend.Storage;
import dev.graft.backend.UnaryOp;
import dev.graft.backend.View;
import dev.graft.tensor.Device;
import dev.graft.type.DType;
import dev.graft.type.Shape;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** That the reference is what it claims: independent of the CPU, poisoned, late, and strict with its callers. */
class ReferenceBackendTest {
    private final Backend backend = Device.of("reference").backend();

    private static View view(Storage storage) {
        return new View(storage, 0, Shape.of((int) storage.length()), new int[] {1});
    }

    private static float[] read(Storage storage) {
        float[] values = new float[(int) storage.length()];
        storage.read(0, values, 0, values.length);
        return values;
    }

    @Test
    void sharesNoClassWithTheCpu() throws IOException, URISyntaxException {
        Path folder = Path.of(
                ReferenceBackend.class.getResource("ReferenceBackend.class").toURI());
        try (Stream<Path> files = Files.list(folder.getParent())) {
            List<Path> classes = files.filter(f -> f.getFileName().toString().endsWith(".class"))
                    .filter(f -> !f.getFileName().toString().startsWith("ReferenceBackendTest"))
                    .toList();
            assertThat(classes).hasSizeGreaterThan(8);
            for (Path file : classes) {
                String constants = Files.readString(file, StandardCharsets.ISO_8859_1);
                assertThat(constants.contains("dev/graft/" + "cpu"))
                        .as("%s names a class of the CPU's backend", file.getFileName())
                        .isFalse();
            }
        }
    }

    @Test
    void undefinedContentIsNaN() {
        assertThat(read(backend.allocate(DType.F32, 3))).containsExactly(Float.NaN, Float.NaN, Float.NaN);
    }

    @Test
    void memoryGivenBackIsNaNForKernelsThatComeLater() {
        Storage x = backend.allocate(DType.F32, 1);
        Storage y = backend.allocate(DType.F32, 1);
        backend.fill(view(x), 4);
        backend.unary(UnaryOp.SQRT, 0, 0, view(x), view(y));
        x.release();
        assertThat(read(y)).as("a kernel called before the release").containsExactly(2);
        assertThatIllegalStateException()
                .isThrownBy(() -> backend.unary(UnaryOp.SQRT, 0, 0, view(x), view(y)))
                .withMessageContaining("used after it was released");
    }

    @Test
    void valuesFromTheHostAreThoseAtTheCall() {
        Storage x = backend.allocate(DType.F32, 100_000);
        float[] source = new float[(int) x.length()];
        x.write(0, source, 0, source.length);
        source[source.length - 1] = 1;
        assertThat(read(x)[source.length - 1]).isZero();
    }

    @Test
    void refusesViewsOfOtherDevices() {
        Storage x = Device.cpu().backend().allocate(DType.F32, 1);
        Storage y = backend.allocate(DType.F32, 1);
        assertThatIllegalStateException()
                .isThrownBy(() -> backend.unary(UnaryOp.SQRT, 0, 0, view(x), view(y)))
                .withMessage(
                        "reference: unary: a tensor lies on cpu, not on reference. Hint: move it with to(Device).");
    }

    @Test
    void refusesWhatACallerOwes() {
        Storage x = backend.allocate(DType.F32, 4);
        View whole = view(x);
        View shifted = new View(x, 1, Shape.of(3), new int[] {1});
        View start = new View(x, 0, Shape.of(3), new int[] {1});
        assertThatIllegalStateException()
                .isThrownBy(() -> backend.unary(UnaryOp.NEG, 0, 0, start, shifted))
                .withMessageContaining("results do not overlap");
        assertThatIllegalStateException()
                .isThrownBy(() -> backend.addScaled(1, start, whole))
                .withMessageContaining("shapes are equal");
        assertThatIllegalStateException()
                .isThrownBy(() -> backend.fill(new View(x, 2, Shape.of(3), new int[] {1}), 0))
                .withMessageContaining("inside their storage");
    }
}
