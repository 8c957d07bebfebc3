package dev.graft.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.Consumer;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The fake driver does what a driver does, and finds what it is there to find. */
class FakeDriverTest {
    private static final int ILLEGAL_ADDRESS = 700;
    private static final int LAUNCH_FAILED = 719;
    private static final int[] ONE = {1};

    private RawDriver driver;

    @BeforeAll
    static void load() {
        FakeDriver.load();
    }

    @BeforeEach
    void open() {
        FakeDriver.reset();
        driver = new RawDriver(Probes.FILE);
    }

    @AfterEach
    void close() {
        FakeDriver.reset();
        FakeDriver.order(0);
        FakeDriver.total(4L << 30);
        driver.close();
    }

    @Test
    void kernelsComputeTheSameInEveryOrder() {
        for (int order = 0; order < FakeDriver.ORDERS; order++) {
            FakeDriver.order(order);
            Probes.all().values().forEach(probe -> probe.accept(driver));
        }
    }

    @Test
    void memoryIsNotANumberUntilWritten() {
        assertThat(driver.download(driver.allocate(40), 10)).containsOnly(Float.NaN);
    }

    @Test
    void anAccessOutsideItsMemoryIsFound() {
        overwrites("wrote past the end of an allocation of 12 bytes, at byte 12", 3);
        overwrites("a write to memory 1188 bytes past the end of an allocation of 12 bytes", 300);
        overwrites("wrote before an allocation of 12 bytes, at byte -4", -1);
        finds(ILLEGAL_ADDRESS, "a read of memory", "probe_read", driver.upload(1), driver.upload(2), 1L << 20);
        finds(ILLEGAL_ADDRESS, "kernel probe_write, block (0, 0, 0), thread (0, 0, 0)", "probe_write", 0L, 5L);
    }

    @Test
    void readingOneTooManyGivesNoSmallNumber() {
        long y = driver.upload(1);
        driver.launch("probe_read", ONE, ONE, y, driver.upload(2, 3), 2L);
        assertThat(driver.download(y, 1)[0]).isLessThan(-1e30f);
    }

    @Test
    void freedMemoryIsNeverUsedAgain() {
        long y = driver.upload(1);
        long x = driver.upload(1, 2);
        driver.free(x);
        finds(ILLEGAL_ADDRESS, "argument 1 points to freed memory: byte 4 of what was", "probe_read", y, x + 4, 0L);
        // an address that the arguments do not show
        long gone = driver.upload(3);
        long table;
        try (LongPointer host = new LongPointer(new long[] {gone})) {
            table = driver.uploaded(host, 8);
        }
        driver.free(gone);
        finds(
                ILLEGAL_ADDRESS,
                "a read of freed memory: byte 0 of what was an allocation of 4",
                "probe_table",
                table,
                y);
    }

    @Test
    void freeingTwiceAndMemoryOfTheHostAreRefused() {
        long x = driver.upload(1);
        driver.free(x);
        assertThatThrownBy(() -> driver.free(x)).hasMessage("cuMemFree: 1");
        try (FloatPointer host = new FloatPointer(4)) {
            finds(
                    ILLEGAL_ADDRESS,
                    "argument 0 points to memory that is not the device's",
                    "probe_write",
                    host.address(),
                    0L);
        }
    }

    @Test
    void aBarrierThatNotAllThreadsReachIsFound() {
        long y = driver.allocate(400);
        for (int order = 0; order < FakeDriver.ORDERS; order++) {
            FakeDriver.order(order);
            finds(LAUNCH_FAILED, "some threads of the block never reach", "probe_early", new int[] {64}, y, 40);
            finds(LAUNCH_FAILED, "wait at different barriers", "probe_diverged", new int[] {32}, y);
        }
    }

    @Test
    void aDivisionByZeroIsAnErrorAndNoCrash() {
        finds(ILLEGAL_ADDRESS, "an integer is divided by zero", "probe_divide", driver.upload(1), 0);
    }

    @Test
    void anErrorStays() {
        long y = driver.upload(1);
        driver.launch("probe_write", ONE, ONE, y, 1L);
        assertThatThrownBy(driver::synchronize).hasMessage("cuStreamSynchronize: 700");
        assertThatThrownBy(() -> driver.allocate(4)).hasMessage("cuMemAlloc: 700");
        assertThatThrownBy(() -> driver.launch("probe_write", ONE, ONE, y, 0L)).hasMessage("probe_write: 700");
        FakeDriver.reset();
        driver.launch("probe_write", ONE, ONE, y, 0L);
        // the guard is still broken
        assertThatThrownBy(driver::synchronize).hasMessage("cuStreamSynchronize: 700");
        FakeDriver.reset();
        assertThatThrownBy(() -> driver.free(y)).hasMessage("cuMemFree: 700");
    }

