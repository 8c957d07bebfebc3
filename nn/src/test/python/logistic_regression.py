"""Prints the weights that LogisticRegressionTest compares with: scikit-learn 1.9.1, numpy.

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
