package dev.graft.vision;

import dev.graft.nn.run.RunException;
import dev.graft.nn.run.Stopped;
import dev.graft.nn.train.StopSignal;
import dev.graft.vision.data.ImageDataset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Decodes images before anything is trained: one damaged file must not end a training after its first epoch.
 *
 * @param workers threads; empty for one for each processor
 * @param stop what may ask to stop
 */
record ImageCheck(OptionalInt workers, StopSignal stop) {
    private static final int LISTED = 5;

    /**
     * Looks at every validation image and, unless they are all read before the first epoch anyway, every training
     * image.
     *
     * @throws RuntimeException naming the files that cannot be read
     * @throws Stopped where a stop was asked for
     */
    void check(ImageData data, boolean trainingToo) {
        check(data.held(), data.heldRows());
        if (trainingToo) {
            check(data.all(), data.trainRows());
        }
    }

    private void check(ImageDataset images, int[] rows) {
        // what is odd about an image is said when it is used; here it would be counted twice
        ImageDataset quiet = images.withNotes(note -> {});
        Map<Integer, RuntimeException> damaged = new ConcurrentSkipListMap<>();
        AtomicInteger next = new AtomicInteger();
        inParallel(
                Math.max(
                        1,
                        Math.min(
                                rows.length, workers.orElse(Runtime.getRuntime().availableProcessors()))),
                () -> {
                    for (int i = next.getAndIncrement();
                            i < rows.length && !stop.isRequested();
                            i = next.getAndIncrement()) {
                        try {
                            quiet.image(rows[i]);
                        } catch (RuntimeException e) {
                            damaged.put(rows[i], e);
                        }
                    }
                });
        Stopped.check(stop);
        report(images, damaged);
    }

    private static void inParallel(int threads, Runnable work) {
        ExecutorService pool = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "graft-image-check");
            thread.setDaemon(true);
            return thread;
        });
        try {
            List<Future<?>> parts = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                parts.add(pool.submit(work));
            }
            for (Future<?> part : parts) {
                part.get();
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Stopped();
        } finally {
            pool.shutdownNow();
        }
    }

    private static void report(ImageDataset images, Map<Integer, RuntimeException> damaged) {
        if (damaged.isEmpty()) {
            return;
        }
        RuntimeException first = damaged.values().iterator().next();
        if (damaged.size() == 1) {
            throw first;
        }
        List<String> names =
                damaged.keySet().stream().limit(LISTED).map(images::describe).toList();
        throw new RunException(
                damaged.size() + " images cannot be read: " + String.join(", ", names)
                        + (damaged.size() > LISTED ? ", ..." : "") + "; the first because of this: "
                        + String.valueOf(first.getMessage()).split("\\.? Hint: ", 2)[0],
                "repair or remove them",
                first);
    }
}
