"""Prints the weights that RegressionModelTest compares with, then the probabilities of LogisticRegressionTest: scikit-learn 1.9.1, numpy.

Run: python logistic_regression.py
"""
import numpy as np
from sklearn.linear_model import LogisticRegression

n, levels = 120, 4
i = np.arange(n)
level = (i * 7 % 13) % levels
number = (i * 31 % 17).astype(float)
y = (i * 5 % 11) + (i * 3 % 7) > 9
number = ((number - number.mean()) / number.std()).astype(np.float32)
x = np.column_stack([np.eye(levels)[level], number])
model = LogisticRegression(C=0.7, solver="newton-cholesky", tol=1e-12, max_iter=1000).fit(x, y)
print(", ".join(f"{w:.9f}" for w in [*model.coef_[0], model.intercept_[0]]))

x = np.array([[0, 1, 2], [1, 0, 0], [2, 1, 0], [0, 0, 3], [1, 1, 1], [3, 0, 1], [0, 2, 0], [1, 3, 0]], float)
for solver, labels in (("newton-cholesky", [0, 1, 1, 0, 1, 1, 0, 0]), ("newton-cg", [0, 1, 1, 0, 2, 1, 2, 2])):
    model = LogisticRegression(C=0.5, solver=solver, tol=1e-12, max_iter=10000).fit(x, labels)
    print(np.array2string(model.predict_proba(x), precision=9, separator=", "))
