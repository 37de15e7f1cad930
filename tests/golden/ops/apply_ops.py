"""The rules of optimizers, as single operations. See cases.py."""
from cases import *

RULES = [
    ("GradientDescent", [], [("alpha", 0.1)], "delta", {}),
    ("Momentum", ["accum"], [("lr", 0.1), "grad", ("momentum", 0.9)], "grad", {"use_nesterov": [False, True]}),
    ("Adam", ["m", "v"], [("beta1_power", 0.9), ("beta2_power", 0.999), ("lr", 0.01), ("beta1", 0.9), ("beta2", 0.999), ("epsilon", 1e-8)], "grad", {"use_nesterov": [False, True]}),
    ("Adagrad", ["accum"], [("lr", 0.1)], "grad", {"update_slots": [True, False]}),
    ("AdagradV2", ["accum"], [("lr", 0.1), ("epsilon", 0.01)], "grad", {"update_slots": [True, False]}),
    ("Adadelta", ["accum", "accum_update"], [("lr", 0.5), ("rho", 0.95), ("epsilon", 1e-3)], "grad", {}),
    ("RMSProp", ["ms", "mom"], [("lr", 0.1), ("rho", 0.9), ("momentum", 0.5), ("epsilon", 1e-3)], "grad", {}),
    ("CenteredRMSProp", ["mg", "ms", "mom"], [("lr", 0.1), ("rho", 0.9), ("momentum", 0.5), ("epsilon", 1e-3)], "grad", {}),
    ("Ftrl", ["accum", "linear"], ["grad", ("lr", 0.1), ("l1", 0.2), ("l2", 0.3), ("lr_power", -0.5)], "grad", {"multiply_linear_by_lr": [False, True]}),
    ("FtrlV2", ["accum", "linear"], ["grad", ("lr", 0.5), ("l1", 0.2), ("l2", 0.3), ("l2_shrinkage", 0.1), ("lr_power", -0.7)], "grad", {"multiply_linear_by_lr": [False, True]}),
    ("AdagradDA", ["gradient_accumulator", "gradient_squared_accumulator"], ["grad", ("lr", 0.1), ("l1", 0.2), ("l2", 0.3), ("global_step", 4)], "grad", {}),
    ("ProximalGradientDescent", [], [("alpha", 0.1), ("l1", 0.2), ("l2", 0.3)], "delta", {}),
    ("ProximalAdagrad", ["accum"], [("lr", 0.1), ("l1", 0.2), ("l2", 0.3)], "grad", {}),
]
def typed(number, like):
    return np.int64(number[1]) if number[0] == "global_step" else like.dtype.as_numpy_dtype(number[1])
def rule(form, name, slots, scalars, grad, flags, variables, change, rows=None):
    use_resource = form.startswith("Resource")
    variables = [tf.Variable(v, use_resource=use_resource) for v in variables]
    with tf.control_dependencies([v.initializer for v in variables]):
        handles = [v.handle if use_resource else v._ref() for v in variables]
        args = dict(zip(["var"] + slots, handles), **{n[0]: typed(n, change) for n in scalars if n != "grad"}, **flags)
        args["grad" if rows is not None else grad] = change
        if rows is not None:
            args["indices"] = rows
        done = getattr(tf.raw_ops, form + name)(**args)
        with tf.control_dependencies([done]):
            return [v.read_value() for v in variables]
def arrays_of(slots, dtype=np.float32, **more):
    # Slots of squares are positive.
    return [f(3, 2, dtype=dtype)] + [f(3, 2, shift=3 + k, dtype=dtype) for k in range(len(slots))]
for name, slots, scalars, grad, flags in RULES:
    n = 1 + len(slots)
    for form in ["Apply", "ResourceApply"]:
        def dense(*xs, flags={}):
            return rule(form, name, slots, scalars, grad, flags, xs[:n], xs[n])
        low = form.lower() + "_" + name.lower()
        case(low, dense, *arrays_of(slots), f(3, 2, shift=0.3), known="s", wrt=())
        case(low + "_f64", dense, *arrays_of(slots, np.float64), f(3, 2, shift=0.3, dtype=np.float64), known="s", wrt=())
        case(low + "_scalar", dense, *[f(shift=3.0 + k) for k in range(n)], f(shift=0.3), known="s", wrt=())
        case(low + "_empty", dense, *[f(0, 2)] * (n + 1), known="s", wrt=())
        case(low + "_nan", dense, *[f(4, shift=3.0 + k) for k in range(n)], np.array([nan, inf, 0, -inf], np.float32), known="s", wrt=())
        for flag, values in flags.items():
            case(low + "_" + flag, lambda *xs: dense(*xs, flags={flag: values[1]}), *arrays_of(slots), f(3, 2, shift=0.3), known="s", wrt=())
        bad("bad_" + low, dense, *arrays_of(slots), f(2, 3))
    if name in ("GradientDescent", "Adam"):
        continue
    for form in ["SparseApply", "ResourceSparseApply"]:
        def sparse(*xs, flags={}):
            return rule(form, name, slots, scalars, grad, flags, xs[:n], xs[n], xs[n + 1])
        low = form.lower() + "_" + name.lower()
        case(low, sparse, *arrays_of(slots), f(2, 2, shift=0.3), i(2, 0), known="s", wrt=())
        case(low + "_twice", sparse, *arrays_of(slots), f(3, 2, shift=0.3), i(2, 0, 2, dtype=np.int64), known="s", wrt=())
        case(low + "_f64", sparse, *arrays_of(slots, np.float64), f(1, 2, shift=0.3, dtype=np.float64), i(1), known="s", wrt=())
        case(low + "_none", sparse, *arrays_of(slots), f(0, 2), i(), known="s", wrt=())
        case(low + "_row", sparse, *[f(3, shift=3.0 + k) for k in range(n)], f(2, shift=0.3), i(2, 0), known="s", wrt=())
        for flag, values in flags.items():
            case(low + "_" + flag, lambda *xs: sparse(*xs, flags={flag: values[1]}), *arrays_of(slots), f(2, 2, shift=0.3), i(2, 0), known="s", wrt=())
        bad("bad_" + low, sparse, *arrays_of(slots), f(1, 2), i(3))

write("apply_ops")
