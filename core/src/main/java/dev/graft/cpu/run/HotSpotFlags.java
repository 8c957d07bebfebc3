package dev.graft.cpu.run;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;

/** HotSpot's information about its compilers. */
final class HotSpotFlags {
    private static final int OPTIMIZING = 4;

    private HotSpotFlags() {}

    /** Whether HotSpot's C2 compiles methods that run often; empty if the JVM does not say, or has another compiler. */
    static Optional<Boolean> compilesWithC2() {
        try {
            return Bean.compilesWithC2();
        } catch (LinkageError | RuntimeException e) {
            return Optional.empty(); // no HotSpot, or an image without the modules java.management and jdk.management
        }
    }

    /** In a separate class, which a JVM image without the modules cannot load. */
    private static final class Bean {
        static Optional<Boolean> compilesWithC2() {
            HotSpotDiagnosticMXBean hotSpot = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
            if (hotSpot == null
                    || flag(hotSpot, "UseJVMCICompiler")
                            .map(Boolean::parseBoolean)
                            .orElse(false)) {
                return Optional.empty();
            }
            Optional<Boolean> compiles = flag(hotSpot, "UseCompiler").map(Boolean::parseBoolean);
            Optional<Boolean> optimizes =
                    flag(hotSpot, "TieredStopAtLevel").map(level -> Integer.parseInt(level) >= OPTIMIZING);
            boolean quick = flag(hotSpot, "CompilationMode")
                    .map(mode -> mode.equals("quick-only"))
                    .orElse(false);
            return compiles.flatMap(c -> optimizes.map(o -> c && o && !quick));
        }

        private static Optional<String> flag(HotSpotDiagnosticMXBean hotSpot, String name) {
            try {
                return Optional.of(hotSpot.getVMOption(name).getValue());
            } catch (IllegalArgumentException e) {
                return Optional.empty();
            }
        }
    }
}
