"""Writes golden/evaluation.json: metrics at thresholds, averages, calibration, curves, intervals and temperatures as
scikit-learn and scipy compute them, on random cases with ties, imbalance and absent classes.

Run: python export_evaluation_golden.py
"""
import json
import os
import warnings

import numpy as np
import scipy
import sklearn
from scipy import optimize, stats
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression

EPSILON = float(np.finfo(np.float32).eps)


def defined(value):
    return None if value is None or np.isnan(value) else float(value)


def ratio(part, whole):
    return float(part) / float(whole) if whole else None


def logit(p):
    p = np.clip(p, EPSILON, 1 - EPSILON)
    return np.log(p / (1 - p))


def at_threshold(truth, p, threshold):
    called = p >= threshold
    tn, fp, fn, tp = metrics.confusion_matrix(truth, called, labels=[False, True]).ravel()
    both = truth.any() and not truth.all()
    varied = both and called.any() and not called.all()
    return {
        "threshold": threshold,
        "accuracy": metrics.accuracy_score(truth, called),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, called) if both else None,
        "sensitivity": defined(metrics.recall_score(truth, called, zero_division=np.nan)),
        "specificity": defined(metrics.recall_score(~truth, ~called, zero_division=np.nan)),
        "ppv": defined(metrics.precision_score(truth, called, zero_division=np.nan)),
        "npv": defined(metrics.precision_score(~truth, ~called, zero_division=np.nan)),
        "f1": defined(metrics.f1_score(truth, called, zero_division=np.nan)),
        "mcc": metrics.matthews_corrcoef(truth, called) if varied else None,
        "net_benefit": (tp - fp * threshold / (1 - threshold)) / len(truth),
    }


def reliability(truth, p, bins, strategy):
    """scikit-learn's points, and the calibration error by its bins."""
    observed, predicted = calibration_curve(truth, p, n_bins=bins, strategy=strategy)
    edges = np.linspace(0, 1, bins + 1)
    if strategy == "quantile":
        edges = np.percentile(p, edges * 100)
    which = np.searchsorted(edges[1:-1], p)
    count = np.bincount(which, minlength=bins)
    count = count[count > 0]
    assert len(count) == len(observed)
    return {"bins": bins, "strategy": strategy, "observed": observed.tolist(), "predicted": predicted.tolist(),
            "cases": count.tolist(), "error": float((count * np.abs(observed - predicted)).sum() / len(p))}


def calibration_line(truth, p):
    x = logit(p)
    overlap = x[truth].min() < x[~truth].max() and x[~truth].min() < x[truth].max()
    if not overlap:
        return None
    fit = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10000, solver="newton-cholesky").fit(x[:, None], truth)
    large = optimize.brentq(lambda a: (truth - 1 / (1 + np.exp(-(a + x)))).sum(), -50, 50, xtol=1e-13)
    return {"slope": float(fit.coef_[0, 0]), "intercept": float(fit.intercept_[0]), "in_the_large": float(large)}


def components(truth, p):
    """Each positive's share of negatives below it, each negative's share of positives above it: straight from the definition."""
    psi = (p[truth][:, None] > p[~truth][None, :]) + 0.5 * (p[truth][:, None] == p[~truth][None, :])
    return psi.mean(axis=1), psi.mean(axis=0)


def delong(truth, *models):
    m, n = truth.sum(), (~truth).sum()
    parts = [components(truth, p) for p in models]
    if m < 2 or n < 2:
        return None
    s10 = np.atleast_2d(np.cov([v10 for v10, _ in parts]))
    s01 = np.atleast_2d(np.cov([v01 for _, v01 in parts]))
    return s10 / m + s01 / n


