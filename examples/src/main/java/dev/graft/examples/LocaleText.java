package dev.graft.examples;

import java.io.File;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Names in arguments and folders, which Java takes for what the locale says. With {@code LC_ALL=C}, as containers have
 * it, that is ASCII: other letters are lost, and the files cannot be opened. A JVM in another locale can, so the
 * program restarts itself in one; the arguments travel escaped, since this JVM cannot even pass them on.
 *
 * @param charset what this JVM takes names for
 * @param commandLine this process's own command line, each part ended by a zero, as Linux tells it
 */
record LocaleText(Charset charset, Path commandLine) {
    /** Set in the restarted JVM where its arguments are escaped. */
    static final String ESCAPED = "graft.launcher.escaped";

    /** A locale that every current Linux distribution brings along. */
    private static final Map<String, String> UTF_8 = Map.of("LC_ALL", "C.UTF-8");

    static LocaleText ofThisJvm() {
        String name = System.getProperty("sun.jnu.encoding", "");
        return new LocaleText(
                Charset.isSupported(name) ? Charset.forName(name) : Charset.defaultCharset(),
                Path.of("/proc/self/cmdline"));
    }

    /** Whether names beyond ASCII are lost; not on Windows and macOS, where they do not go by the locale. */
    boolean isPoor() {
        return File.separatorChar == '/' && !charset.newEncoder().canEncode('\u00E4');
    }

    /** What a new JVM needs in its environment to read all names. */
    Map<String, String> environment() {
        return isPoor() ? UTF_8 : Map.of();
    }

    /** The arguments in ASCII, where letters of theirs were lost and can be had back; else empty. */
    Optional<List<String>> escaped(String... arguments) {
        if (!isPoor() || Arrays.stream(arguments).allMatch(StandardCharsets.US_ASCII.newEncoder()::canEncode)) {
            return Optional.empty();
        }
        try {
            List<byte[]> parts = split(Files.readAllBytes(commandLine));
            if (parts.size() < arguments.length) {
                return Optional.empty();
            }
            List<String> escaped = new ArrayList<>();
            for (int i = 0; i < arguments.length; i++) {
                byte[] part = parts.get(parts.size() - arguments.length + i);
                String text = StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(ByteBuffer.wrap(part))
                        .toString();
                if (!isWhatIsLeft(arguments[i], part)) {
                    return Optional.empty();
                }
                escaped.add(URLEncoder.encode(text, StandardCharsets.UTF_8));
            }
            return Optional.of(escaped);
        } catch (CharacterCodingException e) {
            return Optional.empty(); // not UTF-8 either
        } catch (IOException e) {
            return Optional.empty(); // not Linux
        }
    }

    private static List<byte[]> split(byte[] commandLine) {
        List<byte[]> parts = new ArrayList<>();
        int from = 0;
        for (int i = 0; i < commandLine.length; i++) {
            if (commandLine[i] == 0) {
                parts.add(Arrays.copyOfRange(commandLine, from, i));
                from = i + 1;
            }
        }
        return parts;
    }

    /** Whether an argument came out of these bytes: equal, with a stand-in for each byte beyond ASCII. */
    private static boolean isWhatIsLeft(String argument, byte[] part) {
        if (argument.length() != part.length) {
            return false;
        }
        for (int i = 0; i < part.length; i++) {
            char c = argument.charAt(i);
            if (part[i] >= 0 ? c != part[i] : c != '\uFFFD' && c != '?') {
                return false;
            }
        }
        return true;
    }

    /** The arguments as the user wrote them: unescaped in the restarted JVM. */
    static String[] unescaped(String... arguments) {
        return System.getProperty(ESCAPED) == null
                ? arguments
                : Arrays.stream(arguments)
                        .map(argument -> URLDecoder.decode(argument, StandardCharsets.UTF_8))
                        .toArray(String[]::new);
    }

    /** The first argument with letters that this locale does not have. */
    Optional<String> unreadable(String... arguments) {
        return Arrays.stream(arguments)
                .filter(argument -> !charset.newEncoder().canEncode(argument))
                .findFirst();
    }
}
