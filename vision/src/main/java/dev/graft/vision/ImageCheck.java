package dev.graft.vision;

import static dev.graft.message.Message.setting;

import dev.graft.message.Explained;
import dev.graft.nn.run.RunException;
import dev.graft.nn.run.Stopped;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.vision.ImageFindings.Seen;
import dev.graft.vision.ImageFindings.Side;
import dev.graft.vision.data.ImageDataset;
import dev.graft.vision.data.similar.Fingerprint;
import dev.graft.vision.image.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * Decodes images before anything is trained: one damaged file must not end a training after its first epoch, and images
 * that are there more than once must not flatter its scores. Each is decoded once for both.
 *
 * @param workers threads; empty for one for each processor
 * @param stop what may ask to stop
 * @param progress told how far a long check is
 */
record ImageCheck(OptionalInt workers, StopSignal stop, Progress progress) {
    private static final int LISTED = 5;
    private static final int LISTED_LEFT_OUT = 20;
    /** A check that takes no longer is not worth a word. */
    private static final long QUIET_NANOS = 2_000_000_000L;

    private static final long TELLING_MILLIS = 200;

    /** What was seen of some images of a data set. */
    private record Looked(
            ImageDataset images,
            SortedMap<Integer, Fingerprint> prints,
            Map<Integer, Map<String, Double>> quantities,
            SortedMap<Integer, RuntimeException> damaged) {
        List<Seen> seen(Side side) {
            List<Seen> seen = new ArrayList<>();
            prints.forEach((row, print) ->
                    seen.add(new Seen(side, images, row, print, quantities.getOrDefault(row, Map.of()))));
            return seen;
        }
    }

    /**
     * Looks at all images of a training, of its validation, and of the test set beside them, if there is one.
     *
     * @param skipBad whether to leave out images that cannot be read
     * @throws Stopped where a stop was asked for
     */
    Checked look(ImageData data, boolean skipBad) {
        Looked train = look(data.all(), data.trainRows());
        Looked held = look(data.held(), data.heldAndDuplicateRows());
        Looked fold = look(data.all(), data.foldRows());
        Optional<Looked> test = data.test().map(images -> look(images, rows(images)));
        List<Seen> seen = new ArrayList<>(train.seen(Side.TRAINING));
        seen.addAll(held.seen(Side.VALIDATION));
        seen.addAll(fold.seen(Side.FOLD));
        test.ifPresent(looked -> seen.addAll(looked.seen(Side.TEST)));
        ImageFindings findings = ImageFindings.among(seen);
        List<String> names = new ArrayList<>();
        if (skipBad) {
            train.damaged.forEach((row, why) -> names.add(name(data.all(), row, why)));
            held.damaged.forEach((row, why) -> names.add(name(data.held(), row, why)));
            fold.damaged.forEach((row, why) -> names.add(name(data.all(), row, why)));
            return new Checked(
                    data.without(train.damaged.keySet(), held.damaged.keySet(), fold.damaged.keySet(), names)
                            .withFindings(findings, seen),
                    List.of(),
                    List.of());
        }
        List<RuntimeException> reasons = new ArrayList<>();
        collect(held, names, reasons);
        collect(fold, names, reasons);
        collect(train, names, reasons);
        return new Checked(data.withFindings(findings, seen), names, reasons);
    }

    /**
     * What came of a check.
     *
     * @param data with what was found, without copies in the validation
     * @param names images that cannot be read, and were not to be left out
     * @param reasons why, one for each
     */
    record Checked(ImageData data, List<String> names, List<RuntimeException> reasons) {
        /** @throws RuntimeException naming the files that cannot be read */
        void requireReadable() {
            report(names, reasons);
        }
    }

    private static void collect(Looked looked, List<String> names, List<RuntimeException> reasons) {
        looked.damaged.forEach((row, why) -> {
            names.add(looked.images.describe(row));
            reasons.add(why);
        });
    }

    /**
     * Looks at all images of an evaluation.
     *
     * @param skipBad whether to leave out images that cannot be read
     * @param unreadable gets the positions of those that cannot be read, each with its name and why
     */
    List<Seen> look(ImageDataset images, boolean skipBad, Map<Integer, String> unreadable) {
        Looked looked = look(images, rows(images));
        if (!skipBad) {
            List<String> names = new ArrayList<>();
            List<RuntimeException> reasons = new ArrayList<>();
            collect(looked, names, reasons);
            report(names, reasons);
        }
        looked.damaged.forEach((row, why) -> unreadable.put(row, name(images, row, why)));
        return looked.seen(Side.TEST);
    }

    private static int[] rows(ImageDataset images) {
        return IntStream.range(0, images.size()).toArray();
    }

    /** What was left out, as text. */
    static String line(List<String> names) {
        return "unreadable: " + names.size() + (names.size() == 1 ? " image cannot" : " images cannot")
                + " be read and " + (names.size() == 1 ? "is" : "are") + " left out (" + setting("skipBad") + "): "
                + String.join("; ", names.subList(0, Math.min(LISTED_LEFT_OUT, names.size())))
                + (names.size() > LISTED_LEFT_OUT ? "; ..." : "");
    }

    private static String name(ImageDataset images, int row, RuntimeException why) {
        String file = images.describe(row);
        String reason = Explained.problem(why).replaceAll("\\s*\\R\\s*", " ");
        return reason.contains(file) ? reason : file + ": " + reason;
    }

    private Looked look(ImageDataset images, int[] rows) {
        // what is odd about an image is said when it is used; here it would be counted twice
        ImageDataset quiet = images.withNotes(note -> {});
        SortedMap<Integer, RuntimeException> damaged = new ConcurrentSkipListMap<>();
        SortedMap<Integer, Fingerprint> prints = new ConcurrentSkipListMap<>();
        Map<Integer, Map<String, Double>> quantities = new ConcurrentSkipListMap<>();
        AtomicInteger next = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
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
                            Image image = quiet.image(rows[i]);
                            quantities.put(rows[i], ImageQuantities.of(image));
                            prints.put(rows[i], Fingerprint.of(quiet.sha256(rows[i]), image));
                        } catch (RuntimeException e) {
                            damaged.put(rows[i], e);
                        }
                        done.incrementAndGet();
                    }
                },
                done,
                rows.length);
        Stopped.check(stop);
        return new Looked(images, prints, quantities, damaged);
    }

    private void inParallel(int threads, Runnable work, AtomicInteger done, int images) {
        ExecutorService pool = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "graft-image-check");
            thread.setDaemon(true);
            return thread;
        });
        long begin = System.nanoTime();
        int told = -1;
        try {
            List<Future<?>> parts = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                parts.add(pool.submit(work));
            }
            for (Future<?> part : parts) {
                while (true) {
                    try {
                        part.get(TELLING_MILLIS, TimeUnit.MILLISECONDS);
                        break;
                    } catch (TimeoutException e) {
                        told = tell(told, done.get(), images, System.nanoTime() - begin);
                    }
                }
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
            if (told >= 0) {
                progress.passDone();
            }
        }
    }

    /** How many images were told of, or -1 before the first word. */
    private int tell(int told, int done, int images, long nanos) {
        if (told < 0 && nanos < QUIET_NANOS) {
            return told;
        }
        if (told < 0) {
            progress.passStarted("check of images", images, done);
        } else if (done > told) {
            progress.passAdvanced(done - told);
        }
        return done;
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