    @Test
    void aLostDeviceStaysLost() {
        long y = driver.upload(1);
        FakeDriver.loseAfter(1);
        driver.launch("probe_write", ONE, ONE, y, 0L);
        driver.synchronize();
        driver.launch("probe_write", ONE, ONE, y, 0L);
        assertThatThrownBy(driver::synchronize).hasMessage("cuStreamSynchronize: 719");
        assertThatThrownBy(() -> driver.allocate(4)).hasMessage("cuMemAlloc: 719");
    }

    @Test
    void launchesThatADeviceRefusesAreRefused() {
        long y = driver.upload(1);
        for (int[] grid : new int[][] {{0}, {1, 65536}, {1, 1, 65536}}) {
            assertThatThrownBy(() -> driver.launch("probe_write", grid, ONE, y, 0L))
                    .hasMessage("probe_write: 1");
        }
        for (int[] block : new int[][] {{1025}, {33, 32}, {1, 1, 65}, {0}}) {
            assertThatThrownBy(() -> driver.launch("probe_write", ONE, block, y, 0L))
                    .hasMessage("probe_write: 1");
        }
        assertThatThrownBy(() -> driver.launch("no_such_kernel", ONE, ONE)).hasMessageContaining("500");
    }

    @Test
    void theDeviceHasAsMuchMemoryAsTheTestSays() {
        FakeDriver.total(FakeDriver.liveBytes() + 1000);
        long first = driver.allocate(600);
        assertThatThrownBy(() -> driver.allocate(600)).hasMessage("cuMemAlloc: 2");
        driver.free(first);
        driver.allocate(600);
        FakeDriver.failNextAllocations(2);
        assertThatThrownBy(() -> driver.allocate(4)).hasMessage("cuMemAlloc: 2");
        assertThatThrownBy(() -> driver.allocate(4)).hasMessage("cuMemAlloc: 2");
        driver.allocate(4);
    }

    @Test
    void argumentsAreCopiedWhenTheKernelIsQueued() {
        long y = driver.upload(0, 0);
        driver.launch("probe_write", ONE, ONE, y, 0L);
        driver.launch("probe_write", ONE, ONE, y, 1L);
        assertThat(driver.download(y, 2)).containsExactly(1, 1);
    }

    @Test
    void nothingRunsBeforeSomethingWaits() {
        long before = FakeDriver.launches("probe_write");
        long y = driver.upload(0);
        driver.launch("probe_write", ONE, ONE, y, 0L);
        assertThat(FakeDriver.launches("probe_write")).isEqualTo(before);
        assertThat(cudart.cuStreamQuery(driver.stream)).isEqualTo(600);
        driver.synchronize();
        assertThat(FakeDriver.launches("probe_write")).isEqualTo(before + 1);
        assertThat(cudart.cuStreamQuery(driver.stream)).isZero();
        driver.launch("probe_write", ONE, ONE, y, 0L);
        int questions = 0;
        while (cudart.cuStreamQuery(driver.stream) != 0) {
            assertThat(++questions).isLessThan(10);
        }
        FakeDriver.eager(true);
        driver.launch("probe_write", ONE, ONE, y, 0L);
        assertThat(FakeDriver.launches("probe_write")).isEqualTo(before + 3);
        FakeDriver.eager(false);
    }

    @Test
    void pinnedMemoryIsReadWhenTheStreamGetsThere() {
        long y = driver.upload(0);
        long bytes = FakeDriver.pinnedBytes();
        try (PointerPointer<FloatPointer> address = new PointerPointer<>(1)) {
            RawDriver.check("cuMemHostAlloc", cudart.cuMemHostAlloc(address, 4, 0));
            FloatPointer pinned = address.get(FloatPointer.class);
            pinned.put(0, 1);
            RawDriver.check("copy", cudart.cuMemcpyHtoDAsync(y, pinned, 4, driver.stream));
            pinned.put(0, 2); // too early, and the copy sees it
            assertThat(driver.download(y, 1)).containsExactly(2);
            assertThat(FakeDriver.pinnedBytes()).isEqualTo(bytes + 4);
            RawDriver.check("cuMemFreeHost", cudart.cuMemFreeHost(pinned));
            assertThat(FakeDriver.pinnedBytes()).isEqualTo(bytes);
        }
    }

