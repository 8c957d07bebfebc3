package dev.graft.vision;

import dev.graft.nn.data.DataException;
import dev.graft.vision.image.Decoding;
import dev.graft.vision.image.ImageNote;
import dev.graft.vision.image.ImagePipeline;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Images in one folder per class, torchvision's
 * <a href="https://docs.pytorch.org/vision/stable/generated/torchvision.datasets.ImageFolder.html">ImageFolder</a>:
 *
 * <pre>
 * chest/normal/0001.jpg
 * chest/normal/0002.png
 * chest/pneumonia/0001.jpg
 * </pre>
 *
 * <p>Classes are the sub-folders' names, sorted; a label is the position among them. Files are in torchvision's order, deeper folders
 * included. Images are told by their extension: jpg, jpeg, png, gif (which torchvision leaves out), bmp, tif, tiff, webp. Other files are
 * left out and {@linkplain #ignored() counted}; what starts with a dot is not looked at.
 */
public final class ImageFolder extends ImageDataset {
    private static final Set<String> EXTENSIONS = Set.of("jpg", "jpeg", "png", "gif", "bmp", "tif", "tiff", "webp");
    private static final int MAX_DEPTH = 64;

    private final int ignored;

    private ImageFolder(Listing listing, ImagePipeline pipeline, Consumer<? super ImageNote> notes, int ignored) {
        super(listing, pipeline, notes);
        this.ignored = ignored;
    }

    /**
     * Lists a folder; decodes nothing yet.
     *
     * @throws DataException if the folder is missing, has no class folders, or one of these has no image
     */
    public static ImageFolder open(Path folder, ImagePipeline pipeline) {
        if (!Files.isDirectory(folder)) {
            throw new DataException("image folder: " + folder + (Files.exists(folder) ? " is not a folder" : " does not exist")
                    + ". Hint: it must hold one sub-folder of images for each class.");
        }
        List<String> classes = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        int ignored = 0;
        try {
            for (Path path : children(folder)) {
                if (!Files.isDirectory(path)) {
                    ignored++;
                    continue;
                }
                List<Path> files = files(path);
                List<Path> images = files.stream().filter(ImageFolder::isImage).sorted(torchvisionOrder()).toList();
                if (images.isEmpty()) {
                    throw new DataException("image folder: class folder " + path + " has no image among its " + files.size()
                            + " files. Hint: add images (" + String.join(", ", EXTENSIONS.stream().sorted().toList())
                                    + ") or remove the folder.");
                }
                ignored += files.size() - images.size();
                for (Path image : images) {
                    names.add(folder.relativize(image).toString().replace(File.separatorChar, '/'));
                    labels.add(classes.size());
                }
                classes.add(path.getFileName().toString());
            }
        } catch (IOException e) {
            throw new DataException("image folder: " + folder + " cannot be listed (" + e.getMessage()
                    + "). Hint: check its permissions.", e);
        } catch (UncheckedIOException e) {
            throw new DataException("image folder: " + folder + " cannot be listed (" + e.getCause().getMessage()
                    + "). Hint: check its permissions and links.", e);
        }
        if (classes.isEmpty()) {
            throw new DataException("image folder: " + folder + " has no class folders (" + ignored
                    + " files beside). Hint: put each class's images into a sub-folder of its name.");
        }
        int[] labelOf = labels.stream().mapToInt(Integer::intValue).toArray();
        return new ImageFolder(new Listing(folder, List.copyOf(names), labelOf, List.copyOf(classes), List.of()), pipeline, Decoding.defaults().notes(), ignored);
    }

    @Override
    public ImageFolder withNotes(Consumer<? super ImageNote> listener) {
        return new ImageFolder(listing(), pipeline(), listener, ignored);
    }

    @Override
    public ImageFolder withPipeline(ImagePipeline other) {
        return new ImageFolder(listing(), other, notes(), ignored);
    }

    /** How many files are no images by their extension and were left out. */
    public int ignored() {
        return ignored;
    }

    private static List<Path> children(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(p -> !isHidden(p)).sorted(Comparator.comparing(p -> p.getFileName().toString())).toList();
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder, MAX_DEPTH, FileVisitOption.FOLLOW_LINKS)) {
            return all.filter(p -> !anyHidden(folder.relativize(p)) && Files.isRegularFile(p)).toList();
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

    private static boolean isImage(Path file) {
        String name = file.getFileName().toString();
        return EXTENSIONS.contains(name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT));
    }

    /** By folder path, then by name, both as text: what sorting {@code os.walk} gives. */
    private static Comparator<Path> torchvisionOrder() {
        return Comparator.<Path, String>comparing(p -> String.valueOf(p.getParent())).thenComparing(p -> p.getFileName().toString());
    }
}
