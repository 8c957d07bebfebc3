package dev.graft.backend.conformance;

import dev.graft.tensor.Device;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/**
 * What every backend must pass. A backend proves itself by a test class that extends this one and names its device:
 *
 * <pre>{@code
 * class CudaConformanceTest extends BackendConformanceTest {
 *     protected Device device() {
 *         return Device.of("cuda");
 *     }
 * }
 * }</pre>
 *
 * <p>The classes are in the artifact {@code graft-core} with type {@code test-jar}.
 */
public abstract class BackendConformanceTest {

    /** The device under test. */
    protected abstract Device device();

    @TestFactory
    Stream<DynamicNode> conforms() {
        return ConformanceRun.tests(device());
    }
}