    @Test
    void aStreamMustWaitForAnother() {
        CUstream_st other = stream(cudart.CU_STREAM_NON_BLOCKING);
        long x = driver.allocate(4);
        long y = driver.upload(5);
        RawDriver.check("write", driver.launchOn(other, "probe_write", ONE, ONE, x, 0L));
        driver.launch("probe_read", ONE, ONE, y, x, 0L);
        assertThat(driver.download(y, 1)).as("without a wait").containsExactly(Float.NaN);

        long x2 = driver.allocate(4);
        CUevent_st event = event();
        RawDriver.check("write", driver.launchOn(other, "probe_write", ONE, ONE, x2, 0L));
        RawDriver.check("record", cudart.cuEventRecord(event, other));
        assertThat(cudart.cuEventQuery(event)).isEqualTo(600);
        RawDriver.check("wait", cudart.cuStreamWaitEvent(driver.stream, event, 0));
        driver.launch("probe_read", ONE, ONE, y, x2, 0L);
        assertThat(driver.download(y, 1)).containsExactly(1);
        assertThat(cudart.cuEventQuery(event)).isZero();
        RawDriver.check("destroy", cudart.cuStreamDestroy(other));
        RawDriver.check("destroy", cudart.cuEventDestroy(event));
    }

    @Test
    void theLegacyStreamIsInStepWithBlockingStreamsOnly() {
        CUstream_st blocking = stream(0);
        CUstream_st legacy = new CUstream_st();
        long x = driver.allocate(4);
        RawDriver.check("write", driver.launchOn(blocking, "probe_write", ONE, ONE, x, 0L));
        long y = driver.upload(0);
        RawDriver.check("read", driver.launchOn(legacy, "probe_read", ONE, ONE, y, x, 0L));
        RawDriver.check("synchronize", cudart.cuStreamSynchronize(legacy));
        assertThat(driver.download(y, 1)).containsExactly(1);
        RawDriver.check("destroy", cudart.cuStreamDestroy(blocking));
    }

    @Test
    void eventsMeasureTime() {
        CUevent_st from = event();
        CUevent_st to = event();
        RawDriver.check("record", cudart.cuEventRecord(from, driver.stream));
        driver.launch("probe_write", ONE, ONE, driver.upload(1), 0L);
        RawDriver.check("record", cudart.cuEventRecord(to, driver.stream));
        float[] milliseconds = {-1};
        assertThat(cudart.cuEventElapsedTime(milliseconds, from, to)).isEqualTo(600);
        RawDriver.check("synchronize", cudart.cuEventSynchronize(to));
        RawDriver.check("elapsed", cudart.cuEventElapsedTime(milliseconds, from, to));
        assertThat(milliseconds[0]).isBetween(0f, 10_000f);
    }

    @Test
    void aGraphRunsAsOftenAsItIsLaunched() {
        long y = driver.upload(1, 2);
        CUgraphExec_st graph = capture(stream -> driver.launch("probe_negate", ONE, new int[] {2}, y, y, 2));
        assertThat(driver.download(y, 2)).as("a capture runs nothing").containsExactly(1, 2);
        for (int i = 0; i < 3; i++) {
            RawDriver.check("cuGraphLaunch", cudart.cuGraphLaunch(graph, driver.stream));
        }
        assertThat(driver.download(y, 2)).containsExactly(-1, -2);
        driver.free(y);
        RawDriver.check("cuGraphLaunch", cudart.cuGraphLaunch(graph, driver.stream));
        assertThatThrownBy(driver::synchronize).hasMessageContaining("700");
    }

