package dev.graft.examples.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What the images that judge a model are divided by. */
final class SubgroupOption {
    @Option(
            names = "--subgroups",
            paramLabel = "FILE",
            description =
                    "Also judge parts of the images: a CSV file with a column 'file' or 'patient', and others such as age, sex"
                            + " and site. Numbers, such as ages, become ranges.")
    private Optional<Path> file;

    Optional<Path> file() {
        return file;
    }
}
