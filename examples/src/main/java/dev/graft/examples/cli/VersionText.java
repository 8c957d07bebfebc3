package dev.graft.examples.cli;

import dev.graft.nn.model.Versions;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class VersionText implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {
            "graft " + Versions.graft(),
            Versions.asMap().get("java") + ", " + Versions.asMap().get("os")
        };
    }
}
