"""What runs only if a condition holds. See cases.py."""
from cases import *

raw = tf.raw_ops
no, yes = np.array(False), np.array(True)

def both(x, p, otherwise, then):
    """Switch and Merge around two branches."""
    s = raw.Switch(data=x, pred=p)
    return list(raw.Merge(inputs=[otherwise(s.output_false), then(s.output_true)]))

for p in (no, yes):
    name = "_yes" if p else "_no"
    case("branch" + name, lambda x, p: both(x, p, lambda x: x * 2.0, lambda x: x + 1.0), f(2, 3), p, wrt=())
    case("branch_int" + name, lambda x, p: both(x, p, tf.identity, tf.negative), i(1, 2), p, known="s", wrt=())
    case("branch_text" + name, lambda x, p: both(x, p, tf.identity, lambda x: tf.string_join([x, x])), np.array("a"), p, known="sd", wrt=())
    case("branch_sizes" + name, lambda x, p: both(x, p, lambda x: x[:1], lambda x: tf.concat([x, x], 0)), f(2, 2), p, known="s", wrt=())
    case("branch_shape" + name, lambda x, p: both(x, p, lambda x: tf.shape(x)[0] * 5, lambda x: tf.size(x)), f(2, 2), p, known="s", wrt=())
    def nested(x, p, q):
        return both(x, p, lambda x: both(x, q, lambda x: x * 2.0, lambda x: x * 3.0)[0] + 1.0, lambda x: x * 5.0)
    case("branch_nested" + name, nested, f(2), p, yes, known="s", wrt=())
    case("branch_nested_no" + name, nested, f(2), p, no, known="s", wrt=())
    def constants(x, p):
        s = raw.Switch(data=p, pred=p)
        with tf.control_dependencies([tf.identity(s.output_false)]):
            otherwise = tf.constant(1.0) + tf.constant(2.0)
        with tf.control_dependencies([tf.identity(s.output_true)]):
            then = tf.constant(5.0)
        return list(raw.Merge(inputs=[otherwise, then])) + [x]
    case("branch_constants" + name, constants, f(2), p, known="s", wrt=())
    def effect(x, p):
        v = tf.Variable(x)
        with tf.control_dependencies([v.initializer]):
            s = raw.Switch(data=p, pred=p)
        with tf.control_dependencies([tf.identity(s.output_true)]):
            changed = tf.assign(v, [7.0, 8.0])
        with tf.control_dependencies([tf.identity(s.output_false)]):
            same = tf.constant([0.0, 0.0])
        with tf.control_dependencies([raw.Merge(inputs=[same, changed]).output]):
            return v.read_value()
    case("branch_effect" + name, effect, f(2), p, known="s", wrt=())
    def variable(x, p):
        v = tf.Variable(x)
        with tf.control_dependencies([v.initializer]):
            s = raw.RefSwitch(data=v._ref(), pred=p)
            changed = raw.AssignAdd(ref=s.output_true, value=[10.0, 20.0])
            merged = raw.RefMerge(inputs=[s.output_false, changed])
        return [tf.identity(merged.output), merged.value_index]
    case("branch_variable" + name, variable, f(2), p, known="s", wrt=())
    def stays(x, p):
        v = tf.Variable(x)
        with tf.control_dependencies([v.initializer]):
            s = raw.RefSwitch(data=v._ref(), pred=p)
        merged = raw.RefMerge(inputs=[s.output_false, s.output_true])
        return [tf.identity(merged.output), merged.value_index]
    case("branch_variable_same" + name, stays, i(3, 4), p, known="s", wrt=())
    case("branch_variable_wide" + name, variable, f(2, dtype=np.float64), p, known="s", wrt=())
    def trigger(x, p):
        s = raw.Switch(data=p, pred=p)
        with tf.control_dependencies([tf.identity(s.output_true)]):
            t = raw.ControlTrigger()
        with tf.control_dependencies([t]):
            return tf.identity(x)
    case("branch_trigger" + name, trigger, f(2), p, known="s", wrt=())
    case("branch_trigger_int" + name, trigger, i(2), p, known="s", wrt=())
case("branch_three", lambda x, p: raw.Merge(inputs=[raw.Switch(data=x, pred=p).output_true, raw.Switch(data=x, pred=tf.logical_not(p)).output_false, raw.Switch(data=x, pred=p).output_false]), f(2), no, known="s", wrt=())
case("branch_trigger_alone", lambda x: [raw.ControlTrigger(), tf.identity(x)][1:], f(2), known="s", wrt=())

def after(x, p, change):
    s = raw.Switch(data=x, pred=p)
    return change(s)
bad("bad_branch_dead", lambda x, p: raw.Switch(data=x, pred=p).output_true + 1.0, f(2), no)
bad("bad_branch_pred", lambda x, p: raw.Merge(inputs=list(raw.Switch(data=x, pred=p))).output, f(2), np.array([True]))
bad("bad_branch_type", lambda x, p: raw.Merge(inputs=[raw.Switch(data=x, pred=p).output_true, tf.constant(1)]).output, f(2), yes)
write("branch_ops")
