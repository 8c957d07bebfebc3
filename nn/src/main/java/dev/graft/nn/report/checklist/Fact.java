package dev.graft.nn.report.checklist;

/** What software knows of a study: each is filled from a run, or left out; none is invented. */
public enum Fact {
    STUDY_PART("This report is about"),
    TASK("Task"),
    CLASSES("Outcome"),
    INPUTS("Predictors"),
    DATA("Data"),
    DATA_HASH("SHA-256 of the data"),
    CASES("Cases"),
    PATIENTS("Patients"),
    OUTCOMES("Cases of each class"),
    PREPROCESSING("Preprocessing, the same for every case"),
    AUGMENTATION("Augmentation of training cases"),
    QUALITY("Quality checks"),
    ACQUISITION("Acquisition"),
    MISSING("Missing data"),
    UNUSABLE("Unusable inputs"),
    PARTITION("Partition"),
    DISJOINTNESS("Disjointness"),
    SAMPLE_SIZE("Sample size"),
    INTERVAL_WIDTH("What the sample size gives"),
    ARCHITECTURE("Architecture"),
    START_WEIGHTS("Starting weights"),
    TRAINING("Training"),
    SELECTION("Selection of the model"),
    ENSEMBLE("Ensemble"),
    IMBALANCE("Class imbalance"),
    OUTPUT("Output"),
    THRESHOLD("Threshold"),
    MEASURES("Measures"),
    INTERVALS("Intervals"),
    PERFORMANCE("Performance"),
    CALIBRATION("Calibration"),
    UTILITY("Clinical utility"),
    SUBGROUPS("Subgroups"),
    DIFFERENCES("Development and evaluation data"),
    ROBUSTNESS("Robustness"),
    EXPLANATION("Explanation"),
    FAILURES("Failures"),
    FLOW("Flow of cases"),
    COMPUTATION("How predictions are computed"),
    MODEL_FILES("Model"),
    RECALIBRATION("Recalibration"),
    INPUT_CHECKS("Inputs unlike the training data"),
    SOFTWARE("Software"),
    PROVENANCE("Provenance"),
    LIMITS("Limits that the numbers show");

    private final String label;

    Fact(String label) {
        this.label = label;
    }

    /** For people. */
    public String label() {
        return label;
    }
}