    @Test
    void branchesOfAGraphRunInEitherOrder() {
        CUstream_st other = stream(cudart.CU_STREAM_NON_BLOCKING);
        for (boolean joined : new boolean[] {true, false}) {
            long x = driver.allocate(4);
            long y = driver.allocate(4);
            long unused = driver.allocate(4);
            CUevent_st fork = event();
            CUevent_st join = event();
            CUgraphExec_st graph = capture(stream -> {
                RawDriver.check("fork", cudart.cuEventRecord(fork, stream));
                RawDriver.check("fork", cudart.cuStreamWaitEvent(other, fork, 0));
                RawDriver.check("write", driver.launchOn(other, "probe_write", ONE, ONE, x, 0L));
                RawDriver.check("join", cudart.cuEventRecord(join, other));
                if (joined) {
                    RawDriver.check("join", cudart.cuStreamWaitEvent(stream, join, 0));
                }
                driver.launch("probe_read", ONE, ONE, y, x, 0L);
                if (!joined) { // too late for the read
                    RawDriver.check("join", cudart.cuStreamWaitEvent(stream, join, 0));
                    driver.launch("probe_read", ONE, ONE, unused, x, 0L);
                }
            });
            FakeDriver.order(1);
            RawDriver.check("cuGraphLaunch", cudart.cuGraphLaunch(graph, driver.stream));
            assertThat(driver.download(y, 1)).containsExactly(joined ? 1 : Float.NaN);
            FakeDriver.order(0);
        }
        RawDriver.check("destroy", cudart.cuStreamDestroy(other));
    }

    @Test
    void aCaptureRefusesWhatItCannotHold() {
        FakeDriver.reset();
        begin();
        assertThatThrownBy(() -> driver.allocate(4)).hasMessage("cuMemAlloc: 900");
        assertThat(cudart.cuStreamEndCapture(driver.stream, new CUgraph_st())).isEqualTo(901);
        begin();
        assertThatThrownBy(driver::synchronize).hasMessageContaining("900");
        assertThat(cudart.cuStreamEndCapture(driver.stream, new CUgraph_st())).isEqualTo(901);
        CUstream_st other = stream(cudart.CU_STREAM_NON_BLOCKING);
        CUevent_st fork = event();
        long y = driver.upload(1);
        begin();
        RawDriver.check("fork", cudart.cuEventRecord(fork, driver.stream));
        RawDriver.check("fork", cudart.cuStreamWaitEvent(other, fork, 0));
        RawDriver.check("write", driver.launchOn(other, "probe_write", ONE, ONE, y, 0L));
        assertThat(cudart.cuStreamEndCapture(driver.stream, new CUgraph_st()))
                .as("not joined")
                .isEqualTo(904);
        RawDriver.check("destroy", cudart.cuStreamDestroy(other));
    }

    @Test
    void aThreadNeedsAContext() throws InterruptedException {
        int[] answer = new int[1];
        Thread thread = new Thread(() -> answer[0] = cudart.cuMemAlloc(new long[1], 4));
        thread.start();
        thread.join();
        assertThat(answer[0]).isEqualTo(201);
    }

    private void overwrites(String complaint, long at) {
        long y = driver.upload(1, 2, 3);
        finds(ILLEGAL_ADDRESS, complaint, "probe_write", y, at);
        if (complaint.startsWith("wrote")) {
            // a broken guard stays broken, and is found again when the memory is freed
            assertThatThrownBy(() -> driver.free(y)).hasMessage("cuMemFree: 700");
            FakeDriver.reset();
        } else {
            driver.free(y);
        }
    }

    private void finds(int code, String complaint, String kernel, Object... arguments) {
        finds(code, complaint, kernel, ONE, arguments);
    }

    private void finds(int code, String complaint, String kernel, int[] block, Object... arguments) {
        driver.launch(kernel, ONE, block, arguments);
        assertThatThrownBy(driver::synchronize).hasMessage("cuStreamSynchronize: " + code);
        assertThat(FakeDriver.complaint()).contains(complaint);
        FakeDriver.reset();
    }

    private static CUstream_st stream(int flags) {
        CUstream_st stream = new CUstream_st();
        RawDriver.check("cuStreamCreate", cudart.cuStreamCreate(stream, flags));
        return stream;
    }

    private static CUevent_st event() {
        CUevent_st event = new CUevent_st();
        RawDriver.check("cuEventCreate", cudart.cuEventCreate(event, 0));
        return event;
    }

    private void begin() {
        RawDriver.check(
                "begin", cudart.cuStreamBeginCapture(driver.stream, cudart.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
    }

    private CUgraphExec_st capture(Consumer<CUstream_st> work) {
        begin();
        work.accept(driver.stream);
        CUgraph_st graph = new CUgraph_st();
        RawDriver.check("end", cudart.cuStreamEndCapture(driver.stream, graph));
        CUgraphExec_st executable = new CUgraphExec_st();
        RawDriver.check("instantiate", cudart.cuGraphInstantiate(executable, graph, 0));
        RawDriver.check("destroy", cudart.cuGraphDestroy(graph));
        return executable;
    }
}
