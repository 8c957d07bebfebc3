"""Writes golden/comparison.json: two models on the same cases, by scikit-learn and scipy: differences of metrics, the paired
bootstrap by patient (percentiles of 20,000 resamples), McNemar's exact test, and its form by patient by trying all signs.

Run: python export_comparison_golden.py
"""
import itertools
import json
import os

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn import metrics


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def scores(labels, p):
    q = p / p.sum(axis=1, keepdims=True)
    every = list(range(p.shape[1]))
    predicted = p.argmax(axis=1)
    binary = p.shape[1] == 2
    clipped = np.clip(p[np.arange(len(labels)), labels], np.finfo(np.float32).eps, 1 - np.finfo(np.float32).eps)
    return {
        "accuracy": metrics.accuracy_score(labels, predicted),
        "balanced accuracy": metrics.balanced_accuracy_score(labels, predicted),
        "AUROC": metrics.roc_auc_score(labels, p[:, 1]) if binary else metrics.roc_auc_score(labels, q, multi_class="ovr"),
        "AUPRC": metrics.average_precision_score(labels == 1, p[:, 1]) if binary
        else np.mean([metrics.average_precision_score(labels == c, p[:, c]) for c in every]),
        "MCC": metrics.matthews_corrcoef(labels, predicted),
        "Brier score": metrics.brier_score_loss(labels, q, labels=every, scale_by_half=binary),
        "log loss": float(-np.log(clipped).mean()),
    }


def by_sign(d):
    """The share of all ways to turn patients round whose difference is at least the one met."""
    d = [x for x in d if x]
    met = abs(sum(d))
    sums = [abs(sum(s * x for s, x in zip(signs, d))) for signs in itertools.product((-1, 1), repeat=len(d))]
    return float(np.mean([s >= met for s in sums]))


def case(name, seed, classes, count, patients, gains):
    random = np.random.default_rng(seed)
    patient = np.sort(random.integers(0, patients, size=count))
    labels = random.integers(0, classes, size=count)
    hard = random.normal(size=(patients, classes))[patient]
    both = [np.float32(softmax(hard + random.normal(size=(count, classes)) + g * np.eye(classes)[labels])) for g in gains]
    first, second = (p.astype(float) for p in both)
    right = [p.argmax(axis=1) == labels for p in (first, second)]
    b, c = int((right[0] & ~right[1]).sum()), int((~right[0] & right[1]).sum())
    turned = np.bincount(patient, weights=right[0].astype(int) - right[1].astype(int), minlength=patients).astype(int)
    a, z = scores(labels, first), scores(labels, second)
    rows = [np.flatnonzero(patient == g) for g in range(patients)]
    draws = {m: [] for m in ("accuracy", "Brier score")}
    for _ in range(20000):
        drawn = np.concatenate([rows[g] for g in random.integers(0, patients, size=patients)])
        draws["accuracy"].append(right[0][drawn].mean() - right[1][drawn].mean())
    one, two = (((p - np.eye(classes)[labels]) ** 2).sum(axis=1) / (2 if classes == 2 else 1) for p in (first, second))
    for _ in range(20000):
        drawn = np.concatenate([rows[g] for g in random.integers(0, patients, size=patients)])
        draws["Brier score"].append(one[drawn].mean() - two[drawn].mean())
    return {
        "name": name, "labels": labels.tolist(), "groups": patient.tolist(), "first": both[0].tolist(), "second": both[1].tolist(),
        "metrics": [{"metric": m, "first": float(a[m]), "second": float(z[m])} for m in a],
        "bootstrap": [{"metric": m, "interval": np.percentile(v, [2.5, 97.5]).tolist()} for m, v in draws.items()],
        "only_first": b, "only_second": c,
        "mcnemar": float(stats.binomtest(b, b + c).pvalue) if b + c else 1.0,
        "mcnemar_by_patient": by_sign(turned.tolist()),
    }


def large():
    """Above the exact test's limit: McNemar's chi-squared, and its form by patient."""
    return [{"only_first": b, "only_second": c, "size": k,
             "p": float(stats.chi2.sf((k * b - k * c) ** 2 / (k * k * (b + c)), 1))}
            for b, c, k in ((1200, 1000, 1), (1500, 1500, 1), (700, 610, 2), (400, 300, 3))]


def main():
    document = {
        "script": "nn/src/test/python/export_comparison_golden.py",
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
        "cases": [
            case("two classes", 1, 2, 120, 48, (1.5, 1.0)),
            case("two classes, nearly alike", 2, 2, 60, 30, (1.2, 1.2)),
            case("three classes", 3, 3, 100, 25, (2.0, 1.5)),
        ],
        "large": large(),
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden", "comparison.json")
    with open(path, "w") as out:
        out.write(json.dumps(document))
        out.write("\n")


if __name__ == "__main__":
    main()
