package dev.graft.examples.cli;

import dev.graft.nn.report.checklist.Study;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What people say of their study, for the checklists of a report. */
final class StudyOption {
    @Option(
            names = "--study",
            paramLabel = "FILE",
            description =
                    "What only people know of the study, for the checklists TRIPOD+AI and CLAIM in the report: a JSON or"
                            + " .properties file with keys such as funding, ethics, eligibility (docs/report.md lists them).")
    private Optional<Path> file = Optional.empty();

    boolean isGiven() {
        return file.isPresent();
    }

    /** @throws dev.graft.message.SettingException if it cannot be read, or has keys that do not exist */
    Study study() {
        return file.map(Study::read).orElse(Study.none());
    }
}
