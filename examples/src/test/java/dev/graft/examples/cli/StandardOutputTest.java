package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.io.StateDict;
import dev.graft.io.TorchCheckpoint;
import dev.graft.vision.model.resnet.CifarResNet;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An answer that did not arrive is no success, as on a full disk. */
class StandardOutputTest {
    @TempDir
    private Path folder;

    private Path weights;
    private Path data;

    @BeforeEach
    void files() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 3, 1);
        weights = folder.resolve("net.pth");
        try (CifarResNet model = CifarResNet.resnet20(2, new SplittableRandom(5));
                StateDict state = model.stateDict()) {
            TorchCheckpoint.save(state, weights);
        }
    }

    /** A disk with room for some bytes. */
    private static OutputStream full(int room) {
        return new OutputStream() {
            private int left = room;

            @Override
            public void write(int b) throws IOException {
                if (left-- <= 0) {
                    throw new IOException("No space left on device");
                }
            }
        };
    }

    private static Cli run(OutputStream out, Object... arguments) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] words = new String[arguments.length];
        for (int i = 0; i < words.length; i++) {
            words[i] = arguments[i].toString();
        }
        int code = Program.run(out, err, words);
        return new Cli(code, "", err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void everyCommandFailsWhoseAnswerCannotBeWritten() {
        Path image = data.resolve("left/image0.png");
        Path trained = folder.resolve("run");
        Object[][] commands = {
            {"finetune", "--data", data, "--model", "resnet20", "--weights", weights, "--epochs", 1, "--out", trained},
            {"inspect", weights},
            {"predict", "--model", "resnet20", "--weights", weights, image},
            {"predict", "--model", "resnet20", "--weights", weights, "--json", "-", image},
            {"evaluate", "--model", trained, "--data", data},
            {"evaluate", "--model", trained, "--data", data, "--json", "-"},
            {"doctor"},
            {"--help"},
            {"--version"}
        };
        for (Object[] command : commands) {
            for (int room : new int[] {0, 20}) {
                Cli told = run(full(room), command);
                assertThat(told.code()).as(told.err()).isEqualTo(1);
                assertThat(told.err())
                        .contains("graft: standard output cannot be written (No space left on device)", "Hint: ");
            }
        }
        // the model is there all the same
        assertThat(trained.resolve("model.json")).exists();
    }

    @Test
    void aWholeAnswerIsASuccess() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Cli told = run(out, "inspect", weights);
        assertThat(told.code()).isZero();
        assertThat(told.err()).isEmpty();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("conv1.weight");
    }

    /** Behind the name may be a file of the shell's, which must be written into and not replaced. */
    @Test
    void jsonToTheNameOfStandardOutputIsJsonToStandardOutput() {
        Object[] command = {
            "predict", "--model", "resnet20", "--weights", weights, data.resolve("left/image0.png"), "--json", "-"
        };
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        assertThat(run(expected, command).code()).isZero();
        assertThat(expected.toString(StandardCharsets.UTF_8).strip())
                .startsWith("[")
                .endsWith("]");
        for (String name : new String[] {"/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"}) {
            command[command.length - 1] = name;
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            assertThat(run(out, command).code()).as(name).isZero();
            assertThat(out.toString(StandardCharsets.UTF_8))
                    .as(name)
                    .isEqualTo(expected.toString(StandardCharsets.UTF_8));
        }
    }

    @Test
    void wrongUsageStaysWrongUsage() {
        assertThat(run(full(0), "finetune").code()).isEqualTo(2);
    }
}
