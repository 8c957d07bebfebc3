package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.json.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page's command; what the server does is tested in vision. */
class ServeCommandTest {
    private static final Pattern ADDRESS = Pattern.compile("the page is at (http://127\\.0\\.0\\.1:\\d+/)");

    @TempDir
    private Path folder;

    @Test
    @Timeout(60)
    void aPortIsPrintedAndAnswersUntilTheEnd() throws Exception {
        Path data = TinyImages.folder(folder.resolve("data"), 10, 1);
        Path run = folder.resolve("run");
        Cli.finetune(data, run).succeeded();
        Path image = TinyImages.write(folder.resolve("one.png"), true, new SplittableRandom(5));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        FutureTask<Integer> code = new FutureTask<>(() -> Program.run(
                new PrintWriter(out), new PrintWriter(err), "serve", "--model", run.toString(), "--port", "0"));
        Thread thread = new Thread(code);
        thread.start();
        Matcher address = ADDRESS.matcher(out.toString());
        while (!address.find()) {
            assertThat(thread.isAlive()).as(out + " " + err).isTrue();
            Thread.sleep(20);
            address = ADDRESS.matcher(out.toString());
        }
        URI page = URI.create(address.group(1));
        HttpResponse<String> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(page.resolve("predict"))
                                .header("Content-Type", "image/png")
                                .POST(HttpRequest.BodyPublishers.ofFile(image))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(Json.parseObject(answer.body(), image)).containsKeys("label", "classes", "flags");
        thread.interrupt();
        code.get();
    }

    @Test
    void impossiblePortsAndFoldersAreRefused() {
        assertThat(Cli.run("serve", "--model", folder, "--port", "70000").code())
                .isEqualTo(Program.WRONG_USAGE);
        Cli.run("serve", "--model", folder.resolve("none")).failedWith("none");
        assertThat(Cli.run("serve").code()).isEqualTo(Program.WRONG_USAGE);
    }
}
