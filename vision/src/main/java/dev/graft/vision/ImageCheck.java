package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.message.Explained;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.Stopped;
import dev.graft.nn.train.StopSignal;
import dev.graft.vision.data.ImageDataset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Decodes images before anything is trained: one damaged file must not end a training after its first epoch.
 *
 * @param workers threads; empty for one for each processor
 * @param stop what may ask to stop
 */
record ImageCheck(OptionalInt workers, StopSignal stop) {
    private static final int LISTED = 5;
    private static final int LISTED_LEFT_OUT = 20;

    /**
     * Looks at every validation image and, unless they are all read before the first epoch anyway, every training
     * image.
     *
     * @throws RuntimeException naming the files that cannot be read
     * @throws Stopped where a stop was asked for
     */
    void check(ImageData data, boolean trainingToo) {
        List<String> names = new ArrayList<>();
        List<RuntimeException> reasons = new ArrayList<>();
        collect(data.held(), data.heldRows(), names, reasons);
        if (trainingToo) {
            collect(data.all(), data.trainRows(), names, reasons);
        }
        report(names, reasons);
    }

    private void collect(ImageDataset images, int[] rows, List<String> names, List<RuntimeException> reasons) {
        damaged(images, rows).forEach((row, why) -> {
            names.add(images.describe(row));
            reasons.add(why);
        });
    }

    /** Looks at all images, and leaves out those that cannot be read. */
    ImageData without(ImageData data) {
        Map<Integer, RuntimeException> train = damaged(data.all(), data.trainRows());
        Map<Integer, RuntimeException> held = damaged(data.held(), data.heldRows());
        List<String> names = new ArrayList<>();
        train.forEach((row, why) -> names.add(name(data.all(), row, why)));
        held.forEach((row, why) -> names.add(name(data.held(), row, why)));
        return data.without(train.keySet(), held.keySet(), names);
    }

    /** What was left out, as text. */
    static String line(List<String> names) {
        return "unreadable: " + names.size() + (names.size() == 1 ? " image cannot" : " images cannot")
                + " be read and " + (names.size() == 1 ? "is" : "are") + " left out (" + setting("skipBad") + "): "
                + String.join("; ", names.subList(0, Math.min(LISTED_LEFT_OUT, names.size())))
                + (names.size() > LISTED_LEFT_OUT ? "; ..." : "");
    }

    /** The positions of the images that cannot be read, each with its name and why. */
    SortedMap<Integer, String> unreadable(ImageDataset images) {
        SortedMap<Integer, String> names = new TreeMap<>();
        damaged(images, IntStream.range(0, images.size()).toArray())
                .forEach((row, why) -> names.put(row, name(images, row, why)));
        return names;
    }

    private static String name(ImageDataset images, int row, RuntimeException why) {
        String file = images.describe(row);
        String reason = Explained.problem(why).replaceAll("\\s*\\R\\s*", " ");
        return reason.contains(file) ? reason : file + ": " + reason;
    }

    private Map<Integer, RuntimeException> damaged(ImageDataset images, int[] rows) {
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
        return damaged;
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

    private static void report(List<String> names, List<RuntimeException> reasons) {
        if (names.isEmpty()) {
            return;
        }
        RuntimeException first = reasons.get(0);
        String[] why = Explained.of(first).marked().split("\\.? Hint: ", 2);
        if (names.size() == 1) {
            throw new RunException(
                    why[0],
                    (why.length == 2 ? why[1].replaceAll("\\.$", "") : "repair or remove it")
                            + ", or leave it out with " + setting("skipBad"),
                    first);
        }
        throw new RunException(
                names.size() + " images cannot be read: "
                        + String.join(", ", names.subList(0, Math.min(LISTED, names.size())))
                        + (names.size() > LISTED ? ", ..." : "") + "; the first because of this: " + why[0],
                "repair or remove them, or leave them out with " + setting("skipBad"),
                first);
    }
}
