package dev.graft.nn.report.checklist;

import static dev.graft.nn.report.checklist.ChecklistItem.both;
import static dev.graft.nn.report.checklist.ChecklistItem.people;
import static dev.graft.nn.report.checklist.ChecklistItem.software;

import java.util.List;

/**
 * CLAIM: what a report of artificial intelligence in medical imaging must say, in its update of 2024.
 *
 * @see <a href="https://doi.org/10.1148/ryai.240300">Tejani et al. 2024, CLAIM: 2024 update</a>
 */
public final class Claim {
    private static final String DATA = "Methods: data";
    private static final String REFERENCE = "Methods: reference standard";
    private static final String MODEL = "Methods: model";
    private static final String TRAINING = "Methods: training";
    private static final String EVALUATION = "Methods: evaluation";
    private static final String PERFORMANCE = "Results: model performance";
    private static final String OTHER = "Other information";

    private Claim() {}

    /** The 44 items. */
    public static Checklist checklist() {
        return new Checklist(
                "CLAIM (2024 update)",
                "claim",
                "Tejani AS, Klontzas ME, Gatti AA, et al. Checklist for Artificial Intelligence in Medical Imaging"
                        + " (CLAIM): 2024 Update. Radiology: Artificial Intelligence 2024;6(4):e240300."
                        + " doi:10.1148/ryai.240300.",
                List.of(
                        both(
                                "1",
                                "Title and abstract",
                                "A study of AI, and the category of technology, such as deep learning",
                                "title",
                                Fact.TASK,
                                Fact.ARCHITECTURE),
                        people(
                                "2",
                                "Title and abstract",
                                "Summary of design, methods, results, conclusions",
                                "abstract"),
                        people(
                                "3",
                                "Introduction",
                                "Scientific or clinical background; intended use and role of the AI",
                                "background"),
                        people("4", "Introduction", "Aims, objectives and hypotheses", "objectives"),
                        people("5", "Methods: study design", "Prospective or retrospective", "study_design"),
                        both(
                                "6",
                                "Methods: study design",
                                "Goal of the study, such as model creation or feasibility",
                                "study_goal",
                                Fact.STUDY_PART),
                        both("7", DATA, "Sources of the data", "data_sources", Fact.DATA, Fact.DATA_HASH),
                        people("8", DATA, "Inclusion and exclusion criteria", "eligibility"),
                        software(
                                "9",
                                DATA,
                                "Preprocessing of the data",
                                "data_preparation",
                                Fact.PREPROCESSING,
                                Fact.QUALITY),
                        both(
                                "10",
                                DATA,
                                "Selection of subsets of the data",
                                "subset_selection",
                                Fact.UNUSABLE,
                                Fact.FLOW),
                        people("11", DATA, "De-identification", "deidentification"),
                        software("12", DATA, "Handling of missing data", "missing_data", Fact.MISSING, Fact.UNUSABLE),
                        both("13", DATA, "Protocol of image acquisition", "acquisition", Fact.ACQUISITION),
                        both("14", REFERENCE, "How the reference standard was obtained", "outcome", Fact.CLASSES),
                        people("15", REFERENCE, "Why this reference standard", "reference_rationale"),
                        people("16", REFERENCE, "Who annotated, with what qualification", "annotators"),
                        people("17", REFERENCE, "Annotation of the test set", "test_annotation"),
                        people("18", REFERENCE, "Variability between and within annotators", "annotation_variability"),
                        software(
                                "19",
                                "Methods: data partitions",
                                "How data were assigned to partitions; imbalance",
                                "partition",
                                Fact.PARTITION,
                                Fact.IMBALANCE),
                        software(
                                "20",
                                "Methods: data partitions",
                                "Level at which partitions are disjoint: patient, examination, image",
                                "disjointness",
                                Fact.DISJOINTNESS),
                        both(
                                "21",
                                "Methods: testing data",
                                "Intended sample size, and why",
                                "sample_size",
                                Fact.SAMPLE_SIZE,
                                Fact.INTERVAL_WIDTH),
                        software(
                                "22",
                                MODEL,
                                "Detailed description of the model: inputs, layers, outputs",
                                "model_building",
                                Fact.ARCHITECTURE,
                                Fact.INPUTS,
                                Fact.OUTPUT),
                        software("23", MODEL, "Software and its versions", "software", Fact.SOFTWARE),
                        software(
                                "24",
                                MODEL,
                                "Initialisation of the parameters; source of transferred weights",
                                "initialisation",
                                Fact.START_WEIGHTS),
                        software(
                                "25",
                                TRAINING,
                                "Details of the training: augmentation, hyperparameters, when it ended",
                                "training",
                                Fact.TRAINING,
                                Fact.AUGMENTATION),
                        software("26", TRAINING, "How the final model was selected", "selection", Fact.SELECTION),
                        software("27", TRAINING, "Ensembling, if used", "ensemble", Fact.ENSEMBLE),
                        software("28", EVALUATION, "Metrics of performance", "measures", Fact.MEASURES),
                        software(
                                "29",
                                EVALUATION,
                                "Measures of significance and uncertainty",
                                "uncertainty",
                                Fact.INTERVALS),
                        software("30", EVALUATION, "Robustness or sensitivity analysis", "robustness", Fact.ROBUSTNESS),
                        software(
                                "31",
                                EVALUATION,
                                "Methods of explanation, if used, and how they were validated",
                                "explanation",
                                Fact.EXPLANATION),
                        software(
                                "32",
                                EVALUATION,
                                "Evaluation on internal data",
                                "internal_testing",
                                Fact.STUDY_PART,
                                Fact.PARTITION),
                        both(
                                "33",
                                EVALUATION,
                                "Testing on external data, or why not",
                                "external_testing",
                                Fact.STUDY_PART,
                                Fact.DIFFERENCES),
                        people("34", EVALUATION, "Registration as a clinical trial, if it is one", "registration"),
                        software(
                                "35",
                                "Results: data",
                                "Numbers of patients or examinations included and excluded",
                                "flow",
                                Fact.FLOW,
                                Fact.PATIENTS),
                        both(
                                "36",
                                "Results: data",
                                "Demographic and clinical characteristics in each partition",
                                "characteristics",
                                Fact.CASES,
                                Fact.OUTCOMES),
                        software(
                                "37",
                                PERFORMANCE,
                                "Performance and its uncertainty, also of partitions and subgroups",
                                "performance",
                                Fact.PERFORMANCE,
                                Fact.CALIBRATION,
                                Fact.SUBGROUPS),
                        software(
                                "38",
                                PERFORMANCE,
                                "Diagnostic accuracy and its precision",
                                "diagnostic_accuracy",
                                Fact.PERFORMANCE,
                                Fact.INTERVAL_WIDTH,
                                Fact.UTILITY),
                        software(
                                "39",
                                PERFORMANCE,
                                "Analysis of cases that were classified wrongly",
                                "failures",
                                Fact.FAILURES),
                        both("40", "Discussion", "Limitations of the study", "limitations", Fact.LIMITS),
                        people(
                                "41",
                                "Discussion",
                                "Implications for practice, intended use, clinical role",
                                "implications"),
                        both(
                                "42",
                                OTHER,
                                "Where the full protocol or further technical details are",
                                "protocol",
                                Fact.PROVENANCE),
                        both(
                                "43",
                                OTHER,
                                "Availability of software, trained model and data",
                                "model_availability",
                                Fact.SOFTWARE,
                                Fact.MODEL_FILES),
                        people("44", OTHER, "Funding and other support; role of the funders", "funding")));
    }
}
