package dev.graft.vision.model.download;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One HTTP GET into a {@link PartFile}, continuing at its end. Proxies are those of {@link java.net.ProxySelector}:
 * {@code -Dhttps.proxyHost}, or the system's with {@code -Djava.net.useSystemProxies=true}.
 */
final class Transfer {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration ANSWER = Duration.ofSeconds(30);
    private static final long POLL_MILLIS = 100;

    private final URI url;
    private final PartFile part;
    private final DownloadListener listener;
    private final Duration stall;

    /** @param stall how long the server may send nothing before it counts as gone */
    Transfer(URI url, PartFile part, DownloadListener listener, Duration stall) {
        this.url = url;
        this.part = part;
        this.listener = listener;
        this.stall = stall;
    }

    /** The server does not have the file, or refuses it: another attempt would be useless. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;

        Refused(String message) {
            super(message);
        }
    }

    /**
     * Returns when the server has sent everything that it announced.
     *
     * @throws Refused if the answer is an error
     * @throws IOException if the connection cannot be made or breaks; what has arrived stays in the part file
     */
    void run() throws IOException, InterruptedException {
        long start = part.size();
        HttpRequest.Builder request =
                HttpRequest.newBuilder(url).timeout(ANSWER).GET();
        if (start > 0) {
            request.header("Range", "bytes=" + start + "-");
        }
        Executor threads = threads();
        HttpClient client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT)
                .followRedirects(HttpClient.Redirect.NORMAL)
                .executor(threads)
                .build();
        Body body = new Body(start);
        // send, not sendAsync, which delivers its answer through the common pool, whose workers may all be waiting
        // for this download.
        FutureTask<HttpResponse<Void>> answer = new FutureTask<>(() -> client.send(request.build(), body));
        threads.execute(answer);
        int status = await(answer, body).statusCode();
        if (status == 416 && start > 0) {
            part.restart();
            run();
        } else if (status != 200 && status != 206) {
            throw new Refused("the server answered with status " + status);
        }
        listener.progress(part.size(), body.total());
    }

    /** The client's threads, which end with it and do not keep the JVM alive. */
    private static Executor threads() {
        return new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
            Thread thread = new Thread(task, "graft-download");
            thread.setDaemon(true);
            return thread;
        });
    }

    private HttpResponse<Void> await(Future<HttpResponse<Void>> answer, Body body)
            throws IOException, InterruptedException {
        long seen = -1;
        long since = System.nanoTime();
        while (true) {
            try {
                return answer.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                if (part.size() != seen) {
                    seen = part.size();
                    since = System.nanoTime();
                    listener.progress(seen, body.total());
                } else if (body.answered && System.nanoTime() - since > stall.toNanos()) {
                    answer.cancel(true);
                    throw new HttpTimeoutException("no data for " + stall.toSeconds() + " s");
                }
            } catch (InterruptedException e) {
                answer.cancel(true);
                throw e;
            } catch (ExecutionException e) {
                throw new IOException(reason(Objects.requireNonNull(e.getCause())), e.getCause());
            }
        }
    }

    /** The client's exceptions often have no text, only a meaningful class. */
    private String reason(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return "no address is known for " + url.getHost() + " (is there a network?)";
            }
        }
        if (failure instanceof ConnectException || failure instanceof HttpConnectTimeoutException) {
            return url.getHost()
                    + " cannot be reached (is there a network, or a proxy to be set with -Dhttps.proxyHost?)";
        }
        String text = failure.getMessage();
        return text == null || text.isBlank() ? failure.getClass().getSimpleName() : text;
    }

    /** Writes the body of a successful answer, and drops that of an error. */
    private final class Body implements HttpResponse.BodyHandler<Void> {
        private final long start;
        private volatile long length = -1;
        private volatile boolean answered;

        Body(long start) {
            this.start = start;
        }

        OptionalLong total() {
            return length < 0 ? OptionalLong.empty() : OptionalLong.of(length);
        }

        @Override
        public HttpResponse.BodySubscriber<Void> apply(HttpResponse.ResponseInfo info) {
            int status = info.statusCode();
            if (status != 200 && status != 206) {
                return HttpResponse.BodySubscribers.discarding();
            }
            boolean continues = status == 206
                    && info.headers().firstValue("Content-Range").orElse("").startsWith("bytes " + start + "-");
            if (!continues) {
                part.restart();
            }
            OptionalLong announced = info.headers().firstValueAsLong("Content-Length");
            length = announced.isPresent() ? part.size() + announced.getAsLong() : -1;
            answered = true;
            return HttpResponse.BodySubscribers.ofByteArrayConsumer(
                    (Optional<byte[]> bytes) -> bytes.ifPresent(part::append));
        }
    }
}
