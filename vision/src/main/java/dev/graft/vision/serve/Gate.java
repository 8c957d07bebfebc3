package dev.graft.vision.serve;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Lets in what comes from this machine's own page or program. Any web page may make a browser send requests to the
 * loopback address: its scripts' requests have a foreign {@code Origin}, and a name of its own that leads to 127.0.0.1
 * (DNS rebinding) has a foreign {@code Host}.
 */
final class Gate {
    private final Set<String> hosts;

    Gate(int port) {
        this.hosts = Set.of("localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port);
    }

    /** @throws Refusal for a request of another site */
    void check(HttpExchange exchange) {
        Headers headers = exchange.getRequestHeaders();
        List<String> host = headers.getOrDefault("Host", List.of());
        if (host.size() != 1 || !hosts.contains(host.get(0).toLowerCase(Locale.ROOT))) {
            throw new Refusal(403, "this server answers to localhost only, not to another Host");
        }
        for (String origin : headers.getOrDefault("Origin", List.of())) {
            String lower = origin.toLowerCase(Locale.ROOT);
            if (!lower.startsWith("http://") || !hosts.contains(lower.substring("http://".length()))) {
                throw new Refusal(403, "this server answers no scripts and forms of other sites (Origin)");
            }
        }
        for (String site : headers.getOrDefault("Sec-Fetch-Site", List.of())) {
            if (!site.equals("same-origin") && !site.equals("none")) {
                throw new Refusal(403, "this server answers no requests from other sites (Sec-Fetch-Site)");
            }
        }
    }
}
