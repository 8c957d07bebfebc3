package dev.graft.vision;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Where real weights and images lie: the folder named by GRAFT_DATA, or shared/data beside the repository. */
final class RealData {
    private RealData() {}

    /** A file or folder of the data folder; skips the test where it is absent. */
    static Path require(String relative) {
        String configured = System.getenv("GRAFT_DATA");
        Path path = (configured != null
                        ? Path.of(configured)
                        : repository().resolveSibling("shared").resolve("data"))
                .resolve(relative);
        String reason = "skipped: no " + path + " (set GRAFT_DATA to the data folder)";
        if (!Files.exists(path)) {
            System.out.println(reason);
        }
        Assumptions.assumeTrue(Files.exists(path), reason);
        return path;
    }

    /** The repository's folder; tests run in the module's. */
    static Path repository() {
        Path here = Path.of("").toAbsolutePath();
        return Files.exists(here.resolve("examples/pom.xml")) ? here : here.getParent();
    }
}