def obuchowski(truth, groups, *models):
    """Obuchowski 1997, equations 3 to 5, group by group."""
    m, n = truth.sum(), (~truth).sum()
    ids = np.unique(groups)
    i10 = sum(truth[groups == g].any() for g in ids)
    i01 = sum((~truth[groups == g]).any() for g in ids)
    i = len(ids)
    k = len(models)
    s10, s01, s11 = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k))
    for g in ids:
        a, b = np.zeros(k), np.zeros(k)
        for j, p in enumerate(models):
            v10, v01 = components(truth, p)
            theta = v10.mean()
            a[j] = (v10[groups[truth] == g] - theta).sum()
            b[j] = (v01[groups[~truth] == g] - theta).sum()
        s10 += np.outer(a, a) * i10 / ((i10 - 1) * m)
        s01 += np.outer(b, b) * i01 / ((i01 - 1) * n)
        s11 += np.outer(a, b) * i / (i - 1)
    return s10 / m + s01 / n + (s11 + s11.T) / (m * n)


def wilson(k, n):
    return list(stats.binomtest(int(k), int(n)).proportion_ci(0.95, method="wilson")) if n else None


def binary(name, truth, p, p2, groups):
    truth, p, p2, groups = np.asarray(truth, bool), np.asarray(p, float), np.asarray(p2, float), np.asarray(groups)
    both = truth.any() and not truth.all()
    several = both and truth.sum() > 1 and (~truth).sum() > 1
    case = {
        "name": name, "truth": truth.astype(int).tolist(), "probabilities": p.tolist(), "other": p2.tolist(),
        "groups": groups.tolist(),
        "auroc": metrics.roc_auc_score(truth, p) if both else None,
        "auprc": metrics.average_precision_score(truth, p) if truth.any() else None,
        "brier": metrics.brier_score_loss(truth, p, pos_label=True, labels=[False, True]),
        "log_loss": float(-np.log(np.clip(np.where(truth, p, 1 - p), EPSILON, 1 - EPSILON)).mean()),
        "thresholds": [at_threshold(truth, p, t) for t in (0.1, 0.3, 0.5, 0.75)],
        "reliability": [reliability(truth, p, b, s) for b in (1, 5, 10) for s in ("uniform", "quantile")] if both else [],
        "calibration": calibration_line(truth, p) if both else None,
        "accuracy_wilson": wilson((truth == (p >= 0.5)).sum(), len(p)),
        "sensitivity_wilson": wilson((truth & (p >= 0.5)).sum(), truth.sum()),
    }
    if both:
        fpr, tpr, threshold = metrics.roc_curve(truth, p, drop_intermediate=False)
        case["roc"] = {"fpr": fpr.tolist(), "tpr": tpr.tolist(), "threshold": threshold[1:].tolist()}
        precision, recall, threshold = metrics.precision_recall_curve(truth, p)
        case["pr"] = {"precision": precision[:-1][::-1].tolist(), "recall": recall[:-1][::-1].tolist(), "threshold": threshold[::-1].tolist()}
        j = tpr - fpr
        case["youden_j"] = float(j.max())
        case["youden_sensitivity"] = float(tpr[j >= j.max() - 1e-12].max())
        case["specificity_at_90"] = float(1 - fpr[tpr >= 0.9 - 1e-12].min())
    if several:
        one = delong(truth, p, p2)
        many = obuchowski(truth, groups, p, p2)
        assert np.allclose(obuchowski(truth, np.arange(len(p)), p, p2), one)
        case["delong"] = one.tolist()
        case["obuchowski"] = many.tolist()
        difference = metrics.roc_auc_score(truth, p) - metrics.roc_auc_score(truth, p2)
        variance = one[0, 0] + one[1, 1] - 2 * one[0, 1]
        case["p_value"] = float(2 * stats.t.sf(abs(difference) / np.sqrt(variance), min(truth.sum(), (~truth).sum()) - 1)) if variance > 1e-15 else None
    return case


def temperature(logits, loss):
    best = optimize.minimize_scalar(lambda u: loss(logits / np.exp(u)), bounds=(-4, 4), method="bounded", options={"xatol": 1e-10})
    return float(np.exp(best.x))


