"""Distributions: densities, draws with seeds (each run draws anew, so only the draws are compared), what is known of them.
See cases.py."""
from cases import *

D = tf.distributions
x, loc, scale = f(3), f(3, shift=1), np.abs(f(3)) + 0.5

for name, make, parameters in [
    ("normal", D.Normal, (loc, scale)),
    ("uniform", D.Uniform, (f(3, shift=-3), f(3, shift=3))),
]:
    case(name + "_log_prob", lambda x, a, b: make(a, b).log_prob(x), x, *parameters)
    case(name + "_log_prob_rows", lambda x, a, b: make(a, b).log_prob(x), f(2, 3), *parameters, known="s", second=False)
    case(name + "_prob", lambda x, a, b: make(a, b).prob(x), np.array([nan, -9, 0.5], np.float32), *parameters, second=False)
    case(name + "_double", lambda x, a, b: make(a, b).log_prob(x), *(y.astype(np.float64) for y in (x, *parameters)), known="s", second=False)
    case(name + "_literal", lambda: [make(0.0, [1.0, 2.0]).log_prob(0.5), make([0.0, -1.0], 2.0).mean()], known="s")
    case(name + "_empty", lambda x, a, b: make(a, b).prob(x), f(0), f(0), f(0), known="sd", second=False)
    case(name + "_facts", lambda a, b: [m() for d in [make(a, b)] for m in (d.mean, d.stddev, d.variance, d.entropy)], *parameters, second=False)
    case(name + "_sample", lambda a, b: make(a, b).sample([4, 2], seed=3), *parameters, wrt=())
    case(name + "_sample_one", lambda a, b: make(a, b).sample(seed=3), np.float32(-0.5), np.float32(2.0), wrt=())
    case(name + "_sample_double", lambda a, b: make(a, b).sample([2], seed=3), *(y.astype(np.float64) for y in parameters), known="s", wrt=())
    bad("bad_" + name, lambda a, b: make(a, b).mean(), x, x.astype(np.float64))
case("normal_mode", lambda a, b: D.Normal(a, b).mode(), loc, scale, known="s")
case("normal_kl", lambda a, b, c, d: D.kl_divergence(D.Normal(a, b), D.Normal(c, d)), loc, scale, x, np.abs(x) + 1)
case("uniform_range", lambda a, b: D.Uniform(a, b).range(), loc, loc + 2, known="s")

yes = i(0, 1, 1)
probs = np.array([0.2, 0.5, 0.9], np.float32)
case("bernoulli_logits", lambda y, l: D.Bernoulli(l).log_prob(y), yes, x)
case("bernoulli_probs", lambda y, p: D.Bernoulli(probs=p).prob(y), yes, probs, second=False)
case("bernoulli_rows", lambda y, l: D.Bernoulli(l).log_prob(y), i(0, 1, 1, 0, 1, 0).reshape(2, 3), x, known="s", second=False)
case("bernoulli_facts", lambda l: [m() for d in [D.Bernoulli(l)] for m in (d.mean, d.stddev, d.variance, d.entropy, d.mode)], x, second=False)
case("bernoulli_sample", lambda p: D.Bernoulli(probs=p, dtype=tf.float32).sample([5], seed=3), probs, wrt=())
case("bernoulli_sample_int", lambda l: D.Bernoulli(logits=l).sample(seed=3), x.astype(np.float64), wrt=())
case("bernoulli_kl", lambda a, b: D.kl_divergence(D.Bernoulli(a), D.Bernoulli(b)), x, loc)

rows = f(2, 3)
case("categorical_logits", lambda y, l: D.Categorical(l).log_prob(y), i(2, 0), rows, second=False, known="sd")
case("categorical_probs", lambda y, p: D.Categorical(probs=p).prob(y), i(2, 0), np.abs(rows), second=False, known="sd")
case("categorical_many", lambda y, l: D.Categorical(l).log_prob(y), i(2, 0, 1, 1), f(3), known="s", second=False)
case("categorical_float", lambda y, l: D.Categorical(l).log_prob(y), np.array([2, 0], np.float32), rows, wrt=[1], known="s", second=False)
case("categorical_entropy", lambda l: D.Categorical(l).entropy(), rows, second=False)
case("categorical_mode", lambda l: D.Categorical(l).mode(), rows)
case("categorical_sample", lambda l: D.Categorical(l).sample([4], seed=3), rows, wrt=())
case("categorical_sample_one", lambda l: D.Categorical(l, dtype=tf.int64).sample(seed=3), f(3), wrt=())
case("categorical_kl", lambda a, b: D.kl_divergence(D.Categorical(a), D.Categorical(b)), rows, f(2, 3, shift=1), second=False)
bad("bad_categorical", lambda l: D.Categorical(l).entropy(), f())

write("distributions")
