package dev.graft.vision.data;

import dev.graft.nn.data.DataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The parts of a data set that is split into folders, as data sets are often published:
 *
 * <pre>
 * chest/train/normal/0001.jpg
 * chest/val/normal/0002.jpg
 * chest/test/normal/0003.jpg
 * </pre>
 *
 * <p>These names count, in any letter case: train, training; val, valid, validation, dev; test, testing. Each may be
 * followed by {@code _set}, {@code _images} or {@code _data}, with or without the separator, or by digits. A folder
 * holds the parts of a split if two of the three kinds are there, or one of them and no other folder. So a class may be
 * called "train", beside "bus".
 *
 * @param train what to learn from
 * @param validation what decides the best epoch; empty if there is none
 * @param test what to evaluate the result on; empty if there is none
 * @param others further folders
 */
public record SplitFolders(Path train, Optional<Path> validation, Optional<Path> test, List<Path> others) {
    private static final Pattern NAME = Pattern.compile(
            "(?:(train|training)|(val|valid|validation|dev)|(test|testing))(?:[ _.-]?(?:set|images|imgs|data|dataset|\\d+))?");

    public SplitFolders {
        others = List.copyOf(others);
    }

    /**
     * The parts that a folder holds; empty if it holds none.
     *
     * @throws DataException if one kind occurs twice, or the one to learn from is missing
     */
    public static Optional<SplitFolders> of(Path folder) {
        List<List<Path>> kinds = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        List<Path> others = new ArrayList<>();
        for (Path child : folders(folder)) {
            Matcher matcher = NAME.matcher(child.getFileName().toString().toLowerCase(Locale.ROOT));
            if (matcher.matches()) {
                kinds.get(matcher.group(1) != null ? 0 : matcher.group(2) != null ? 1 : 2)
                        .add(child);
            } else {
                others.add(child);
            }
        }
        long present = kinds.stream().filter(kind -> !kind.isEmpty()).count();
        if (present == 0 || (present == 1 && !others.isEmpty())) {
            return Optional.empty();
        }
        String names = names(kinds);
        if (kinds.stream().anyMatch(kind -> kind.size() > 1)) {
            throw new DataException("image folder: " + folder + " holds " + names
                    + ", which are parts of a split, but more than one of a kind. Hint: name the "
                    + "folder that holds the classes to learn from.");
        }
        if (kinds.get(0).isEmpty()) {
            throw new DataException("image folder: " + folder + " holds " + names
                    + ", which are parts of a split and no classes, and none to learn from. "
                    + "Hint: name one of them.");
        }
        return Optional.of(new SplitFolders(
                kinds.get(0).get(0),
                kinds.get(1).stream().findFirst(),
                kinds.get(2).stream().findFirst(),
                others));
    }

    /** @throws DataException if a folder should hold classes but holds the parts of a split */
    static void refuse(Path folder) {
        of(folder).ifPresent(parts -> {
            List<Path> all = Stream.of(Optional.of(parts.train), parts.validation, parts.test)
                    .flatMap(Optional::stream)
                    .toList();
            throw new DataException("image folder: " + folder + " holds " + names(List.of(all))
                    + ", which are parts of a split and no classes. Hint: name "
                    + (all.size() == 1 ? "" : "one of them, such as ") + all.get(all.size() - 1) + ".");
        });
    }

    private static String names(List<List<Path>> kinds) {
        return String.join(
                ", ",
                kinds.stream()
                        .flatMap(List::stream)
                        .map(path -> path.getFileName().toString())
                        .toList());
    }

    private static List<Path> folders(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(path -> !path.getFileName().toString().startsWith(".") && Files.isDirectory(path))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new DataException(
                    "image folder: " + folder + " cannot be listed (" + e.getMessage()
                            + "). Hint: check its permissions.",
                    e);
        }
    }
}
