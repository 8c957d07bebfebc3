package dev.graft.nn.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.Buffer;
import dev.graft.tensor.Tensor;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** That a layer's running statistics have one lock, and that it is the layer's own. */
class InstanceNormThreadsTest {
    private final InstanceNorm.Options options = InstanceNorm.options().tracking(true);
    private final InstanceNorm2d norm = new InstanceNorm2d(2, options);
    private final Buffer mean = norm.runningStatistics().get("running_mean");
    private final Tensor images = Tensor.randn(new SplittableRandom(1), 2, 2, 3, 3);

    @Test
    void whoReadsTheStatisticsWaitsForAnUpdate() throws InterruptedException {
        waitsForTheLock(() -> norm.forward(images));
        waitsForTheLock(norm::runningStatistics);
    }

    private void waitsForTheLock(Runnable use) throws InterruptedException {
        Thread other = new Thread(use);
        synchronized (mean) {
            other.start();
            while (other.getState() != Thread.State.BLOCKED && other.getState() != Thread.State.TERMINATED) {
                LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
            }
            assertThat(other.getState()).isEqualTo(Thread.State.BLOCKED);
        }
        other.join();
    }

    @Test
    void layersThatShareOptionsDoNotWaitForEachOther() throws InterruptedException {
        Thread other = new Thread(() -> norm.forward(images));
        synchronized (options) {
            other.start();
            other.join(Duration.ofSeconds(30).toMillis());
            assertThat(other.getState()).isEqualTo(Thread.State.TERMINATED);
        }
        assertThat(mean.value().toFloatArray()).doesNotContain(0f);
    }
}
