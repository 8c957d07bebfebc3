package dev.graft.vision.data;

import dev.graft.nn.data.DataException;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.text.Normalizer;

/** File names as text: names that a locale cannot represent, and different texts for the same file. */
final class FileNames {
    private static final char REPLACEMENT = '\uFFFD';

    private FileNames() {}

    /**
     * The last part of a path in Unicode's composed form: macOS archives have "A" and two dots where others have one
     * letter.
     */
    static String composed(Path path) {
        return composed(path.getFileName().toString());
    }

    static String composed(String text) {
        return Normalizer.normalize(text, Normalizer.Form.NFC);
    }

    /** Whether two paths are the same file: equal, or on a file system that treats both names as equal. */
    static boolean areSame(Path place, Path other) {
        try {
            return place.equals(other) || Files.isSameFile(place, other);
        } catch (IOException e) {
            return false;
        }
    }

    /** The real path of a file: links followed, {@code .} and {@code ..} removed, in the letter case of the disk. */
    static Path place(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException e) {
            throw new DataException(
                    "image data: " + file + " cannot be read (" + e.getMessage()
                            + "). Hint: check that it still exists.",
                    e);
        }
    }

    /**
     * Refuses a path whose text does not lead back to it: Java decodes names by the locale, and letters that the locale
     * lacks are lost.
     *
     * @throws DataException with the fix
     */
    static void check(Path path) {
        if (path.toString().indexOf(REPLACEMENT) >= 0 && !leadsBack(path)) {
            throw unreadable(path.toString());
        }
    }

    private static boolean leadsBack(Path path) {
        try {
            return Files.exists(path.getFileSystem().getPath(path.toString()));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** Whether this locale has the name's letters. */
    static boolean canSay(String name) {
        return charset().newEncoder().canEncode(name);
    }

    /** A name that cannot be encoded as bytes, or that was decoded from invalid bytes. */
    static DataException unreadable(String name) {
        Charset charset = charset();
        boolean utf8 = charset.equals(StandardCharsets.UTF_8);
        return new DataException("image data: the file name " + name + " cannot be read as " + charset
                + ", which this locale says. Hint: "
                + (utf8
                        ? "rename the file; its name is in another encoding."
                        : "set the environment variable LC_ALL=C.UTF-8."));
    }

    /** The encoding in which Java reads file names. */
    private static Charset charset() {
        String name = System.getProperty("sun.jnu.encoding", "");
        return Charset.isSupported(name) ? Charset.forName(name) : Charset.defaultCharset();
    }
}
