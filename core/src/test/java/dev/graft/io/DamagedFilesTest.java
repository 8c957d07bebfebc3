package dev.graft.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.graft.io.file.WeightFileException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever happens to a weight file's bytes, reading it gives tensors or a {@link WeightFileException}, soon and
 * cheaply.
 */
class DamagedFilesTest {
    private static final int MUTATIONS = 2000;
    private static final long SEED = 20240607;
    private static final long MOST_ALLOCATED = 64L << 20;
    private static final int TAR_BLOCK = 512;

    @TempDir
    Path folder;

    /** The ResNet-18 files are like the others, only longer. */
    static List<String> good() {
        return GoldenFiles.good().stream()
                .filter(name -> !name.startsWith("resnet18"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("good")
    void everyTruncationIsNoticed(String name) throws IOException {
        byte[] whole = Files.readAllBytes(GoldenFiles.golden(name));
        Path file = folder.resolve(name);
        for (int length = 0; length < contentLength(name, whole); length += 64) {
            rewrite(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> WeightFiles.inspect(file))
                    .as(name + " cut to " + length)
                    .isInstanceOf(WeightFileException.class);
        }
    }

    /**
     * A new file each time: file systems flush one that is truncated and written again, which takes most of the test's
     * time.
     */
    private static Path rewrite(Path file, byte[] content) throws IOException {
        Files.deleteIfExists(file);
        return Files.write(file, content);
    }

    /** A tar file ends with blocks of zeros that nothing needs. */
    private static int contentLength(String name, byte[] whole) {
        if (!name.contains("tar")) {
            return whole.length;
        }
        int end = whole.length;
        while (whole[end - 1] == 0) {
            end--;
        }
        return end - TAR_BLOCK;
    }

    @ParameterizedTest
    @ValueSource(strings = {"views.pth", "views-legacy.pth", "views-tar.pth", "dtypes.safetensors"})
    void everyMutationIsSurvived(String name) throws IOException {
        byte[] whole = Files.readAllBytes(GoldenFiles.golden(name));
        Random random = new Random(SEED);
        int refused = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] mutant = mutate(whole, random);
            Path file = rewrite(folder.resolve(name), mutant);
            String what = name + " mutation " + i + " of seed " + SEED;
            boolean[] ok = new boolean[1];
            long allocated = Allocations.during(() -> ok[0] = survives(file, what));
            refused += ok[0] ? 0 : 1;
            assertThat(allocated).as(what + ": bytes allocated").isLessThan(MOST_ALLOCATED);
        }
        assertThat(refused).as("mutants refused").isGreaterThan(MUTATIONS / 20);
    }

    private static boolean survives(Path file, String what) {
        long start = System.nanoTime();
        try {
            WeightFiles.inspect(file);
            return true;
        } catch (WeightFileException e) {
            return false;
        } catch (RuntimeException | Error e) {
            return fail(what, e);
        } finally {
            Assertions.assertTrue(
                    System.nanoTime() - start < Duration.ofSeconds(5).toNanos(), what + " took too long");
        }
    }

    private static byte[] mutate(byte[] whole, Random random) {
        byte[] mutant = whole.clone();
        int edits = 1 + random.nextInt(4);
        for (int e = 0; e < edits; e++) {
            int at = random.nextInt(mutant.length);
            switch (random.nextInt(6)) {
                case 0 -> mutant[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> mutant[at] = (byte) random.nextInt(256);
                case 2 -> mutant[at] = (byte) 0xff;
                case 3 ->
                    Arrays.fill(mutant, at, Math.min(mutant.length, at + 8), (byte) (random.nextBoolean() ? 0xff : 0));
                case 4 -> mutant = moved(mutant, at, random);
                default -> mutant = random.nextInt(8) == 0 ? Arrays.copyOf(mutant, Math.max(1, at)) : mutant;
            }
        }
        return mutant;
    }

    /** Copies a run of bytes from one place over another, or leaves some out. */
    private static byte[] moved(byte[] bytes, int at, Random random) {
        int length = Math.min(1 + random.nextInt(40), bytes.length - at);
        if (random.nextBoolean()) {
            byte[] out = bytes.clone();
            System.arraycopy(bytes, at, out, random.nextInt(bytes.length - length + 1), length);
            return out;
        }
        byte[] out = new byte[Math.max(1, bytes.length - length)];
        System.arraycopy(bytes, 0, out, 0, Math.min(at, out.length));
        System.arraycopy(bytes, at + length, out, at, bytes.length - at - length);
        return out;
    }
}
