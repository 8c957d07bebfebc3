package dev.graft.vision.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.graft.io.file.FileException;
import dev.graft.nn.json.Json;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.image.file.ImageFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A page to try a model with, on this machine's loopback address only. {@code POST /predict} answers an image, as the
 * body or as the file of a form, in JSON; {@code ?explain=true} adds a Grad-CAM overlay. {@code GET /model} says what
 * the classes are.
 *
 * <pre>{@code
 * try (ImageClassifier classifier = ImageClassifier.load(folder);
 *         PredictionServer server = PredictionServer.start(classifier, ServerOptions.defaults())) {
 *     System.out.println(server.address());
 *     // ... until it is to end
 * }
 * }</pre>
 *
 * <p>Other machines cannot reach it, and requests with a foreign {@code Host} or {@code Origin} are refused, so that no
 * web page can use it either. Images are kept in memory only, and in no log. It has no encryption and no users: do not
 * forward its port. Thread-safe.
 */
public final class PredictionServer implements AutoCloseable {
    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
                    + " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";
    private static final Map<String, String> FILES = Map.of(
            "/", "index.html",
            "/style.css", "style.css",
            "/script.js", "script.js");
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "js", "text/javascript; charset=utf-8");
    private static final int BACKLOG = 64;

    private final HttpServer server;
    private final ServerOptions options;
    private final Answers answers;
    private final Gate gate;
    private final BodyMemory memory;
    private final Running running = new Running();
    private final ExecutorService threads;
    private final ScheduledThreadPoolExecutor clock;

    private PredictionServer(HttpServer server, ImageClassifier classifier, ServerOptions options) {
        this.server = server;
        this.options = options;
        this.answers = new Answers(classifier, options.maxPixels());
        this.gate = new Gate(server.getAddress().getPort());
        // the longest form needs that much
        this.memory = new BodyMemory(Math.max(options.maxTotalBytes(), 2L * options.maxBytes()), options.patience());
        AtomicInteger number = new AtomicInteger();
        this.threads = Executors.newFixedThreadPool(
                options.parallel(), task -> new Thread(task, "graft-serve-" + number.incrementAndGet()));
        this.clock = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "graft-serve-clock");
            thread.setDaemon(true);
            return thread;
        });
        clock.setRemoveOnCancelPolicy(true);
    }

    /**
     * Listens, until it is closed.
     *
     * @param classifier stays the caller's, who closes it after the server
     * @throws FileException where the port is taken
     */
    public static PredictionServer start(ImageClassifier classifier, ServerOptions options) {
        HttpServer http;
        try {
            http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), options.port()), BACKLOG);
        } catch (IOException e) {
            throw new FileException(
                    "the port " + options.port() + " cannot be used (" + e.getMessage() + ")",
                    "choose another, or 0 for any that is free",
                    e);
        }
        PredictionServer server = new PredictionServer(http, classifier, options);
        http.setExecutor(task -> server.threads.execute(() -> {
            try (Deadline deadline = new Deadline(server.clock, options.patience())) {
                task.run();
            }
        }));
        http.createContext("/", server::handle);
        http.start();
        return server;
    }

    /** Where it is, such as {@code http://127.0.0.1:41234/}. */
    public URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    /** Takes no more requests, and waits for those that have begun, for {@link ServerOptions#patience} at most. */
    @Override
    public void close() {
        try {
            running.close(options.patience()); // first: stop(0) cuts connections, and stop(n) of an idle server waits
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        server.stop(0);
        threads.shutdown();
        try {
            if (!threads.awaitTermination(options.patience().toMillis(), TimeUnit.MILLISECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
        clock.shutdownNow();
    }

    private void handle(HttpExchange exchange) throws IOException {
        if (!running.enter()) {
            try (exchange) {
                send(exchange, Reply.json(503, Answers.error("the server is being closed")));
            }
            return;
        }
        try {
            answer(exchange);
        } finally {
            running.leave();
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Reply reply;
            try {
                reply = reply(exchange);
            } catch (Refusal refusal) {
                reply = Reply.json(refusal.status(), Answers.error(refusal.text()));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } catch (RuntimeException | OutOfMemoryError e) {
                log(e);
                reply = Reply.json(500, Answers.error("the server failed; its log says why"));
            }
            Deadline.restart();
            send(exchange, reply);
        }
    }

    /** Never with the image, and not with what came with it. */
    private static void log(Throwable e) {
        System.getLogger("dev.graft.vision.serve.PredictionServer")
                .log(System.Logger.Level.ERROR, "a request failed", e);
    }

    private record Reply(int status, String type, byte[] body, Optional<String> allow) {
        static Reply json(int status, Map<String, Object> content) {
            return new Reply(
                    status,
                    "application/json; charset=utf-8",
                    Json.write(content).getBytes(StandardCharsets.UTF_8),
                    Optional.empty());
        }
    }

    private Reply reply(HttpExchange exchange) throws IOException, InterruptedException {
        gate.check(exchange);
        String path = exchange.getRequestURI().getPath();
        String method = exchange.getRequestMethod();
        if ("/predict".equals(path)) {
            return method.equals("POST") ? predict(exchange) : notAllowed("POST");
        }
        String file = FILES.getOrDefault(path, "");
        boolean model = "/model".equals(path);
        if (file.isEmpty() && !model) {
            throw new Refusal(404, "there is nothing here; the page is at /");
        }
        if (!method.equals("GET") && !method.equals("HEAD")) {
            return notAllowed("GET, HEAD");
        }
        return model ? Reply.json(200, answers.model()) : file(file);
    }

    private static Reply notAllowed(String allowed) {
        Reply reply = Reply.json(405, Answers.error("only " + allowed));
        return new Reply(405, reply.type(), reply.body(), Optional.of(allowed));
    }

    private Reply predict(HttpExchange exchange) throws IOException, InterruptedException {
        Upload.Announced announced = Upload.Announced.of(exchange, options.maxBytes());
        try (BodyMemory.Share share = memory.take(announced.memory(options.maxBytes()))) {
            byte[] image = Upload.read(exchange, announced, options.maxBytes());
            share.shrink(image.length);
            return predict(exchange, image);
        }
    }

    /** The most bytes that request bodies took at once. */
    long mostBodyBytes() {
        return memory.most();
    }

    private Reply predict(HttpExchange exchange, byte[] image) throws InterruptedException {
        Deadline.pause();
        boolean explain = List.of(Optional.ofNullable(exchange.getRequestURI().getQuery())
                        .orElse("")
                        .split("&", -1))
                .contains("explain=true");
        try {
            return Reply.json(200, answers.answer(image, explain));
        } catch (ImageFormatException e) {
            throw new Refusal(422, String.valueOf(e.getMessage()));
        }
    }

    private static Reply file(String name) {
        String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        try (InputStream in = PredictionServer.class.getResourceAsStream(name)) {
            if (in == null || type == null) {
                throw new IllegalStateException("the page's file " + name + " is missing. Hint: build Graft again.");
            }
            return new Reply(200, type, in.readAllBytes(), Optional.empty());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void send(HttpExchange exchange, Reply reply) throws IOException {
        var headers = exchange.getResponseHeaders();
        headers.set("Content-Type", reply.type());
        headers.set("Content-Security-Policy", POLICY);
        headers.set("X-Content-Type-Options", "nosniff");
        headers.set("X-Frame-Options", "DENY");
        headers.set("Referrer-Policy", "no-referrer");
        headers.set("Cross-Origin-Resource-Policy", "same-origin");
        headers.set("Cross-Origin-Opener-Policy", "same-origin");
        headers.set("Cache-Control", "no-store");
        reply.allow().ifPresent(methods -> headers.set("Allow", methods));
        if (reply.status() >= 400) {
            headers.set("Connection", "close"); // what is left of the request is not read
        }
        boolean head = exchange.getRequestMethod().equals("HEAD");
        if (head) {
            headers.set("Content-Length", Integer.toString(reply.body().length));
        }
        exchange.sendResponseHeaders(reply.status(), head ? -1 : reply.body().length);
        if (!head) {
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(reply.body());
            }
        }
    }
}
