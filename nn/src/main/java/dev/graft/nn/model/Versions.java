package dev.graft.nn.model;

import dev.graft.tensor.Device;
import java.lang.module.ModuleDescriptor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Versions of what computes: Graft, Java, the system. */
public final class Versions {
    private Versions() {}

    /**
     * Graft's version: of its module on the module path, of its jar's manifest on the class path; "development" for
     * classes outside of a jar, as in an IDE.
     */
    public static String graft() {
        return Optional.ofNullable(Versions.class.getModule().getDescriptor())
                .flatMap(ModuleDescriptor::rawVersion)
                .or(() -> Optional.ofNullable(Versions.class.getPackage().getImplementationVersion()))
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
        return versions;
    }

    /** What may change the last bits of a result. */
    public static Map<String, Object> ofResults() {
        Map<String, Object> makers = new LinkedHashMap<>();
        makers.put("graft", graft());
        makers.put("java", Runtime.version().feature());
        makers.put("processor", System.getProperty("os.arch"));
        makers.put("kernels", String.valueOf(Device.cpu().backend().describe().get("element kernels")));
        makers.put("winograd", System.getProperty("graft.winograd", "default"));
        return makers;
    }
}
