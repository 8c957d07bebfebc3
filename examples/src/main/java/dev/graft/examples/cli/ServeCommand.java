package dev.graft.examples.cli;

import dev.graft.message.SettingException;
import dev.graft.nn.train.StopSignal;
import dev.graft.vision.ImageClassifier;
import dev.graft.vision.ImageClassifierOptions;
import dev.graft.vision.serve.PredictionServer;
import dev.graft.vision.serve.ServerOptions;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Shows a page to try a model with. */
@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Shows a page to try a model with, to this machine's browsers only, until Ctrl-C: drop an image, see the classes, their probabilities, in which ways the image is"
                    + " unlike the training images, and what the answer rests on. POST /predict answers programs in JSON.",
            "Images are kept in memory only. There are no users and there is no encryption: do not forward the port."
        },
        footer = {
            "",
            "Examples: graft serve --model run1",
            "          curl -H 'Content-Type: application/octet-stream' --data-binary @photo.jpg http://127.0.0.1:8080/predict"
        })
final class ServeCommand implements Callable<Integer> {
    private static final int HIGHEST_PORT = 65_535;

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Program program;

    @Option(names = "--model", paramLabel = "DIR", required = true, description = "The --out folder of finetune.")
    private Path model;

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "The port on the loopback address; 0 is any free one. Default: ${DEFAULT-VALUE}.")
    private int port = 8080;

    @Mixin
    private WindowOption window;

    @Mixin
    private ThreadOption threads;

    @Override
    public Integer call() throws InterruptedException {
        if (port < 0 || port > HIGHEST_PORT) {
            throw new ParameterException(
                    spec.commandLine(), "--port must be from 0 to " + HIGHEST_PORT + ", was " + port);
        }
        threads.apply();
        try (ImageClassifier classifier = classifier()) {
            classifier.notes().forEach(line -> say(OptionWords.render(line)));
            StopSignal stop = program.stopOnShutdown();
            try (PredictionServer server =
                    PredictionServer.start(classifier, ServerOptions.defaults().port(port))) {
                say("the page is at " + server.address() + " (Ctrl-C ends it)");
                stop.awaitRequest();
            }
            say("stopped");
        }
        return 0;
    }

    private ImageClassifier classifier() {
        try {
            // an upload's notes are part of its answer
            return ImageClassifier.load(
                    model, window.applyTo(ImageClassifierOptions.defaults()).notes(note -> {}));
        } catch (SettingException e) {
            throw new ParameterException(spec.commandLine(), OptionWords.render(e.explanation()));
        }
    }

    private void say(String line) {
        spec.commandLine().getOut().println(line);
        spec.commandLine().getOut().flush();
    }
}
