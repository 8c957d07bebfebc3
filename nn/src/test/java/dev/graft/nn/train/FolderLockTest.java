package dev.graft.nn.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.nn.data.DataLoader;
import dev.graft.nn.layer.Sequential;
import dev.graft.nn.loss.CrossEntropyLoss;
import dev.graft.nn.optim.Sgd;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FolderLockTest {
    @TempDir
    private Path folder;

    /** Holds the lock of a folder until it is killed. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] args) throws IOException {
            try (FolderLock lock = FolderLock.acquire(Path.of(args[0]))) {
                System.out.println("held");
                System.in.read();
            } catch (TrainingException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private Process start() throws IOException {
        return new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
    }

    private static String firstLine(Process process) throws IOException {
        return new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)).readLine();
    }

    @Test
    void oneHolderAtATimeInThisProcess() throws IOException {
        try (FolderLock lock = FolderLock.acquire(folder)) {
            assertThat(lock.isOf(folder.resolve("."))).isTrue();
            assertThatThrownBy(() -> FolderLock.acquire(folder.resolve("../" + folder.getFileName())))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("is in use by another run of this process. Hint: wait");
        }
        FolderLock.acquire(folder).close();
    }

    /**
     * Whoever asks in vain in the holder's own process must not make the system take the lock back, as closing a
     * channel would.
     */
    @Test
    void aRefusalInThisProcessKeepsOtherProcessesOut() throws Exception {
        try (FolderLock lock = FolderLock.acquire(folder)) {
            assertThatThrownBy(() -> FolderLock.acquire(folder)).isInstanceOf(TrainingException.class);
            Process other = start();
            assertThat(firstLine(other))
                    .contains("is in use by process " + ProcessHandle.current().pid() + " on ", ", started 20")
                    .endsWith("Hint: wait for that run to end, or choose another folder.");
            assertThat(other.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void aKilledHolderHasLetGo() throws Exception {
        Process holder = start();
        assertThat(firstLine(holder)).isEqualTo("held");
        assertThatThrownBy(() -> FolderLock.acquire(folder))
                .hasMessageContaining("is in use by process " + holder.pid() + " on ");
        holder.destroyForcibly().waitFor();
        assertThat(folder.resolve(FolderLock.FILE_NAME)).content().startsWith("process " + holder.pid());
        FolderLock.acquire(folder).close();
        assertThat(folder.resolve(FolderLock.FILE_NAME))
                .as("a run that ended names nobody")
                .isEmptyFile();
    }

    @Test
    void aSecondTrainingInOneFolderIsRefused() {
        Sequential model = Toy.network(3, 0);
        try (FolderLock other = FolderLock.acquire(folder);
                DataLoader train = DataLoader.of(Toy.spirals(20, 1), 10).workers(0)) {
            TrainerBuilder builder =
                    Trainer.builder(model, new CrossEntropyLoss(), new Sgd(model.trainableParameters(), Sgd.lr(0.1)));
            assertThatThrownBy(() -> builder.directory(folder).build().fit(train))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("is in use");
            assertThat(folder.resolve("last.safetensors")).doesNotExist();
            builder.directory(folder, other).build().fit(train);
            assertThat(folder.resolve("last.safetensors")).exists();
            assertThatThrownBy(() -> FolderLock.acquire(folder))
                    .as("the caller's lock is left alone")
                    .isInstanceOf(TrainingException.class);
        }
        assertThat(Files.exists(folder.resolve(FolderLock.FILE_NAME))).isTrue();
    }

    @Test
    void aSecondCloseDoesNotGiveBackWhatAnotherRunHolds() throws IOException {
        FolderLock first = FolderLock.acquire(folder);
        first.close();
        try (FolderLock second = FolderLock.acquire(folder)) {
            first.close();
            assertThatThrownBy(() -> FolderLock.acquire(folder))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("another run of this process");
            assertThat(second.isOf(folder)).isTrue();
        }
        FolderLock.acquire(folder).close();
    }
}
