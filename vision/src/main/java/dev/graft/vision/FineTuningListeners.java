package dev.graft.vision;

import dev.graft.message.Message;
import dev.graft.nn.report.checklist.Study;
import dev.graft.nn.train.Progress;
import dev.graft.nn.train.StopSignal;
import dev.graft.vision.model.download.DownloadListener;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Who is told of a fine-tuning, and who may stop it.
 *
 * @param progress told about each epoch
 * @param stop asks for a stop
 * @param log told what is done, as lines of text
 * @param downloads told how a download proceeds
 * @param study what people say of their study, for the report
 */
record FineTuningListeners(
        Progress progress, StopSignal stop, Consumer<? super Message> log, DownloadListener downloads, Study study) {
    /** @throws NullPointerException naming what is null: not hours later, when it would first be told something */
    FineTuningListeners {
        Objects.requireNonNull(progress, "progress");
        Objects.requireNonNull(stop, "stop");
        Objects.requireNonNull(log, "log");
        Objects.requireNonNull(downloads, "downloads");
        Objects.requireNonNull(study, "study");
    }

    /** Everything goes to the system's log. */
    static final FineTuningListeners SILENT = new FineTuningListeners(
            Progress.silent(), new StopSignal(), FineTuningListeners::toLog, DownloadListener.log(), Study.none());

    private static void toLog(Message line) {
        System.getLogger(FineTuning.class.getName()).log(System.Logger.Level.INFO, line.toString());
    }

    FineTuningListeners withProgress(Progress value) {
        return new FineTuningListeners(value, stop, log, downloads, study);
    }

    FineTuningListeners withStop(StopSignal value) {
        return new FineTuningListeners(progress, value, log, downloads, study);
    }

    FineTuningListeners withLog(Consumer<? super Message> value) {
        return new FineTuningListeners(progress, stop, value, downloads, study);
    }

    FineTuningListeners withDownloads(DownloadListener value) {
        return new FineTuningListeners(progress, stop, log, value, study);
    }

    FineTuningListeners withStudy(Study value) {
        return new FineTuningListeners(progress, stop, log, downloads, value);
    }

    void say(String marked) {
        log.accept(Message.of(marked));
    }
}
