package dev.graft.backend.conformance;

import dev.graft.backend.Backend;
import dev.graft.tensor.Device;
import dev.graft.tensor.OperatorConformance;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicContainer;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.DynamicTest;

/** The whole suite in a JVM of its own, for settings that a JVM reads once. */
final class ConformanceRun {
    private int passed;
    private final List<String> failures = new ArrayList<>();

    private ConformanceRun() {}

    /** All tests of a device. */
    static Stream<DynamicNode> tests(Device device) {
        return Stream.of(
                        new KernelConformance(device.backend()).tests(),
                        new OperatorConformance(device).tests(),
                        TrainingConformance.tests(device))
                .flatMap(tests -> tests);
    }

    /**
     * Runs the conformance tests on one device and prints the failures.
     *
     * @param args the device's name
     */
    public static void main(String[] args) {
        Backend backend = Device.of(args[0]).backend();
        backend.describe().forEach((key, value) -> System.out.println(key + ": " + value));
        ConformanceRun run = new ConformanceRun();
        tests(Device.of(args[0])).forEach(node -> run.run("", node));
        run.failures.forEach(System.out::println);
        System.out.println("conformance: " + run.passed + " passed, " + run.failures.size() + " failed");
        System.exit(run.failures.isEmpty() ? 0 : 1);
    }

    private void run(String path, DynamicNode node) {
        String name = path + "/" + node.getDisplayName();
        if (node instanceof DynamicContainer container) {
            container.getChildren().forEach(child -> run(name, child));
            return;
        }
        try {
            ((DynamicTest) node).getExecutable().execute();
            passed++;
        } catch (Throwable e) {
            failures.add(name + ": " + e);
        }
    }
}
