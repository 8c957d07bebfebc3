package dev.graft.vision.serve;

import dev.graft.nn.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A headless Chromium, by the WebDriver protocol of its ChromeDriver, which is plain HTTP. */
final class Browser implements AutoCloseable {
    private static final Pattern PORT = Pattern.compile("on port (\\d+)");

    private final HttpClient client = HttpClient.newHttpClient();
    private final Process driver;
    private final String session;

    private Browser(Process driver, int port, Path profile) throws IOException, InterruptedException {
        this.driver = driver;
        Map<String, Object> options = Map.of(
                "binary",
                program("chromium", "chromium-browser", "google-chrome")
                        .orElseThrow()
                        .toString(),
                "args",
                List.of(
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-quic",
                        "--no-first-run",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--user-data-dir=" + profile));
        Map<?, ?> answer = call(
                "POST",
                "http://127.0.0.1:" + port + "/session",
                Map.of(
                        "capabilities",
                        Map.of(
                                "alwaysMatch",
                                Map.of("goog:chromeOptions", options, "goog:loggingPrefs", Map.of("browser", "ALL")))));
        this.session = "http://127.0.0.1:" + port + "/session/" + ((Map<?, ?>) value(answer)).get("sessionId");
    }

    /** Skips the test where there is no Chromium or no ChromeDriver. */
    static Browser require(Path profile) throws IOException, InterruptedException {
        Optional<Path> driver = program("chromedriver");
        boolean there = driver.isPresent()
                && program("chromium", "chromium-browser", "google-chrome").isPresent();
        String reason = "skipped: no chromium and chromedriver on the PATH";
        if (!there) {
            System.out.println(reason);
        }
        Assumptions.assumeTrue(there, reason);
        Process process = new ProcessBuilder(driver.orElseThrow().toString(), "--port=0")
                .redirectErrorStream(true)
                .start();
        try {
            BufferedReader out = process.inputReader();
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                Matcher port = PORT.matcher(line);
                if (port.find() && line.contains("success")) {
                    return new Browser(process, Integer.parseInt(port.group(1)), profile);
                }
            }
            throw new IllegalStateException("chromedriver ended");
        } catch (IOException | RuntimeException | InterruptedException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private static Optional<Path> program(String... names) {
        return Arrays.stream(names)
                .flatMap(name -> Stream.of(
                                System.getenv().getOrDefault("PATH", "").split(":", -1))
                        .map(folder -> Path.of(folder).resolve(name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private Map<?, ?> call(String method, String address, Object body) throws IOException, InterruptedException {
        HttpRequest.BodyPublisher content = method.equals("POST")
                ? HttpRequest.BodyPublishers.ofString(Json.write(body))
                : HttpRequest.BodyPublishers.noBody();
        HttpResponse<String> answer = client.send(
                HttpRequest.newBuilder(URI.create(address))
                        .method(method, content)
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IllegalStateException(address + ": " + answer.body());
        }
        return Json.parseObject(answer.body(), Path.of(address.replace(':', '_')));
    }

    private static Object value(Map<?, ?> answer) {
        return answer.get("value");
    }

    void open(URI page) throws IOException, InterruptedException {
        call("POST", session + "/url", Map.of("url", page.toString()));
    }

    /** The result of a script, which may use {@code return}. */
    Object run(String script) throws IOException, InterruptedException {
        return value(call("POST", session + "/execute/sync", Map.of("script", script, "args", List.of())));
    }

    /** Waits until a script's result is true. */
    void await(String condition) throws IOException, InterruptedException {
        long end = System.nanoTime() + 30_000_000_000L;
        while (!Boolean.TRUE.equals(run("return " + condition))) {
            if (System.nanoTime() > end) {
                throw new AssertionError("never: " + condition);
            }
            Thread.sleep(50);
        }
    }

    /** Types into an element; into a file input, the file's path. */
    void type(String css, String text) throws IOException, InterruptedException {
        Map<?, ?> element =
                (Map<?, ?>) value(call("POST", session + "/element", Map.of("using", "css selector", "value", css)));
        String id = element.values().iterator().next().toString();
        call("POST", session + "/element/" + id + "/value", Map.of("text", text));
    }

    /** As a device of this width, and with this colour scheme. */
    void show(int width, int height, String scheme) throws IOException, InterruptedException {
        cdp(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
        cdp(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    private void cdp(String command, Map<String, Object> parameters) throws IOException, InterruptedException {
        call("POST", session + "/goog/cdp/execute", Map.of("cmd", command, "params", parameters));
    }

    byte[] screenshot() throws IOException, InterruptedException {
        return Base64.getDecoder()
                .decode(value(call("GET", session + "/screenshot", Map.of())).toString());
    }

    /** What the console says: errors of scripts, and what the page's policy forbade. */
    List<?> console() throws IOException, InterruptedException {
        return (List<?>) value(call("POST", session + "/se/log", Map.of("type", "browser")));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        try {
            call("DELETE", session, Map.of());
        } finally {
            driver.destroy();
        }
    }
}
