package dev.graft.cpu.gemm;

import java.io.File;
import java.io.IOException;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.net.URI;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bytedeco.javacpp.ClassProperties;
import org.bytedeco.javacpp.Loader;

/**
 * Loads native libraries from modules on the module path that no module requires.
 *
 * <p>JavaCPP keeps the libraries of each platform in a module of that platform. No portable module can require it, so
 * the JVM leaves it out unless {@code --add-modules} names it. JavaCPP, which looks for resources, then finds nothing.
 * This class opens that module's jar on the module path itself. JavaCPP unpacks the libraries to its cache as usual;
 * its own search comes later and finds them loaded.
 */
final class ModulePathNatives {
    private ModulePathNatives() {}

    /**
     * Loads the libraries of a JavaCPP class, if its module is named and that of the platform was left out. Does
     * nothing if there is no such module on the module path: JavaCPP then says what is missing.
     *
     * @param user the class that needs the libraries; it is not initialised here
     * @throws UnsatisfiedLinkError if the class's own library is there and cannot be loaded
     */
    static void load(Class<?> user) {
        Module module = user.getModule();
        String path = System.getProperty("jdk.module.path");
        if (!module.isNamed() || module.getLayer() == null || path == null) {
            return;
        }
        String natives = module.getName() + "." + Loader.getPlatform().replace('-', '.');
        if (module.getLayer().findModule(natives).isPresent()) {
            return;
        }
        try {
            Optional<ModuleReference> found = ModuleFinder.of(Stream.of(path.split(Pattern.quote(File.pathSeparator)))
                            .map(Path::of)
                            .toArray(Path[]::new))
                    .find(natives);
            if (found.isPresent()) {
                String folder = module.getName().replace('.', '/') + "/" + Loader.getPlatform() + "/";
                try (ModuleReader reader = found.get().open()) {
                    load(user, reader, folder);
                }
            }
        } catch (FindException | IOException e) {
            System.getLogger("dev.graft.cpu")
                    .log(System.Logger.Level.DEBUG, "The natives on the module path cannot be read: " + natives, e);
        }
    }

    /** As {@link Loader#load(Class)} does with resources. */
    private static void load(Class<?> user, ModuleReader reader, String folder) throws IOException {
        ClassProperties properties = Loader.loadProperties(user, Loader.loadProperties(), true);
        List<String> preloaded = new ArrayList<>();
        List<String> before = new ArrayList<>(properties.get("platform.preload"));
        before.addAll(properties.get("platform.link"));
        for (String library : before) {
            try {
                load(user, reader, folder, properties, library, preloaded);
            } catch (UnsatisfiedLinkError e) {
                // One of several versions to try, or not needed: what depends on it fails if it is.
            }
        }
        load(user, reader, folder, properties, properties.getProperty("platform.library"), preloaded);
    }

    private static void load(
            Class<?> user,
            ModuleReader reader,
            String folder,
            ClassProperties properties,
            String library,
            List<String> preloaded)
            throws IOException {
        List<URL> urls = find(reader, folder, properties, library);
        if (urls.isEmpty()) {
            return;
        }
        String file = Loader.loadLibrary(user, urls.toArray(URL[]::new), library, preloaded.toArray(String[]::new));
        if (file != null && new File(file).exists()) {
            preloaded.add(file);
            Loader.createLibraryLink(file, properties, library);
        }
    }

    /**
     * Where a library is.
     *
     * @param library {@code NAME@VERSION}, then {@code #NAME@VERSION} where it is unpacked under another name
     */
    private static List<URL> find(ModuleReader reader, String folder, ClassProperties properties, String library)
            throws IOException {
        String[] names = library.replace("!", "").split("#", -1);
        List<String> inside = fileNames(properties, names[0]);
        List<String> unpacked = fileNames(properties, names.length > 1 && !names[1].isEmpty() ? names[1] : names[0]);
        List<URL> urls = new ArrayList<>();
        for (int i = 0; i < inside.size(); i++) {
            Optional<URI> uri = reader.find(folder + inside.get(i));
            if (uri.isPresent()) {
                String fragment = names.length > 1 ? "#" + unpacked.get(i) : "";
                urls.add(URI.create(uri.get() + fragment).toURL());
            }
        }
        return urls;
    }

    /** Of Linux, of macOS, and without the version. */
    private static List<String> fileNames(ClassProperties properties, String library) {
        String[] parts = library.split("@", -1);
        String version = parts.length > 1 ? parts[parts.length - 1] : "";
        String prefix = properties.getProperty("platform.library.prefix", "");
        String suffix = properties.getProperty("platform.library.suffix", "");
        String name = prefix + parts[0];
        return List.of(name + suffix + version, name + version + suffix, name + suffix);
    }
}
