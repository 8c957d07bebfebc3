package dev.graft.benchmarks.peers;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** DJL as a contestant, in a child process that is idle between its turns. */
final class DjlPeer implements Turns.Contestant, AutoCloseable {
    private final WorkerProcess process;

    DjlPeer(Task task, int threads) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        process = new WorkerProcess(
                "DJL",
                List.of(
                        java,
                        "-Xmx2g",
                        "-XX:+UseParallelGC",
                        "-Dai.djl.offline=true",
                        "-Dai.djl.pytorch.num_threads=" + threads,
                        "-Dai.djl.pytorch.num_interop_threads=1",
                        "-Dslf4j.internal.verbosity=ERROR",
                        "-cp",
                        System.getProperty("java.class.path"),
                        DjlWorker.class.getName(),
                        task.model(),
                        task.mode(),
                        "" + task.batch(),
                        "" + task.size()),
                Map.of("OPT_OUT_TRACKING", "true", "OMP_NUM_THREADS", "" + threads));
    }

    static boolean knows(Task task) {
        return task.model().equals("resnet18");
    }

    @Override
    public double[] turn(int steps) {
        return process.turn(steps);
    }

    @Override
    public void close() {
        process.close();
    }
}
