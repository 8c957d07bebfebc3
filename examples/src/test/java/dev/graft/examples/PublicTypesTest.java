package dev.graft.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What users see of the front doors. A type that becomes public must be wanted by a user: it gets its line here. */
class PublicTypesTest {
    private static List<String> publicTypes(String name) {
        return new ClassFileImporter()
                .importPackages(name).stream()
                        .filter(type -> type.getPackageName().equals(name))
                        .filter(type ->
                                type.isTopLevelClass() && type.getModifiers().contains(JavaModifier.PUBLIC))
                        .map(type -> type.getSimpleName())
                        .sorted()
                        .collect(Collectors.toList());
    }

    @Test
    void visionsFrontDoorIsClassifiersAndFineTuning() {
        assertThat(publicTypes("dev.graft.vision"))
                .containsExactly(
                        "Averaging",
                        "ClassProbability",
                        "CrossValidation",
                        "EvaluationReport",
                        "FineTuning",
                        "FineTuningRun",
                        "ImageClassifier",
                        "ImageClassifierOptions",
                        "ImageEvaluation",
                        "LearningCurve",
                        "Prediction",
                        "PredictionOutcome",
                        "SeedEnsemble");
    }

    /** FiniteWeights and Versions are for whoever writes model folders of other things than images. */
    @Test
    void aModelFolderIsItsCard() {
        assertThat(publicTypes("dev.graft.nn.model"))
                .containsExactly(
                        "CardText",
                        "Decision",
                        "DecisionRule",
                        "FeatureSpace",
                        "FiniteWeights",
                        "InputFlag",
                        "InputProfile",
                        "LabelFile",
                        "ModelCard",
                        "ModelException",
                        "Versions");
    }

    /** What fine-tuning of other things than images is made of, as {@code FineTuning} is. */
    @Test
    void aRunIsAFolderAnIdentityARecipeAndAFeatureCache() {
        assertThat(publicTypes("dev.graft.nn.run"))
                .containsExactly(
                        "AtFirstBatch",
                        "CardReport",
                        "FeatureCache",
                        "KeptFeatures",
                        "PatientHash",
                        "Recipe",
                        "RelayedProgress",
                        "ResultFiles",
                        "RunException",
                        "RunFolder",
                        "RunIdentity",
                        "Stopped",
                        "SubgroupFile");
    }
}
