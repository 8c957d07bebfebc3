"""How even scikit-learn's StratifiedGroupKFold makes its folds, for FoldsTest, which makes as even ones of the same data.

Run: python export_folds_golden.py, in this folder. Written with scikit-learn 1.9.1, numpy seed 0.
"""
import json
import pathlib

import numpy
from sklearn.model_selection import StratifiedGroupKFold

random = numpy.random.default_rng(0)
cases = []
for case in range(24):
    folds = int(random.integers(2, 11))
    patients = int(random.integers(4 * folds, 120))
    classes = int(random.integers(2, 6))
    # some patients have many images, and a patient's images are mostly of one class, as in hospitals
    sizes = 1 + random.geometric(random.uniform(0.1, 0.6), patients)
    prior = random.dirichlet(numpy.full(classes, random.choice([0.5, 5.0])))
    groups, labels = [], []
    for patient, size in enumerate(sizes):
        own = random.choice(classes, p=prior)
        for _ in range(size):
            groups.append(patient)
            labels.append(int(own if random.random() < 0.8 else random.choice(classes, p=prior)))
    labels = numpy.unique(labels, return_inverse=True)[1].tolist()
    size, balance = [], []
    for seed in range(5):
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        held = [rows for _, rows in splitter.split(labels, labels, groups)]
        share = numpy.array([len(rows) for rows in held]) / len(labels)
        whole = numpy.bincount(labels)
        per_class = numpy.array([numpy.bincount(numpy.array(labels)[rows], minlength=len(whole)) for rows in held])
        size.append(numpy.abs(share - 1 / folds).max())
        balance.append(numpy.abs(per_class / whole - 1 / folds).mean())
    cases.append({
        "folds": folds, "groups": groups, "labels": labels,
        "size_deviation": float(numpy.mean(size)), "class_deviation": float(numpy.mean(balance)),
    })
text = "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n"
(pathlib.Path(__file__).parent.parent / "resources/golden/folds.json").write_text(text)