def multiclass(name, labels, p):
    labels, p = np.asarray(labels), np.asarray(p, np.float32).astype(float)
    classes = p.shape[1]
    every = list(range(classes))
    indicator = np.eye(classes, dtype=bool)[labels]
    predicted = p.argmax(axis=1)
    present = [c for c in every if indicator[:, c].any() and not indicator[:, c].all()]
    support = indicator[:, present].sum(axis=0)
    area = np.array([metrics.roc_auc_score(indicator[:, c], p[:, c]) for c in present])
    average = np.array([metrics.average_precision_score(indicator[:, c], p[:, c]) for c in present])
    if present == every and classes > 2:
        q = p / p.sum(axis=1, keepdims=True)
        assert abs(area.mean() - metrics.roc_auc_score(labels, q, multi_class="ovr", average="macro")) < 1e-6
        assert abs(np.average(area, weights=support) - metrics.roc_auc_score(labels, q, multi_class="ovr", average="weighted")) < 1e-6
    confidence = p.max(axis=1)
    logits = np.log(np.maximum(p, 2.0 ** -150))
    loss = lambda z: -(z - scipy.special.logsumexp(z, axis=1, keepdims=True))[np.arange(len(labels)), labels].mean()
    return {
        "name": name, "labels": labels.tolist(), "probabilities": p.tolist(),
        "accuracy": metrics.accuracy_score(labels, predicted),
        "mcc": metrics.matthews_corrcoef(labels, predicted),
        "auroc_macro": float(area.mean()), "auroc_weighted": float(np.average(area, weights=support)),
        "auroc_micro": metrics.roc_auc_score(indicator.ravel(), p.ravel()),
        "auprc_macro": float(average.mean()), "auprc_weighted": float(np.average(average, weights=support)),
        "auprc_micro": metrics.average_precision_score(indicator, p, average="micro"),
        "f1_macro": metrics.f1_score(labels, predicted, labels=present, average="macro", zero_division=np.nan),
        "f1_weighted": metrics.f1_score(labels, predicted, labels=present, average="weighted", zero_division=np.nan),
        "f1_micro": metrics.f1_score(labels, predicted, average="micro"),
        "brier": metrics.brier_score_loss(labels, p / p.sum(axis=1, keepdims=True), labels=every, scale_by_half=False),
        "top_label_error": reliability(predicted == labels, confidence, 10, "uniform")["error"],
        "classwise_error": float(np.mean([reliability(indicator[:, c], p[:, c], 10, "uniform")["error"] if c in present
                                          else abs(indicator[:, c].mean() - p[:, c].mean()) for c in every])),
        "temperature": temperature(logits, loss),
    }


def multilabel(name, truths, p):
    truths, p = np.asarray(truths, bool), np.asarray(p, np.float32).astype(float)
    logits = np.log(p / (1 - p))
    loss = lambda z: np.logaddexp(0, np.where(truths, -z, z)).mean()
    return {
        "name": name, "truths": truths.astype(int).tolist(), "probabilities": p.tolist(),
        "accuracy": float((truths == (p >= 0.5)).mean()),
        "auroc_macro": metrics.roc_auc_score(truths, p, average="macro"),
        "auroc_weighted": metrics.roc_auc_score(truths, p, average="weighted"),
        "auroc_micro": metrics.roc_auc_score(truths, p, average="micro"),
        "auprc_macro": metrics.average_precision_score(truths, p, average="macro"),
        "auprc_weighted": metrics.average_precision_score(truths, p, average="weighted"),
        "auprc_micro": metrics.average_precision_score(truths, p, average="micro"),
        "f1_macro": metrics.f1_score(truths, p >= 0.5, average="macro"),
        "f1_micro": metrics.f1_score(truths, p >= 0.5, average="micro"),
        "brier": float(((p - truths) ** 2).mean()),
        "temperature": temperature(logits, loss),
    }


