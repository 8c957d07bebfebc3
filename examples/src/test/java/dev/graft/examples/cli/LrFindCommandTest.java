package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.nn.train.LrFinder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The learning-rate test as a command. */
class LrFindCommandTest {
    @TempDir
    private Path folder;

    private Path data;

    @BeforeEach
    void writeImages() throws IOException {
        data = TinyImages.folder(folder.resolve("data"), 12, 1);
    }

    private Object[] command(Object... more) {
        List<Object> all = new ArrayList<>(List.of(
                "lr-find", "--data", data, "--model", "resnet20", "--weights", "none", "--batch", 8, "--steps", 30));
        all.addAll(Arrays.asList(more));
        return all.toArray();
    }

    @Test
    void printsACurveAndWritesAPlot() throws Exception {
        Path svg = folder.resolve("rates.svg");
        Map<String, Object> report = Cli.json(
                folder.resolve("r.json"), command("--freeze", "none", "--from", 1e-6, "--to", 100, "--plot", svg));
        assertThat((Double) report.get("suggestion")).isBetween(1e-6, 100.0);
        assertThat(report.get("ending")).isIn("completed", "diverged");
        assertThat(Cli.list(report, "rates")).hasSameSizeAs(Cli.list(report, "smoothed"));
        DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(svg.toFile());
        assertThat(Files.readString(svg)).contains("<polyline", "learning rate");
        Cli run = Cli.run(command("--freeze", "none", "--from", 1e-6, "--to", 100))
                .succeeded();
        assertThat(run.out()).contains("*", "suggested: --lr ", "learning rate");
        assertThat(folder.resolve("lr-find")).doesNotExist();
    }

    @Test
    void aFrozenBackboneRunsOnceAndGivesTheSameCurve() {
        Map<String, Object> cached = Cli.json(folder.resolve("1.json"), command());
        Map<String, Object> again = Cli.json(folder.resolve("2.json"), command("--threads", 3));
        assertThat(again).isEqualTo(cached);
        assertThat(Cli.json(folder.resolve("3.json"), command("--augment", "light"))
                        .get("losses"))
                .isNotEqualTo(cached.get("losses"));
    }

    @Test
    void wrongRangesAreRefused() {
        Cli.run(command("--from", 1, "--to", 0.1)).wrongUsage("--from must be positive, and --to larger");
        Cli.run(command("--to", 1e39)).wrongUsage("--from must be positive, and --to larger and finite");
        Cli.run(command("--from", 1e-60)).wrongUsage("--from must be positive");
        Cli.run(command("--steps", 3)).wrongUsage("--steps must be at least 10");
        Cli.run("lr-find").wrongUsage("--data");
        Cli.run(command("--lr", 1)).wrongUsage("--lr");
        Cli.run(command("--plot", folder.resolve("nowhere/rates.svg"))).failedWith("--plot", "cannot be written");
    }

    @Test
    void aCurveThatIsFlatOrEndsInNaNIsDrawn() {
        double[] rates = {1e-3, 1e-2, 1e-1};
        String flat = new LrCurve(new LrFinder.Result(
                        rates, new double[] {1, 1, 1}, new double[] {1, 1, 1}, LrFinder.Ending.COMPLETED))
                .text(0);
        assertThat(flat).contains("*").doesNotContain("NaN");
        double[] ends = {1, 0.5, Double.NaN};
        LrCurve curve = new LrCurve(new LrFinder.Result(rates, ends, ends, LrFinder.Ending.DIVERGED));
        assertThat(curve.text(1e-2)).contains("|", "*").doesNotContain("NaN");
        assertThat(curve.svg(1e-2)).doesNotContain("NaN");
    }
}
