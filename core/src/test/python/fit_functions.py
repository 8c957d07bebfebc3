"""Fits the polynomials of dev.graft.cpu.elementwise.FloatFunctions and prints their coefficients, rounded to float.

Lawson's algorithm: least squares at Chebyshev nodes, weighted anew until the largest relative error is as small as it gets.
A ratio of polynomials is fitted as Sanathanan and Koerner do: multiplied by the last denominator but one.

    python core/src/test/python/fit_functions.py

Needs numpy 2 and mpmath 1.3.
"""
import mpmath as mp
import numpy as np

mp.mp.dps = 40
NODES = 400
ROUNDS = 60


def fit(name, function, low, high, degree, weight):
    k = np.arange(NODES)
    x = (low + high) / 2 + (high - low) / 2 * np.cos((2 * k + 1) * np.pi / (2 * NODES))
    y = np.array([float(function(mp.mpf(float(v)))) for v in x])
    scale = np.array([float(weight(mp.mpf(float(v)))) for v in x])
    powers = np.vander(x, degree + 1, increasing=True)
    share = np.ones(NODES)
    for _ in range(ROUNDS):
        s = np.sqrt(share) * scale
        c, *_ = np.linalg.lstsq(powers * s[:, None], y * s, rcond=None)
        share *= np.abs((powers @ c - y) * scale)
        share /= share.sum()
    rounded = c.astype(np.float32)
    error = np.abs((powers @ rounded.astype(float) - y) * scale).max()
    print(f"{name} on [{low:.6g}, {high:.6g}]: relative error {error:.2g} with float coefficients")
    print("   ", ", ".join(np.format_float_scientific(v, unique=True, trim="-") + "f" for v in rounded))


def fit_ratio(name, function, nodes, above, below):
    """The denominator's first coefficient is 1, and not printed."""
    x = np.array(nodes)
    y = np.array([float(function(mp.mpf(float(v)))) for v in x])
    upper = np.vander(x, above + 1, increasing=True)
    lower = np.vander(x, below + 1, increasing=True)[:, 1:]
    share = np.ones(len(x))
    denominator = np.ones(len(x))
    best = (np.inf, None)
    for _ in range(300):
        for _ in range(3):
            s = np.sqrt(share) / (y * denominator)
            a = np.hstack([upper, -y[:, None] * lower]) * s[:, None]
            size = np.abs(a).max(0)
            c = np.linalg.lstsq(a / size, y * s, rcond=None)[0] / size
            denominator = 1 + lower @ c[above + 1 :]
        error = np.abs(upper @ c[: above + 1] / denominator / y - 1)
        if error.max() < best[0]:
            best = (error.max(), c)
        share *= error
        share /= share.sum()
    rounded = best[1].astype(np.float32)
    c = rounded.astype(float)
    error = np.abs(upper @ c[: above + 1] / (1 + lower @ c[above + 1 :]) / y - 1).max()
    print(f"{name} on [{x.min():.6g}, {x.max():.6g}]: relative error {error:.2g} with float coefficients")
    for part in (rounded[: above + 1], rounded[above + 1 :]):
        print("   ", ", ".join(np.format_float_scientific(v, unique=True, trim="-") + "f" for v in part))


def tail(x):
    """exp(x^2 / 2) times the normal distribution at -x."""
    return mp.erfc(x / mp.sqrt(2)) / 2 * mp.e ** (x * x / 2)


SMALL = mp.mpf(10) ** -8
HALF_LN2 = float(mp.log(2)) / 2 * 1.01

fit("E: (exp(r) - 1 - r) / r^2", lambda r: (mp.e**r - 1 - r) / r**2 if abs(r) > SMALL else mp.mpf(0.5), -HALF_LN2, HALF_LN2, 4,
    lambda r: r * r / mp.e**r)
fit("T: (tanh(x) / x - 1) / s, s = x^2", lambda s: (mp.tanh(mp.sqrt(s)) / mp.sqrt(s) - 1) / s, 1e-12, 0.625**2 * 1.01, 5, lambda s: s)
fit("L: (log(1 + f) - f + f^2 / 2) / f^3",
    lambda f: (mp.log(1 + f) - f + f * f / 2) / f**3 if abs(f) > SMALL else mp.mpf(1) / 3 - f / 4,
    (float(mp.sqrt(0.5)) - 1) * 1.01, (float(mp.sqrt(2)) - 1) * 1.01, 8,
    lambda f: abs(f**3 / mp.log(1 + f)) if abs(f) > SMALL else f * f)
fit("Q: erf(x) / x - 1, s = x^2", lambda s: mp.erf(mp.sqrt(s)) / mp.sqrt(s) - 1, 1e-12, 0.85**2 * 1.01, 6,
    lambda s: mp.sqrt(s) / mp.erf(mp.sqrt(s)))
k = np.arange(600)
# more nodes near 0, at distances that grow with 3 + x
fit_ratio("N and D: tail(x)", tail, (3 + 14.5) ** ((1 + np.cos((2 * k + 1) * np.pi / 1200)) / 2) * 3 ** ((1 - np.cos((2 * k + 1) * np.pi / 1200)) / 2) - 3, 4, 5)