def draw(seed, count, prevalence, separation, steps, groups):
    """Probabilities in whole steps (0: as they come) of cases in groups of shared difficulty; another model's beside them."""
    random = np.random.default_rng(seed)
    group = np.sort(random.integers(0, groups, size=count))
    truth = random.random(count) < prevalence
    truth[:2] = [True, False]
    hard = random.normal(size=groups)[group]
    values = []
    for spread in (1.0, 0.8):
        x = hard * 0.5 + random.normal(size=count) * spread + separation * (truth - 0.5)
        p = 1 / (1 + np.exp(-(separation * x + np.log(prevalence / (1 - prevalence)))))
        values.append(np.round(p * steps) / steps if steps else p)
    return truth, values[0], values[1], group


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def several(seed, weights, count, sharpness):
    random = np.random.default_rng(seed)
    classes = len(weights)
    labels = random.choice(classes, size=count, p=np.array(weights) / sum(weights))
    return labels, softmax(random.normal(size=(count, classes)) * 1.5 + sharpness * np.eye(classes)[labels])


def main():
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", message=".*y_prob.*|.*single label.*|.*only one class.*")
    random = np.random.default_rng(7)
    truths = random.random((60, 3)) < [0.5, 0.2, 0.35]
    binaries = [
        binary("balanced, no ties", *draw(1, 80, 0.5, 1.5, 0, 40)),
        binary("rare positives, ties", *draw(2, 120, 0.1, 1.5, 20, 50)),
        binary("coarse ties", *draw(3, 60, 0.4, 1.0, 4, 20)),
        binary("worse than chance", *draw(4, 50, 0.5, -1.0, 0, 25)),
        binary("two groups of many", *draw(5, 40, 0.5, 1.0, 10, 4)),
        binary("separated", [0, 0, 0, 1, 1], [0.1, 0.2, 0.3, 0.8, 0.9], [0.2, 0.1, 0.6, 0.5, 0.7], [0, 1, 2, 3, 4]),
        binary("all probabilities equal", [0, 1, 1, 0], [0.5] * 4, [0.4, 0.5, 0.6, 0.3], [0, 1, 2, 3]),
        binary("positives only", [1, 1, 1], [0.2, 0.7, 0.9], [0.5] * 3, [0, 1, 2]),
        binary("negatives only", [0, 0], [0.2, 0.7], [0.5] * 2, [0, 1]),
        binary("one case", [1], [0.8], [0.5], [0]),
        binary("sure and wrong", [0, 1, 1, 0, 1], [1.0, 0.0, 1.0, 0.0, 0.5], [0.5] * 5, [0, 0, 1, 1, 2]),
    ]
    document = {
        "script": "nn/src/test/python/export_evaluation_golden.py",
        "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__, "scipy": scipy.__version__},
        "binary": binaries,
        "multiclass": [
            multiclass("three classes", *several(11, [3, 2, 1], 90, 1.5)),
            multiclass("four classes, one rare", *several(12, [5, 5, 5, 1], 70, 1.0)),
            multiclass("three classes, one absent", *several(13, [1, 1, 0], 40, 1.0)),
            multiclass("two classes", *several(14, [2, 1], 60, 1.0)),
        ],
        "multilabel": [multilabel("three labels", truths, 1 / (1 + np.exp(-(random.normal(size=(60, 3)) * 2 + 2 * (truths - 0.5)))))],
        "student": [[level, df, float(stats.t.ppf((1 + level) / 2, df))] for level in (0.8, 0.95, 0.99) for df in (1, 2, 3, 4, 7, 30, 199, 1000, 5000)],
        "student_beyond": [[t, df, float(2 * stats.t.sf(t, df))] for t in (0.0, 0.1, 1.0, 2.0, 2.6, 5.0, 30.0) for df in (1, 2, 3, 4, 7, 30, 199, 1000, 5000)],
        "normal_above": [[z, float(stats.norm.sf(z))] for z in (-3.0, -0.5, 0.0, 0.3, 1.0, 1.96, 2.9, 3.1, 5.0, 8.0, 20.0)],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "golden", "evaluation.json")
    with open(path, "w") as out:
        out.write(json.dumps(document))
        out.write("\n")


if __name__ == "__main__":
    main()
