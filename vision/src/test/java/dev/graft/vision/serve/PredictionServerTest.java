package dev.graft.vision.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.graft.io.file.FileException;
import dev.graft.nn.json.Json;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.ImageClassifierOptions;
import dev.graft.vision.OldRun;
import dev.graft.vision.Prediction;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Requests as browsers, programs, other web pages and worse clients send them. */
@Timeout(60)
class PredictionServerTest {
    private static final int MAX_BYTES = 1 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(1);
    private static final int PARALLEL = 16;

    @TempDir
    private static Path folder;

    private static List<Path> images;
    private static ImageClassifier classifier;
    private static PredictionServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeAll
    static void start() throws IOException {
        images = OldRun.listed(OldRun.images(folder));
        classifier = ImageClassifier.load(
                OldRun.folder(folder), ImageClassifierOptions.defaults().notes(note -> {}));
        server = PredictionServer.start(
                classifier,
                ServerOptions.defaults().maxBytes(MAX_BYTES).patience(PATIENCE).parallel(PARALLEL));
    }

    @AfterAll
    static void stop() {
        server.close();
        classifier.close();
    }

    private static HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(server.address().resolve(path));
    }

    private HttpResponse<String> post(String path, String type, byte[] body) throws Exception {
        return client.send(
                to(path).header("Content-Type", type)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static Map<String, Object> json(String text) {
        return Json.parseObject(text, Path.of("answer"));
    }

    @Test
    void imagesAreAnsweredAsTheLibraryAnswersThem() throws Exception {
        for (Path image : images) {
            Prediction expected = classifier.predict(image);
            HttpResponse<String> answer = post("/predict", "image/png", Files.readAllBytes(image));
            assertThat(answer.statusCode()).isEqualTo(200);
            Map<String, Object> map = json(answer.body());
            assertThat(map).containsEntry("label", expected.label());
            assertThat(((Number) map.get("probability")).floatValue()).isEqualTo(expected.probability());
            assertThat((List<?>) map.get("classes"))
                    .hasSize(classifier.classes().size());
            assertThat(map).containsKeys("flags", "notes", "abstained").doesNotContainKey("explanation");
        }
    }

    @Test
    void formsAreAnsweredToo() throws Exception {
        byte[] image = Files.readAllBytes(images.get(0));
        byte[] before = ("preamble\r\n--xYz\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nsome text\r\n"
                        + "--xYz\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n"
                        + "Content-Type: image/png\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
        byte[] after = "\r\n--xYz--\r\n".getBytes(StandardCharsets.US_ASCII);
        byte[] form = new byte[before.length + image.length + after.length];
        System.arraycopy(before, 0, form, 0, before.length);
        System.arraycopy(image, 0, form, before.length, image.length);
        System.arraycopy(after, 0, form, before.length + image.length, after.length);
        for (String type :
                List.of("multipart/form-data; boundary=xYz", "Multipart/Form-Data; charset=utf-8; boundary=\"xYz\"")) {
            HttpResponse<String> answer = post("/predict", type, form);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            assertThat(json(answer.body()))
                    .containsEntry("label", classifier.predict(images.get(0)).label());
        }
        assertThat(post("/predict", "multipart/form-data", form).statusCode()).isEqualTo(400);
        assertThat(post("/predict", "multipart/form-data; boundary=other", form).statusCode())
                .isEqualTo(400);
        assertThat(post("/predict", "multipart/form-data; boundary=xYz", new byte[0])
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void explanationsComeAsAPicture() throws Exception {
        HttpResponse<String> answer =
                post("/predict?explain=true", "application/octet-stream", Files.readAllBytes(images.get(0)));
        Map<?, ?> why = (Map<?, ?>) json(answer.body()).get("explanation");
        assertThat(why.get("method")).isEqualTo("grad-cam");
        assertThat(why.get("class")).isEqualTo(classifier.predict(images.get(0)).label());
        String prefix = "data:image/png;base64,";
        assertThat(why.get("overlay").toString()).startsWith(prefix);
        byte[] png = Base64.getDecoder().decode(why.get("overlay").toString().substring(prefix.length()));
        assertThat(dev.graft.vision.image.Image.read(png, "overlay").channels()).isEqualTo(3);
    }

    @Test
    void whatIsNoImageIsRefused() throws Exception {
        HttpResponse<String> answer = post("/predict", "image/png", new byte[] {1, 2, 3});
        assertThat(answer.statusCode()).isEqualTo(422);
        assertThat(json(answer.body()).get("error").toString()).startsWith("image: upload: it is none of JPEG");
        assertThat(post("/predict", "image/png", new byte[0]).statusCode()).isEqualTo(400);
        for (String type : List.of("application/x-www-form-urlencoded", "text/plain", "application/json", "x")) {
            assertThat(post("/predict", type, Files.readAllBytes(images.get(0))).statusCode())
                    .as(type)
                    .isEqualTo(415);
        }
    }

    @Test
    void thePageComesWithAStrictPolicy() throws Exception {
        for (String path : List.of(
                "/", "/style.css", "/script.js", "/model", "/nothing", "/predict", "/../secret", "/index.html")) {
            HttpResponse<String> answer = client.send(to(path).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode())
                    .as(path)
                    .isEqualTo(
                            path.equals("/predict")
                                    ? 405
                                    : path.equals("/nothing") || path.endsWith("secret") || path.endsWith("html")
                                            ? 404
                                            : 200);
            var headers = answer.headers();
            assertThat(headers.firstValue("Content-Security-Policy").orElse(""))
                    .contains("default-src 'none'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(headers.firstValue("X-Content-Type-Options")).contains("nosniff");
            assertThat(headers.firstValue("Cache-Control")).contains("no-store");
            assertThat(headers.firstValue("Access-Control-Allow-Origin")).isEmpty();
        }
        HttpResponse<String> page = client.send(to("/").build(), HttpResponse.BodyHandlers.ofString());
        assertThat(page.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(page.body()).doesNotContain("http:", "https:", " style=", " onclick=", "<script>");
        HttpResponse<String> deleted = client.send(
                to("/").method("DELETE", HttpRequest.BodyPublishers.noBody()).build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(deleted.statusCode()).isEqualTo(405);
        assertThat(deleted.headers().firstValue("Allow")).contains("GET, HEAD");
    }

    /** What a client sends as it is, and the server's first line and the rest. */
    private static String raw(String... parts) throws IOException {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            socket.setSoTimeout(20_000);
            OutputStream out = socket.getOutputStream();
            for (String part : parts) {
                out.write(part.getBytes(StandardCharsets.ISO_8859_1));
                out.flush();
            }
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static String request(String method, String path, String... headers) {
        return method + " " + path + " HTTP/1.1\r\nConnection: close\r\n" + String.join("\r\n", headers) + "\r\n\r\n";
    }

    @Test
    void otherSitesAreRefused() throws Exception {
        int port = server.address().getPort();
        String own = "Host: 127.0.0.1:" + port;
        for (String host : List.of(own, "Host: localhost:" + port, "Host: LOCALHOST:" + port, "Host: [::1]:" + port)) {
            assertThat(raw(request("GET", "/model", host))).startsWith("HTTP/1.1 200");
        }
        for (String host : List.of(
                "Host: evil.example:" + port,
                "Host: 127.0.0.1.evil.example:" + port,
                "Host: localhost",
                "Host: localhost:1",
                "Host: 127.0.0.1:" + port + "@evil.example",
                "Host: ",
                "X-Host: none")) {
            for (String path : List.of("/", "/model", "/nothing")) {
                assertThat(raw(request("GET", path, host))).as(host).startsWith("HTTP/1.1 403");
            }
        }
        assertThat(raw(request("GET", "/model", own, "Host: evil.example"))).startsWith("HTTP/1.1 403");
        for (String origin : List.of("http://127.0.0.1:" + port, "http://localhost:" + port)) {
            assertThat(raw(request("GET", "/model", own, "Origin: " + origin))).startsWith("HTTP/1.1 200");
        }
        for (String origin : List.of(
                "null",
                "https://127.0.0.1:" + port,
                "http://evil.example",
                "http://localhost:1",
                "http://localhost",
                "")) {
            String answer = raw(request("GET", "/model", own, "Origin: " + origin));
            assertThat(answer).as(origin).startsWith("HTTP/1.1 403").doesNotContain("left", "Access-Control");
        }
        assertThat(raw(request("GET", "/model", own, "Sec-Fetch-Site: cross-site")))
                .startsWith("HTTP/1.1 403");
        assertThat(raw(request("GET", "/model", own, "Sec-Fetch-Site: same-origin")))
                .startsWith("HTTP/1.1 200");
    }

    @Test
    void longBodiesAreNotTakenIn() throws Exception {
        String host = "Host: localhost:" + server.address().getPort();
        String type = "Content-Type: image/png";
        assertThat(raw(request("POST", "/predict", host, type, "Content-Length: 999999999999")))
                .startsWith("HTTP/1.1 413");
        assertThat(raw(request("POST", "/predict", host, type, "Content-Length: " + (MAX_BYTES + 1))))
                .startsWith("HTTP/1.1 413");
        StringBuilder chunks = new StringBuilder();
        for (int i = 0; i <= MAX_BYTES / 0x8000 + 1; i++) {
            chunks.append("8000\r\n").append("x".repeat(0x8000)).append("\r\n");
        }
        assertThat(raw(request("POST", "/predict", host, type, "Transfer-Encoding: chunked"), chunks.toString()))
                .startsWith("HTTP/1.1 413");
        assertThat(post("/predict", "image/png", new byte[MAX_BYTES]).statusCode())
                .isEqualTo(422);
    }

    /** Clients that send a byte now and then, or nothing more, in their header, their body, or their last chunk. */
    @Test
    void slowClientsAreLetGo() throws Exception {
        String host = "Host: localhost:" + server.address().getPort();
        List<String> starts = List.of(
                "POST /pre",
                "GET / HTTP/1.1\r\n" + host + "\r\nX-Slow: ",
                "POST /predict HTTP/1.1\r\n" + host + "\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nabc",
                "POST /predict HTTP/1.1\r\n" + host
                        + "\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Future<Double>> slow = new ArrayList<>();
            for (int i = 0; i < 3 * PARALLEL; i++) { // more than there are threads
                String start = starts.get(i % starts.size());
                slow.add(threads.submit(() -> trickle(start)));
            }
            // an honest client waits for its turn and gets it
            HttpResponse<String> answer = post("/predict", "image/png", Files.readAllBytes(images.get(0)));
            assertThat(answer.statusCode()).isEqualTo(200);
            for (Future<Double> one : slow) {
                assertThat(one.get()).isLessThan(20);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** The seconds until the server closes the connection. */
    private static double trickle(String start) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), server.address().getPort())) {
            OutputStream out = socket.getOutputStream();
            out.write(start.getBytes(StandardCharsets.ISO_8859_1));
            while (true) {
                out.write(start.endsWith("\r\n") ? '1' : 'x');
                out.flush();
                Thread.sleep(100);
            }
        } catch (java.net.SocketException closed) {
            return (System.nanoTime() - begin) / 1e9;
        }
    }

    /** 16 clients for several rounds: memory after each round stays where it was, and no file appears. */
    @Test
    void parallelRequestsKeepMemoryFlatAndWriteNoFile() throws Exception {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        long files = imageFiles(temporary);
        byte[][] bodies = new byte[images.size()][];
        for (int i = 0; i < bodies.length; i++) {
            bodies[i] = Files.readAllBytes(images.get(i));
        }
        ExecutorService threads = Executors.newFixedThreadPool(PARALLEL);
        List<Long> used = new ArrayList<>();
        try {
            for (int round = 0; round < 3; round++) {
                List<Callable<String>> clients = new ArrayList<>();
                for (int i = 0; i < PARALLEL * 4; i++) {
                    byte[] body = bodies[i % bodies.length];
                    boolean broken = i % 7 == 3;
                    clients.add(() -> {
                        HttpResponse<String> answer = post(
                                "/predict?explain=" + (body.length % 2 == 0),
                                "image/png",
                                broken ? new byte[] {9, 9} : body);
                        assertThat(answer.statusCode()).isEqualTo(broken ? 422 : 200);
                        return answer.body();
                    });
                }
                for (Future<String> answer : threads.invokeAll(clients)) {
                    answer.get();
                }
                used.add(usedMemory());
            }
        } finally {
            threads.shutdownNow();
        }
        System.out.println("PredictionServerTest.parallelRequestsKeepMemoryFlat: bytes after each round " + used);
        assertThat(used.get(2) - used.get(0)).as("growth over 128 requests").isLessThan(4L << 20);
        assertThat(imageFiles(temporary)).as("files in " + temporary).isEqualTo(files);
    }

    private static long usedMemory() throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            Thread.sleep(50);
            Runtime runtime = Runtime.getRuntime();
            least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
        }
        return least;
    }

    private static long imageFiles(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(file -> file.getFileName().toString().startsWith("imageio"))
                    .count();
        }
    }

    /** 16 bodies of 32 MiB, half of them in forms, where there is memory for two. */
    @Test
    void largeBodiesShareBoundedMemory() throws Exception {
        int size = 32 << 20;
        byte[] body = new byte[size - 200];
        byte[] head = "--xYz\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII);
        byte[] end = "\r\n--xYz--\r\n".getBytes(StandardCharsets.US_ASCII);
        ExecutorService threads = Executors.newFixedThreadPool(PARALLEL);
        try (PredictionServer small = PredictionServer.start(
                classifier, ServerOptions.defaults().maxBytes(size).maxTotalBytes(2L * size))) {
            List<Callable<HttpResponse<String>>> clients = new ArrayList<>();
            for (int i = 0; i < PARALLEL; i++) {
                boolean form = i % 4 == 1;
                List<byte[]> parts = form ? List.of(head, body, end) : List.of(body);
                HttpRequest.BodyPublisher content = HttpRequest.BodyPublishers.ofByteArrays(parts);
                long length = parts.stream().mapToLong(part -> part.length).sum();
                HttpRequest request = HttpRequest.newBuilder(small.address().resolve("/predict"))
                        .header("Content-Type", form ? "multipart/form-data; boundary=xYz" : "image/png")
                        .POST(
                                i % 4 == 2
                                        ? content // in chunks
                                        : HttpRequest.BodyPublishers.fromPublisher(content, length))
                        .build();
                clients.add(() -> client.send(request, HttpResponse.BodyHandlers.ofString()));
            }
            for (Future<HttpResponse<String>> answer : threads.invokeAll(clients)) {
                assertThat(answer.get().statusCode()).as(answer.get().body()).isEqualTo(422);
            }
            assertThat(small.mostBodyBytes()).isBetween((long) size, 2L * size + 1024);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void bodiesAreReadWithoutCopies() throws IOException {
        byte[] body = new byte[32 << 20];
        new Random(3).nextBytes(body);
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int announced : new int[] {body.length, -1}) {
            long before = threads.getCurrentThreadAllocatedBytes();
            byte[] read = Upload.all(new ByteArrayInputStream(body), announced, body.length);
            assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                    .isLessThan(announced < 0 ? 65 << 20 : 33 << 20);
            assertThat(read).isEqualTo(body);
        }
        for (int length : new int[] {0, 1, (1 << 16) - 1, 1 << 16, (1 << 16) + 1, 1 << 17, 200_000}) {
            byte[] part = Arrays.copyOf(body, length);
            assertThat(Upload.all(new ByteArrayInputStream(part), -1, 200_000)).isEqualTo(part);
        }
        assertThatThrownBy(() -> Upload.all(new ByteArrayInputStream(body), -1, 200_000))
                .isInstanceOf(Refusal.class);
    }

    /** It has begun when the server is closed, gets its answer, and nothing else is let in meanwhile. */
    @Test
    void closingWaitsForARequestThatHasBegun() throws Exception {
        byte[] image = Files.readAllBytes(images.get(0));
        PredictionServer other = PredictionServer.start(classifier, ServerOptions.defaults());
        int port = other.address().getPort();
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(20_000);
            OutputStream out = socket.getOutputStream();
            out.write(request(
                            "POST",
                            "/predict",
                            "Host: localhost:" + port,
                            "Content-Type: image/png",
                            "Content-Length: " + image.length)
                    .getBytes(StandardCharsets.ISO_8859_1));
            out.write(image, 0, 10);
            out.flush();
            while (other.mostBodyBytes() == 0) { // until it has begun
                Thread.sleep(5);
            }
            Future<?> closing = threads.submit(other::close);
            Thread.sleep(300);
            assertThat(closing.isDone()).isFalse();
            HttpResponse<String> late = client.send(
                    HttpRequest.newBuilder(other.address().resolve("/model")).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(late.statusCode()).isEqualTo(503);
            out.write(image, 10, image.length - 10);
            out.flush();
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
            assertThat(answer).startsWith("HTTP/1.1 200").contains("\"label\"");
            closing.get();
        } finally {
            threads.shutdownNow();
            other.close();
        }
        PredictionServer idle = PredictionServer.start(classifier, ServerOptions.defaults());
        long start = System.nanoTime();
        idle.close();
        assertThat((System.nanoTime() - start) / 1e9).as("seconds to close").isLessThan(5);
    }

    /** Bytes that are no HTTP at all do not stop the server. */
    @Test
    void noiseIsSurvived() throws Exception {
        long seed = System.nanoTime();
        System.out.println("PredictionServerTest.noiseIsSurvived: seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 50; i++) {
            byte[] noise = new byte[1 + random.nextInt(300)];
            random.nextBytes(noise);
            try (Socket socket = new Socket(
                    InetAddress.getLoopbackAddress(), server.address().getPort())) {
                socket.getOutputStream().write(noise);
            }
        }
        assertThat(client.send(to("/model").build(), HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(200);
    }

    @Test
    void onlyTheLoopbackAddressListensAndClosingEnds() throws Exception {
        assertThat(server.address().getHost()).isEqualTo("127.0.0.1");
        assertThatThrownBy(() -> PredictionServer.start(
                        classifier,
                        ServerOptions.defaults().port(server.address().getPort())))
                .isInstanceOf(FileException.class)
                .hasMessageContaining("the port " + server.address().getPort() + " cannot be used")
                .hasMessageContaining("Hint: ");
        PredictionServer other = PredictionServer.start(classifier, ServerOptions.defaults());
        URI address = other.address();
        other.close();
        assertThatThrownBy(() ->
                        client.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString()))
                .isInstanceOf(IOException.class);
        assertThat(classifier.predict(images.get(0)).label()).isNotEmpty(); // it is the caller's still
        other.close();
    }
}
