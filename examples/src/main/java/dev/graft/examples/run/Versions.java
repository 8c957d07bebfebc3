package dev.graft.examples.run;

import dev.graft.tensor.Device;
import dev.graft.vision.image.Image;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** Versions of what computes: Graft, Java, the system. */
public final class Versions implements IVersionProvider {

    /** Graft's version; "development" outside of the jar. */
    public static String graft() {
        return Optional.ofNullable(Versions.class.getPackage().getImplementationVersion())
                .orElse("development");
    }

    /** For run folders: who made this. */
    public static Map<String, Object> asMap() {
        Map<String, Object> versions = new LinkedHashMap<>();
        versions.put("graft", graft());
        versions.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
        versions.put(
                "os",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        versions.put("jpeg", Image.jpegLibrary());
        return versions;
    }

    /** What may change the last bits of a result. */
    static Map<String, Object> ofResults() {
        Map<String, Object> makers = new LinkedHashMap<>();
        makers.put("graft", graft());
        makers.put("java", Runtime.version().feature());
        makers.put("processor", System.getProperty("os.arch"));
        makers.put("kernels", String.valueOf(Device.cpu().backend().describe().get("element kernels")));
        makers.put("jpeg", Image.jpegLibrary());
        makers.put("winograd", System.getProperty("graft.winograd", "default"));
        return makers;
    }

    @Override
    public String[] getVersion() {
        return new String[] {"graft " + graft(), asMap().get("java") + ", " + asMap().get("os")};
    }
}
