"""Writes golden/metrics.json: classification metrics as scikit-learn computes them, on small cases with ties and imbalance.

Run: python export_metrics_golden.py
"""
import json
import os
import warnings

import numpy as np
import sklearn
from sklearn import metrics

STEPS = 32  # probabilities are multiples of 1/32: exact in float32, sums exactly 1, many ties


def draw(seed: int, class_weights: list, count: int, sharpness: float) -> tuple:
    """Labels by `class_weights`, and probabilities that lean towards the label by `sharpness`."""
    random = np.random.default_rng(seed)
    classes = len(class_weights)
    labels = random.choice(classes, size=count, p=np.array(class_weights) / sum(class_weights))
    labels[:classes] = np.arange(classes)
    logits = random.normal(size=(count, classes)) + sharpness * np.eye(classes)[labels]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    parts = np.maximum(1, np.floor(shares * STEPS)).astype(int)
    for row in parts:
        row[np.argmax(row)] += STEPS - row.sum()
    return labels, parts / STEPS


def one_vs_rest(labels: np.ndarray, predictions: np.ndarray, classes: int) -> list:
    """Sensitivity, specificity, precision and F1 of each class; null where the denominator is 0."""
    rows = []
    for c in range(classes):
        truth, guess = labels == c, predictions == c
        rows.append({
            "support": int(truth.sum()),
            "sensitivity": defined(metrics.recall_score(truth, guess, zero_division=np.nan)),
            "specificity": defined(metrics.recall_score(~truth, ~guess, zero_division=np.nan)),
            "precision": defined(metrics.precision_score(truth, guess, zero_division=np.nan)),
            "f1": defined(metrics.f1_score(truth, guess, zero_division=np.nan)),
        })
    return rows


