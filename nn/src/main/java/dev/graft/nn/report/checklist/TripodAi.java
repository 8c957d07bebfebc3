package dev.graft.nn.report.checklist;

import static dev.graft.nn.report.checklist.ChecklistItem.both;
import static dev.graft.nn.report.checklist.ChecklistItem.people;
import static dev.graft.nn.report.checklist.ChecklistItem.software;

import java.util.List;

/**
 * TRIPOD+AI: what a report of a prediction model must say.
 *
 * @see <a href="https://doi.org/10.1136/bmj-2023-078378">Collins et al. 2024, TRIPOD+AI statement (CC BY 4.0)</a>
 */
public final class TripodAi {
    private static final String INTRODUCTION = "Introduction";
    private static final String METHODS = "Methods";
    private static final String OPEN = "Open science";
    private static final String RESULTS = "Results";
    private static final String DISCUSSION = "Discussion";

    private TripodAi() {}

    /** The 27 items, which are 52 with their parts. */
    public static Checklist checklist() {
        return new Checklist(
                "TRIPOD+AI (2024)",
                "tripod",
                "Collins GS, Moons KGM, Dhiman P, et al. TRIPOD+AI statement: updated guidance for reporting clinical"
                        + " prediction models that use regression or machine learning methods. BMJ 2024;385:e078378."
                        + " doi:10.1136/bmj-2023-078378.",
                List.of(
                        both(
                                "1",
                                "Title",
                                "Development or evaluation of a prediction model, the target population, the outcome",
                                "title",
                                Fact.STUDY_PART,
                                Fact.CLASSES),
                        people("2", "Abstract", "Summary, by TRIPOD+AI for Abstracts", "abstract"),
                        people(
                                "3a",
                                INTRODUCTION,
                                "Healthcare context, diagnostic or prognostic, rationale, existing models",
                                "background"),
                        people(
                                "3b",
                                INTRODUCTION,
                                "Target population, purpose in the care pathway, intended users",
                                "intended_use"),
                        people(
                                "3c",
                                INTRODUCTION,
                                "Known health inequalities between sociodemographic groups",
                                "health_inequalities"),
                        both(
                                "4",
                                INTRODUCTION,
                                "Objectives; whether development, validation or both",
                                "objectives",
                                Fact.STUDY_PART),
                        both(
                                "5a",
                                METHODS,
                                "Sources of the development and evaluation data, why these, how representative",
                                "data_sources",
                                Fact.DATA,
                                Fact.DATA_HASH),
                        people("5b", METHODS, "Dates of data collection and of follow-up", "dates"),
                        people("6a", METHODS, "Setting; number and location of centres", "setting"),
                        people("6b", METHODS, "Eligibility criteria", "eligibility"),
                        people("6c", METHODS, "Treatments received, and how they were handled", "treatments"),
                        software(
                                "7",
                                METHODS,
                                "Preprocessing and quality checks; whether alike across sociodemographic groups",
                                "data_preparation",
                                Fact.PREPROCESSING,
                                Fact.QUALITY),
                        both(
                                "8a",
                                METHODS,
                                "The outcome and its time horizon, how and when assessed, why this one",
                                "outcome",
                                Fact.CLASSES),
                        people(
                                "8b",
                                METHODS,
                                "Qualifications and demographics of those who assessed the outcome",
                                "annotators"),
                        people("8c", METHODS, "Blinding of the outcome's assessment", "blinding"),
                        both(
                                "9a",
                                METHODS,
                                "Choice of initial predictors, and any selection before the model was built",
                                "predictors",
                                Fact.INPUTS),
                        both(
                                "9b",
                                METHODS,
                                "Definition of all predictors, how and when measured, blinding",
                                "acquisition",
                                Fact.INPUTS,
                                Fact.ACQUISITION),
                        people(
                                "9c",
                                METHODS,
                                "Qualifications and demographics of those who assessed predictors",
                                "predictor_assessors"),
                        both(
                                "10",
                                METHODS,
                                "How the study size was arrived at, and whether it suffices",
                                "sample_size",
                                Fact.SAMPLE_SIZE,
                                Fact.INTERVAL_WIDTH),
                        software(
                                "11",
                                METHODS,
                                "Handling of missing data; reasons for leaving data out",
                                "missing_data",
                                Fact.MISSING,
                                Fact.UNUSABLE),
                        software(
                                "12a",
                                METHODS,
                                "How the data were used and partitioned",
                                "partition",
                                Fact.PARTITION,
                                Fact.DISJOINTNESS),
                        software(
                                "12b",
                                METHODS,
                                "How predictors were handled: form, scaling, transformation",
                                "predictor_handling",
                                Fact.PREPROCESSING,
                                Fact.AUGMENTATION),
                        software(
                                "12c",
                                METHODS,
                                "Type of model, rationale, all steps of building it, tuning, internal validation",
                                "model_building",
                                Fact.ARCHITECTURE,
                                Fact.START_WEIGHTS,
                                Fact.TRAINING,
                                Fact.SELECTION,
                                Fact.ENSEMBLE),
                        both(
                                "12d",
                                METHODS,
                                "Heterogeneity of parameters and performance across clusters, such as hospitals",
                                "heterogeneity",
                                Fact.SUBGROUPS),
                        software(
                                "12e",
                                METHODS,
                                "All measures and plots of performance, and comparisons of models",
                                "measures",
                                Fact.MEASURES,
                                Fact.INTERVALS),
                        software(
                                "12f",
                                METHODS,
                                "Updating of the model, such as recalibration, from its evaluation",
                                "model_updating",
                                Fact.RECALIBRATION),
                        software(
                                "12g",
                                METHODS,
                                "How predictions were computed for the evaluation",
                                "computation",
                                Fact.COMPUTATION),
                        software(
                                "13",
                                METHODS,
                                "Methods against class imbalance, why, and recalibration after them",
                                "class_imbalance",
                                Fact.IMBALANCE,
                                Fact.OUTCOMES),
                        both("14", METHODS, "Approaches to fairness, and why", "fairness", Fact.SUBGROUPS),
                        software(
                                "15",
                                METHODS,
                                "Output of the model; how classes and thresholds follow from it",
                                "model_output",
                                Fact.OUTPUT,
                                Fact.THRESHOLD),
                        both(
                                "16",
                                METHODS,
                                "Differences of the development and evaluation data in setting, eligibility, outcome,"
                                        + " predictors",
                                "data_differences",
                                Fact.DIFFERENCES),
                        people("17", METHODS, "Ethics committee; informed consent or its waiver", "ethics"),
                        people("18a", OPEN, "Funding, and the role of the funders", "funding"),
                        people("18b", OPEN, "Conflicts of interest", "conflicts"),
                        people("18c", OPEN, "Where the protocol is, or that there is none", "protocol"),
                        people("18d", OPEN, "Registration, or that there is none", "registration"),
                        people("18e", OPEN, "Availability of the data", "data_sharing"),
                        both("18f", OPEN, "Availability of the code", "code_sharing", Fact.SOFTWARE),
                        people(
                                "19",
                                "Patient and public involvement",
                                "Involvement of patients and the public, or that there was none",
                                "involvement"),
                        software(
                                "20a",
                                RESULTS,
                                "Flow of participants; how many with and without the outcome",
                                "flow",
                                Fact.FLOW,
                                Fact.OUTCOMES),
                        both(
                                "20b",
                                RESULTS,
                                "Characteristics of participants, overall and for each source",
                                "characteristics",
                                Fact.CASES,
                                Fact.PATIENTS,
                                Fact.OUTCOMES,
                                Fact.MISSING),
                        software(
                                "20c",
                                RESULTS,
                                "Comparison of the evaluation data with the development data",
                                "data_comparison",
                                Fact.DIFFERENCES),
                        software(
                                "21",
                                RESULTS,
                                "Number of participants and outcome events in each analysis",
                                "numbers",
                                Fact.SAMPLE_SIZE,
                                Fact.OUTCOMES),
                        both(
                                "22",
                                RESULTS,
                                "The full model, so that others can use and evaluate it; restrictions of use",
                                "model_availability",
                                Fact.MODEL_FILES,
                                Fact.COMPUTATION),
                        software(
                                "23a",
                                RESULTS,
                                "Performance with confidence intervals, also of key subgroups",
                                "performance",
                                Fact.PERFORMANCE,
                                Fact.CALIBRATION,
                                Fact.UTILITY,
                                Fact.SUBGROUPS),
                        both(
                                "23b",
                                RESULTS,
                                "Heterogeneity of performance across clusters, if examined",
                                "heterogeneity_results",
                                Fact.SUBGROUPS),
                        software(
                                "24",
                                RESULTS,
                                "The updated model and its performance, if it was updated",
                                "updating_results",
                                Fact.RECALIBRATION),
                        people(
                                "25",
                                DISCUSSION,
                                "Interpretation of the main results, fairness included",
                                "interpretation"),
                        both(
                                "26",
                                DISCUSSION,
                                "Limitations, and their effects on bias, uncertainty and generalisability",
                                "limitations",
                                Fact.LIMITS),
                        software(
                                "27a",
                                DISCUSSION,
                                "How poor or missing inputs are to be recognised and handled in use",
                                "poor_inputs",
                                Fact.INPUT_CHECKS,
                                Fact.UNUSABLE),
                        people(
                                "27b",
                                DISCUSSION,
                                "What users must do with inputs or model, and the expertise this needs",
                                "user_expertise"),
                        people("27c", DISCUSSION, "Next steps of research", "next_steps")));
    }
}
