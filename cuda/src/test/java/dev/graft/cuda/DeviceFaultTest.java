package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.graft.tensor.Device;
import dev.graft.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a user reads when the device is lost in the midst of work, or has no room left. */
class DeviceFaultTest {
    @BeforeAll
    static void load() {
        FakeDriver.load();
    }

    @AfterEach
    void reset() {
        FakeDriver.reset();
        FakeDriver.total(4L << 30);
    }

    @Test
    void aLostDeviceIsSaidTheSameWayByEveryCall() {
        Device device = FakeDevice.create();
        Tensor x = Tensor.full(device, 1, 100);
        assertThat(x.sum().item()).isEqualTo(100);
        FakeDriver.loseAfter(2);
        String message = message(() -> x.add(1).add(2).add(3).add(4).toFloatArray());
        assertThat(message).contains("the device was lost", "CUDA_ERROR_LAUNCH_FAILED (719)", "Hint: ");
        assertThat(message(() -> x.sum().item())).isEqualTo(message);
        assertThat(message(() -> Tensor.full(device, 1, 5).toFloatArray())).isEqualTo(message);
        x.close();
        // another process would have a device again; this backend stays lost, whatever the driver answers
        FakeDriver.reset();
        assertThat(message(() -> Tensor.full(device, 1, 5).toFloatArray())).isEqualTo(message);
        assertThat(Tensor.full(FakeDevice.create(), 1, 5).sum().item()).isEqualTo(5);
    }

    @Test
    void aFullDeviceSaysWhoHoldsWhat() {
        Device device = FakeDevice.create();
        Tensor.full(device, 1, 5).sum().item();
        FakeDriver.total(FakeDriver.liveBytes() + (64L << 20));
        List<Tensor> held = new ArrayList<>();
        String message = message(() -> {
            while (held.size() < 100) {
                held.add(Tensor.zeros(device, 1 << 20));
            }
        });
        // more than fit beside what other tests left, which is collected before an allocation fails
        assertThat(held).hasSizeBetween(8, 99);
        assertThat(message).contains("no room for 4.0 MiB", "tensors hold", "Hint: use a smaller batch");
        // the work that is queued is not lost, and what is closed can be used again
        assertThat(held.get(0).sum().item()).isZero();
        held.forEach(Tensor::close);
        assertThat(Tensor.full(device, 1, 1 << 20).sum().item()).isEqualTo(1 << 20);
    }

    @Test
    void oneAllocationThatFailsIsTriedAgain() {
        Device device = FakeDevice.create();
        Tensor.full(device, 1, 5).sum().item();
        FakeDriver.failNextAllocations(1);
        assertThat(Tensor.full(device, 1, 9 << 20).sum().item()).isEqualTo(9 << 20);
    }

    /** What it says, from the device's name on: the operation's name may stand before. */
    private static String message(Runnable work) {
        String said = String.valueOf(
                catchThrowableOfType(IllegalStateException.class, work::run).getMessage());
        assertThat(said).contains("cuda:0");
        return said.substring(said.indexOf("cuda:0"));
    }
}
