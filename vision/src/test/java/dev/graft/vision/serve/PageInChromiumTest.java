package dev.graft.vision.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.vision.ImageClassifier;
import dev.graft.vision.ImageClassifierOptions;
import dev.graft.vision.OldRun;
import dev.graft.vision.Prediction;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The page as a person uses it. */
class PageInChromiumTest {
    /** Where to write pictures for people to look at. */
    private static final String PICTURES = "graft.test.pictures";

    @TempDir
    private Path folder;

    @Test
    @Timeout(180)
    void anImageIsChosenAndAnswered() throws Exception {
        List<Path> images = OldRun.listed(OldRun.images(folder));
        Path bad = Files.writeString(folder.resolve("bad.png"), "no image");
        try (Browser browser = Browser.require(folder.resolve("profile"));
                ImageClassifier classifier = ImageClassifier.load(
                        OldRun.folder(folder), ImageClassifierOptions.defaults().notes(note -> {}));
                PredictionServer server = PredictionServer.start(classifier, ServerOptions.defaults())) {
            browser.show(1100, 900, "light");
            browser.open(server.address());
            browser.await("document.getElementById('about').textContent.includes('classes')");
            assertThat(browser.run("return document.getElementById('result').hidden"))
                    .isEqualTo(true);
            for (Path image : List.of(images.get(0), images.get(images.size() - 1))) {
                Prediction expected = classifier.predict(image);
                browser.type("#file", image.toString());
                browser.await(
                        "document.getElementById('status').textContent.startsWith('" + image.getFileName() + ": ')");
                assertThat(browser.run("return document.getElementById('answer').textContent")
                                .toString())
                        .startsWith(expected.label() + ", ");
                assertThat(((Number) browser.run("return document.querySelectorAll('#classes tr').length")).intValue())
                        .isEqualTo(Math.min(10, classifier.classes().size()));
                browser.await("document.getElementById('map').naturalWidth > 0");
                browser.await("document.getElementById('image').naturalWidth > 0");
                assertThat(browser.run("return document.getElementById('map').alt")
                                .toString())
                        .contains(expected.label());
            }
            for (String scheme : List.of("light", "dark")) {
                for (int width : new int[] {1100, 360}) {
                    browser.show(width, 900, scheme);
                    assertThat(browser.run("return document.documentElement.scrollWidth <= window.innerWidth"))
                            .as("fits " + width)
                            .isEqualTo(true);
                    picture(browser, scheme + width);
                }
            }
            // what this model does not say, another may
            browser.run(
                    "show({label: 'b', probability: 0.4, multi_label: false, labels: ['b'], abstained: true, notes: ['odd'],"
                            + " flags: [{text: 'width 900 (training: 30 to 32)'}],"
                            + " classes: Array.from({length: 12}, (x, i) => ({label: '<b>' + i, probability: 1 / 12}))})");
            assertThat(browser.run("return document.getElementById('warnings').innerText")
                            .toString())
                    .contains("unlike the training images", "width 900 (training: 30 to 32)");
            assertThat(browser.run("return document.getElementById('answer').textContent")
                            .toString())
                    .startsWith("Too unsure to answer");
            assertThat(browser.run("return document.querySelector('#classes th').textContent"))
                    .isEqualTo("<b>0");
            browser.run("document.getElementById('more').click()");
            assertThat(browser.run("return document.querySelectorAll('#classes tr').length"))
                    .isEqualTo(12);
            picture(browser, "flags");
            // by keyboard alone: the first stop is the choice of a file
            browser.run("document.activeElement.blur()");
            assertThat(browser.run(
                            "const first = document.querySelector('a, button:not([hidden]), input'); first.focus();"
                                    + " return document.activeElement.id"))
                    .isEqualTo("file");
            assertThat(
                            browser.run(
                                    "return document.querySelectorAll('img:not([alt])').length + document"
                                            + ".querySelectorAll('input').length - document.querySelectorAll('label[for=file]').length"))
                    .isEqualTo(0);
            assertThat(browser.console()).as("errors").isEmpty();
            browser.type("#file", bad.toString());
            browser.await("!document.getElementById('error').hidden");
            assertThat(browser.run("return document.getElementById('error').textContent")
                            .toString())
                    .startsWith("image: upload: it is none of JPEG");
            assertThat(browser.run("return document.getElementById('result').hidden"))
                    .isEqualTo(true);
        }
    }

    private static void picture(Browser browser, String name) throws Exception {
        if (System.getProperty(PICTURES) != null) {
            Files.write(Path.of(System.getProperty(PICTURES)).resolve(name + ".png"), browser.screenshot());
        }
    }
}
