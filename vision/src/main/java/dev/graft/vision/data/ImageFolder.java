package dev.graft.vision.data;

import dev.graft.nn.data.DataException;
import dev.graft.vision.image.Image;
import dev.graft.vision.image.file.Decoding;
import dev.graft.vision.image.file.ImageNote;
import dev.graft.vision.image.transform.ImagePipeline;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Images in one folder per class, torchvision's <a
 * href="https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html">ImageFolder</a>:
 *
 * <pre>
 * chest/normal/0001.jpg
 * chest/normal/0002.png
 * chest/pneumonia/0001.jpg
 * </pre>
 *
 * <p>Classes are the sub-folders' names, sorted; a label is the position among them. Files are in torchvision's order,
 * deeper folders included. Images are recognised by their extension: jpg, jpeg, png, gif (which torchvision leaves
 * out), bmp, tif, tiff, webp, pbm, pgm, ppm, pnm, dcm, dicom; files without an extension, or with digits in its place,
 * by the magic number of DICOM. Other files are left out and {@linkplain #ignored() counted}; names that start with a
 * dot are skipped. A folder that holds the {@linkplain SplitFolders parts of a split}, such as train and test, is
 * refused, because these are not classes.
 */
public final class ImageFolder extends ImageDataset {
    private static final Set<String> EXTENSIONS = Set.of(
            "jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp", "pbm", "pgm", "ppm", "pnm", "dcm", "dicom");
    /** What follows the last dot where files have DICOM's identifiers for names. */
    private static final Pattern DIGITS = Pattern.compile("\\.[0-9]*");

    private static final int MAX_DEPTH = 64;

    private final Map<String, Integer> ignored;

    private ImageFolder(
            Listing listing, ImagePipeline pipeline, Consumer<? super ImageNote> notes, Map<String, Integer> ignored) {
        super(listing, pipeline, notes);
        this.ignored = ignored;
    }

    /**
     * Lists a folder; decodes nothing yet.
     *
     * @throws DataException if the folder is missing, has no class folders, or one of these has no image; if its
     *     folders are the parts of a split; if one file is in two classes through links, or a name cannot be read in
     *     this locale
     */
    public static ImageFolder open(Path folder, ImagePipeline pipeline) {
        if (!Files.isDirectory(folder)) {
            throw new DataException(
                    "image folder: " + folder + (Files.exists(folder) ? " is not a folder" : " does not exist")
                            + ". Hint: it must hold one sub-folder of images for each class.");
        }
        SplitFolders.refuse(folder);
        Listed listed = new Listed(folder);
        try {
            for (Path path : children(folder)) {
                listed.add(path);
            }
        } catch (IOException e) {
            throw new DataException(
                    "image folder: " + folder + " cannot be listed (" + e.getMessage()
                            + "). Hint: check its permissions.",
                    e);
        } catch (UncheckedIOException e) {
            throw new DataException(
                    "image folder: " + folder + " cannot be listed ("
                            + Objects.requireNonNull(e.getCause()).getMessage()
                            + "). Hint: check its permissions and links.",
                    e);
        }
        if (listed.classes.isEmpty()) {
            int beside =
                    listed.ignored.values().stream().mapToInt(Integer::intValue).sum();
            throw new DataException("image folder: " + folder + " has no class folders (" + beside
                    + " files beside). Hint: put each class's images into a sub-folder of its name.");
        }
        return new ImageFolder(listed.listing(), pipeline, Decoding.defaults().notes(), listed.ignoredByCount());
    }

    /** The content of the class folders, one after another. */
    private static final class Listed {
        private final Path folder;
        private final List<String> classes = new ArrayList<>();
        private final Set<String> known = new HashSet<>();
        private final List<String> names = new ArrayList<>();
        private final List<Integer> labels = new ArrayList<>();
        private final Map<String, Integer> ignored = new TreeMap<>();
        private boolean links;

        Listed(Path folder) {
            this.folder = folder;
        }

        void add(Path path) throws IOException {
            FileNames.check(path);
            if (!Files.isDirectory(path)) {
                ignore(path);
                return;
            }
            List<Path> files = files(path);
            List<Path> images = files.stream()
                    .filter(ImageFolder::isImage)
                    .sorted(torchvisionOrder())
                    .toList();
            if (images.isEmpty()) {
                throw new DataException("image folder: class folder " + path + " has no image among its " + files.size()
                        + " files. Hint: add images ("
                        + String.join(", ", EXTENSIONS.stream().sorted().toList()) + ") or remove the folder.");
            }
            files.stream().filter(file -> !isImage(file)).forEach(this::ignore);
            for (Path image : images) {
                FileNames.check(image);
                names.add(folder.relativize(image).toString().replace(File.separatorChar, '/'));
                labels.add(classes.size());
            }
            String name = FileNames.composed(path);
            if (!known.add(name)) {
                throw new DataException("image folder: two class folders in " + folder + " have the name " + name
                        + ", in different Unicode forms. Hint: put their images into one folder.");
            }
            classes.add(name);
            links |= Files.isSymbolicLink(path) || hasLinks(path);
        }

        private void ignore(Path file) {
            ignored.merge(type(file), 1, Integer::sum);
        }

        Listing listing() {
            int[] labelOf = labels.stream().mapToInt(Integer::intValue).toArray();
            if (links) {
                checkPlaces(labelOf);
            }
            return new Listing(folder, List.copyOf(names), labelOf, List.copyOf(classes));
        }

        /** An image in two classes cannot be learnt; twice in one class, it only gets more weight. */
        private void checkPlaces(int[] labelOf) {
            Map<Path, Integer> rows = new HashMap<>();
            for (int i = 0; i < labelOf.length; i++) {
                Integer earlier = rows.putIfAbsent(FileNames.place(folder.resolve(names.get(i))), i);
                if (earlier != null && labelOf[earlier] != labelOf[i]) {
                    throw new DataException("image folder: " + names.get(earlier) + " and " + names.get(i) + " in "
                            + folder + " are one file in two classes, through a link. Hint: remove one of them.");
                }
            }
        }

        Map<String, Integer> ignoredByCount() {
            Map<String, Integer> sorted = new LinkedHashMap<>();
            ignored.entrySet().stream()
                    .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
                    .forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
            return sorted;
        }
    }

    @Override
    public ImageFolder withNotes(Consumer<? super ImageNote> listener) {
        return new ImageFolder(listing(), pipeline(), listener, ignored);
    }

    @Override
    ImageFolder with(Listing other) {
        return new ImageFolder(other, pipeline(), notes(), ignored);
    }

    @Override
    public ImageFolder withPipeline(ImagePipeline other) {
        return new ImageFolder(listing(), other, notes(), ignored);
    }

    /**
     * How many files of each type were left out because of their extension, the most frequent first. The key is the
     * extension in lower case with its dot, such as {@code .txt}, or {@code ""} for files without one.
     */
    public Map<String, Integer> ignored() {
        return Collections.unmodifiableMap(ignored);
    }

    private static List<Path> children(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(p -> !isHidden(p))
                    .sorted(Comparator.comparing(FileNames::composed))
                    .toList();
        }
    }

    static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.find(
                folder, MAX_DEPTH, (path, attributes) -> attributes.isRegularFile(), FileVisitOption.FOLLOW_LINKS)) {
            return all.filter(p -> !anyHidden(folder.relativize(p))).toList();
        }
    }

    private static boolean anyHidden(Path relative) {
        for (Path part : relative) {
            if (isHidden(part)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isHidden(Path path) {
        return path.getFileName().toString().startsWith(".");
    }

    private static boolean hasLinks(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder, MAX_DEPTH)) {
            return all.anyMatch(Files::isSymbolicLink);
        }
    }

    static boolean isImage(Path file) {
        String type = type(file);
        boolean untyped = type.isEmpty() || DIGITS.matcher(type).matches();
        return untyped ? Image.isDicom(file) : EXTENSIONS.contains(type.substring(1));
    }

    /** The extension in lower case with its dot; empty without one. */
    static String type(Path file) {
        String name = file.getFileName().toString();
        return name.indexOf('.') < 0
                ? ""
                : name.substring(name.lastIndexOf('.')).toLowerCase(Locale.ROOT);
    }

    /** By folder path, then by name, both as text, as sorting {@code os.walk} gives. */
    static Comparator<Path> torchvisionOrder() {
        return Comparator.<Path, String>comparing(p -> String.valueOf(p.getParent()))
                .thenComparing(p -> p.getFileName().toString());
    }
}