def log_loss(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """scikit-learn's clipping of float32 arrays, without float32's rounding of the sum."""
    epsilon = float(np.finfo(np.float32).eps)
    value = float(-np.log(np.clip(probabilities, epsilon, 1 - epsilon)[np.arange(len(labels)), labels]).mean())
    reference = metrics.log_loss(labels, probabilities.astype(np.float32), labels=list(range(probabilities.shape[1])))
    assert abs(value - reference) < 1e-6 * value
    return value


def defined(value: float):
    return None if np.isnan(value) else float(value)


def case(name: str, labels: np.ndarray, probabilities: np.ndarray) -> dict:
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    count, classes = probabilities.shape
    assert np.array_equal(probabilities.sum(axis=1), np.ones(count))
    assert np.array_equal(probabilities.astype(np.float32).astype(np.float64), probabilities)
    every = list(range(classes))
    predictions = probabilities.argmax(axis=1)
    indicator = np.eye(classes)[labels]
    squared = ((probabilities - indicator) ** 2).sum(axis=1).mean()
    present = [c for c in every if (labels == c).any()]
    area = {c: float(metrics.roc_auc_score(labels == c, probabilities[:, c])) for c in present if not (labels == c).all()}
    average = {c: float(metrics.average_precision_score(labels == c, probabilities[:, c])) for c in present}
    per_class_auroc = [area.get(c) for c in every]
    per_class_average_precision = [average.get(c) for c in every]
    if classes == 2:
        auroc = metrics.roc_auc_score(labels, probabilities[:, 1])
        average_precision = metrics.average_precision_score(labels, probabilities[:, 1])
        brier = metrics.brier_score_loss(labels, probabilities[:, 1])
        assert abs(brier - squared / 2) < 1e-12
    else:
        auroc = np.mean([area[c] for c in present])
        average_precision = np.mean([average[c] for c in present])
        if present == every:
            assert auroc == metrics.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro", labels=every)
            assert abs(average_precision - metrics.average_precision_score(indicator, probabilities, average="macro")) < 1e-12
        brier = metrics.brier_score_loss(labels, probabilities, labels=every)
        assert abs(brier - squared) < 1e-12
    return {
        "name": name,
        "classes": classes,
        "labels": labels.tolist(),
        "probabilities": probabilities.tolist(),
        "predictions": predictions.tolist(),
        "accuracy": float(metrics.accuracy_score(labels, predictions)),
        "balanced_accuracy": float(np.mean([metrics.recall_score(labels == c, predictions == c) for c in present])),
        "confusion": metrics.confusion_matrix(labels, predictions, labels=every).tolist(),
        "per_class": one_vs_rest(labels, predictions, classes),
        "macro_f1": float(metrics.f1_score(labels, predictions, average="macro", zero_division=np.nan)),
        "auroc": float(auroc),
        "auroc_per_class": per_class_auroc,
        "average_precision": float(average_precision),
        "average_precision_per_class": per_class_average_precision,
        "log_loss": log_loss(labels, probabilities),
        "brier": float(brier),
    }


def two_columns(positive: list) -> np.ndarray:
    positive = np.asarray(positive) / STEPS
    return np.stack([1 - positive, positive], axis=1)


def main():
    warnings.simplefilter("error")
    cases = [
        case("binary balanced with ties", *draw(1, [1, 1], 40, 1.0)),
        case("binary imbalanced 1 to 9 with ties", *draw(2, [9, 1], 60, 0.7)),
        case("binary separated", [0, 0, 0, 1, 1], two_columns([2, 5, 9, 20, 31])),
        case("binary all scores tied", [0, 1, 1, 0, 1, 0, 0], two_columns([16] * 7)),
        case("binary worse than chance", [1, 1, 0, 0, 1, 0], two_columns([4, 10, 22, 10, 6, 30])),
        case("three classes, one rare", *draw(3, [10, 5, 1], 50, 1.0)),
        case("four classes with ties", *draw(4, [4, 3, 2, 1], 60, 0.8)),
        case("three classes, one never predicted", [0, 0, 1, 1, 2, 2, 0],
             np.array([[20, 8, 4], [10, 18, 4], [9, 15, 8], [16, 8, 8], [20, 4, 8], [6, 14, 12], [12, 12, 8]]) / STEPS),
        case("three classes, one absent but predicted", [0, 0, 1, 1, 0, 1],
             np.array([[20, 8, 4], [10, 18, 4], [9, 15, 8], [8, 8, 16], [20, 4, 8], [6, 14, 12]]) / STEPS),
        case("four classes, one neither present nor predicted", [0, 0, 1, 1, 2, 2],
             np.array([[20, 4, 4, 4], [10, 14, 4, 4], [5, 15, 8, 4], [8, 4, 16, 4], [4, 4, 20, 4], [6, 10, 12, 4]]) / STEPS),
        case("sure mistakes", [0, 1, 0, 1, 2], np.array([[0, 32, 0], [0, 32, 0], [32, 0, 0], [16, 8, 8], [0, 0, 32]]) / STEPS),
    ]
    document = {
        "script": "nn/src/test/python/export_metrics_golden.py",
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "definitions": {
            "probabilities": "row per sample, column per class, multiples of 1/32 (exact in float32); rows sum to 1",
            "predictions": "first index of the largest probability",
            "confusion": "confusion[true][predicted]",
            "per_class": "one class against the rest; sensitivity = recall; null where the denominator is 0",
            "balanced_accuracy": "mean of the classes' sensitivities",
            "auroc": "two classes: of probabilities[:][1]; more: macro mean of one-vs-rest (multi_class='ovr'); ties count half",
            "average_precision": "sum over thresholds of (R_n - R_{n-1}) * P_n, tied scores share a threshold; more classes: macro mean",
            "log_loss": "mean of -ln(probability of the true class), natural logarithm",
            "brier": "two classes: mean of (p1 - y)^2; more: mean over samples of the sum over classes of (p_c - y_c)^2",
        },
        "cases": cases,
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden", "metrics.json")
    with open(path, "w") as out:
        out.write(json.dumps(document))
        out.write("\n")


if __name__ == "__main__":
    main()
