package dev.graft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.graft.tensor.Device;
import java.io.File;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Graft as named modules: what is on the module path is found without flags. */
class ModulePathTest {
    private static Path place(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs the probe with Graft's core and those of JavaCPP's jars that {@code which} takes on the module path. */
    private static String run(Predicate<String> which, String... flags) {
        List<String> jars = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.contains("bytedeco"))
                .filter(which)
                .toList();
        String modules = Stream.concat(Stream.of(place(Device.class).toString()), jars.stream())
                .collect(Collectors.joining(File.pathSeparator));
        return ForkedJvm.of(ModulePathProbe.class)
                .classPath(place(ModulePathProbe.class).toString())
                .flags("-Dgraft.kernels=plain", "-p", modules, "--add-modules", "dev.graft.core")
                .flags(flags)
                .run()
                .succeeded();
    }

    @Test
    void nativesOnTheModulePathAreFoundWithoutFlags() {
        assertThat(run(jar -> true)).contains("module: dev.graft.core", "products: OpenBLAS 0.3");
    }

    @Test
    void deniedNativeAccessIsSaidWithItsFix() {
        assumeTrue(Runtime.version().feature() >= 24, "--illegal-native-access came with JDK 24");
        assertThat(run(jar -> true, "--illegal-native-access=deny"))
                .contains(
                        "products: plain Java loops (OpenBLAS could not be loaded",
                        "--enable-native-access=org.bytedeco.javacpp,org.bytedeco.openblas");
        assertThat(run(
                        jar -> true,
                        "--illegal-native-access=deny",
                        "--enable-native-access=org.bytedeco.javacpp,org.bytedeco.openblas"))
                .contains("products: OpenBLAS 0.3")
                .doesNotContain("WARNING");
    }

    @Test
    void withoutNativesTheReasonAndTheFixAreSaid() {
        assertThat(run(jar -> jar.matches(".*-[0-9.]+\\.jar")))
                .contains(
                        "module: dev.graft.core",
                        "products: plain Java loops (OpenBLAS could not be loaded",
                        "Hint: put org.bytedeco:openblas and org.bytedeco:javacpp for this platform",
                        "on the class path or the module path");
    }
}
