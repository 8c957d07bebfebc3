package dev.graft.vision.image;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** Where real images lie: the folder named by GRAFT_DATA, or shared/data beside the repository. */
public final class TestData {
    private TestData() {}

    /** The folder or file below the data folder; skips the test where it is absent. */
    public static Path require(String relative) {
        String configured = System.getenv("GRAFT_DATA");
        Path root = configured != null ? Path.of(configured) : besideRepository();
        Path path = root.resolve(relative);
        String reason = "skipped: no " + path + " (set GRAFT_DATA to the data folder)";
        if (!Files.exists(path)) {
            System.out.println(reason);
        }
        Assumptions.assumeTrue(Files.exists(path), reason);
        return path;
    }

    private static Path besideRepository() {
        Path here = Path.of("").toAbsolutePath();
        Path repository = Files.exists(here.resolve("vision/pom.xml")) ? here : here.getParent();
        return repository.resolveSibling("shared").resolve("data");
    }
}
