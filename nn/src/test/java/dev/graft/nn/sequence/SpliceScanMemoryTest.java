package dev.graft.nn.sequence;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.data.sequence.FastaReader;
import dev.graft.nn.data.sequence.Region;
import dev.graft.nn.sequence.DilatedResNet.Stage;
import dev.graft.tensor.Device;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a scan holds does not grow with the sequence. */
class SpliceScanMemoryTest {
    private static final int POSITIONS = 800_000;
    /** Half of one float for each position of one strand. */
    private static final long BOUND = 2L * POSITIONS;

    @TempDir
    private Path folder;

    private static SpliceModel small() {
        return new SpliceModel(
                List.of(new DilatedResNet(4, 4, List.of(new Stage(1, 3, 1)), 3, new SplittableRandom(1))));
    }

    /** One line, as some programs write a chromosome; then many short sequences. */
    private Path fasta() throws IOException {
        Path file = folder.resolve("a.fa");
        SplittableRandom random = new SplittableRandom(2);
        try (BufferedWriter writer = Files.newBufferedWriter(file)) {
            writer.write(">long\n");
            for (int i = 0; i < POSITIONS; i++) {
                writer.write("ACGT".charAt(random.nextInt(4)));
            }
            writer.write("\n;" + " comment".repeat(1000) + "\n");
            for (int i = 0; i < 2000; i++) {
                writer.write(">scaffold" + i + "\nACGTTGCA\n");
            }
        }
        return file;
    }

    private static long held() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    @Test
    void nothingIsHeldOfWhatHasBeenScanned() throws IOException {
        Path file = fasta();
        long[] heap = new long[2];
        long[] tensors = new long[2];
        long[] tiles = {0};
        try (SpliceModel model = small();
                FastaReader reader = FastaReader.open(file);
                SpliceTracks tracks = new SpliceTracks(
                        folder.resolve("out"),
                        SpliceTracks.Format.BEDGRAPH,
                        1,
                        List.of(new Region("long", 0, POSITIONS, "", Optional.empty())))) {
            new SpliceScan(model, POSITIONS / 200).run(reader, tracks::wants, tile -> {
                tracks.take(tile);
                tiles[0]++;
                if (tiles[0] == 10 || tiles[0] == 200) {
                    int i = tiles[0] == 10 ? 0 : 1;
                    heap[i] = held();
                    tensors[i] = Device.cpu().memory().total();
                }
            });
        }
        assertThat(tiles[0]).isEqualTo(200);
        assertThat(heap[1] - heap[0]).isLessThan(BOUND);
        assertThat(tensors[1] - tensors[0]).isLessThan(BOUND);
    }
}
