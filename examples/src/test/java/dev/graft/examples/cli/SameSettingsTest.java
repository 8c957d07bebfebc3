package dev.graft.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.graft.message.Message;
import dev.graft.vision.FineTuning;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The command and the library have the same settings, under the same names. */
class SameSettingsTest {
    /** What the program has besides: where it reports to, what its report says of the study, and several trainings. */
    private static final Set<String> PROGRAMS_OWN =
            Set.of("--json", "--stacktrace", "--help", "--version", "--study", "--seeds");

    private static CommandLine finetune() {
        return new CommandLine(new FinetuneCommand());
    }

    private static String settingOf(OptionSpec option) {
        return option.longestName().equals("--no-feature-cache")
                ? "featureCache"
                : OptionWords.setting(option.longestName());
    }

    @Test
    void everyOptionIsASettingAndEverySettingAnOption() {
        assertThat(finetune().getCommandSpec().options().stream()
                        .filter(option -> !PROGRAMS_OWN.contains(option.longestName()))
                        .map(SameSettingsTest::settingOf)
                        .collect(Collectors.toSet()))
                .containsExactlyInAnyOrderElementsOf(FineTuning.settings());
    }

    /** What a learning rate depends on, and a range test can do: but for the rate itself, and how training proceeds. */
    @Test
    void lrFindHasTheOptionsOfFinetuneForImagesNetworkAndBatches() {
        Set<String> shared = names(finetune());
        shared.removeAll(Set.of("--epochs", "--lr", "--schedule", "--accumulate", "--clip-norm", "--patience"));
        shared.removeAll(Set.of("--monitor", "--out", "--resume", "--overwrite"));
        shared.removeAll(Set.of("--seeds", "--study", "--subgroups", "--tta"));
        shared.removeAll(Set.of("--threshold", "--coverage", "--abstain-below"));
        Set<String> own = names(new CommandLine(new LrFindCommand()));
        assertThat(own.removeAll(Set.of("--from", "--to", "--steps", "--plot"))).isTrue();
        assertThat(own).isEqualTo(shared).contains("--mixup", "--label-smoothing", "--cached-views");
    }

    private static Set<String> names(CommandLine command) {
        return command.getCommandSpec().options().stream()
                .map(OptionSpec::longestName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void theHelpShowsTheLibrarysDefaults() {
        String help = finetune().getUsageMessage().replaceAll("\\s+", " ");
        assertThat(help)
                .contains("Passes over the training images. Default: "
                        + FineTuning.standard("epochs").orElseThrow())
                .contains("Of sgd. Default: " + FineTuning.standard("momentum").orElseThrow())
                .contains("Default: " + FineTuning.standard("csvEncoding").orElseThrow())
                .doesNotContain("DEFAULT-VALUE", "Default: null");
    }

    @Test
    void namesAreMadeOfOneAnother() {
        for (String name : FineTuning.settings()) {
            assertThat(OptionWords.setting(Message.option(name))).isEqualTo(name);
        }
        assertThat(Message.option("allowSharedPatients")).isEqualTo("--allow-shared-patients");
    }
}
