//! The cases of `golden/ops/sequences.py`, in the same order.

use flowstone as tf;
use tf::nn::embedding_lookup as look;
use tf::{IntoTensor, Tensor, Value, embedding_lookup as look_so, py_func};

type Function = fn(&[Value]) -> tf::Result<Vec<Value>>;

fn stateless<O: tf::ops::OutputTypes>(func: Function, x: Tensor, types: O) -> O::Outputs {
    tf::py_func!(func, [x], types, stateful = false)
}

fn one(_: &[Value]) -> tf::Result<Vec<Value>> {
    Ok(vec![Value::scalar(1.0f32)])
}

fn two(_: &[Value]) -> tf::Result<Vec<Value>> {
    Ok(vec![Value::scalar(1.0f32), Value::scalar(2.0f32)])
}

fn whole(_: &[Value]) -> tf::Result<Vec<Value>> {
    Ok(vec![Value::scalar(1i64)])
}

fn absent(op: &str, x: Tensor) -> Tensor {
    let types = tf::graph::Attr::List(tf::graph::AttrList::Type(vec![tf::float32]));
    let call = tf::ops::lookup(op).unwrap().call([tf::op::Arg::list([x])]);
    call.attr("token", "nobody").attr("Tout", types).single()
}

fn variables(x: &[Tensor], handles: bool) -> Tensor {
    let v = [x[0], x[1]].map(|x| tf::Variable!(x, use_resource = handles));
    let _after = tf::control_dependencies(&v.map(|v| v.initializer()));
    look(v, tf::identity(x[2]))
}

pub const CASES: &[super::Case] = cases! {
    "py_func" |x| [py_func(one, [x[0]], tf::float32)];
    "py_func_named" |x| [tf::py_func!(one, [x[0]], tf::float32, name = "mine")];
    "py_func_several" |x| py_func(two, [x[0].into_arg(), x[1].into_arg(), 1.5.into_arg()], [tf::int64, tf::float32]);
    "py_func_one" |x| py_func(one, [x[0]], [tf::float32]);
    "py_func_none" |_x| [py_func(one, [] as [Tensor; 0], tf::string)];
    "py_func_count" |x| [py_func(two, [x[0]], tf::float32)];
    "py_func_too_few" |x| py_func(one, [x[0]], [tf::float32, tf::float32]);
    "py_func_type" |x| [py_func(whole, [x[0]], tf::float32)];
    "py_func_absent" |x| [absent("PyFunc", x[0])];
    "py_func_stateless" |x| [stateless(one, x[0], tf::float32)];
    "py_func_stateless_named" |x| [tf::py_func!(one, [x[0]], tf::float32, stateful = false, name = "mine")];
    "py_func_stateless_several" |x| {
        let inputs = [x[0].into_arg(), x[1].into_arg(), 1.5.into_arg()];
        tf::py_func!(two, inputs, [tf::int64, tf::float32], stateful = false)
    };
    "py_func_stateless_one" |x| stateless(one, x[0], [tf::float32]);
    "py_func_stateless_none" |_x| [tf::py_func!(one, [] as [Tensor; 0], tf::string, stateful = false)];
    "py_func_stateless_count" |x| [stateless(two, x[0], tf::float32)];
    "py_func_stateless_too_few" |x| stateless(one, x[0], [tf::float32, tf::float32]);
    "py_func_stateless_type" |x| [stateless(whole, x[0], tf::float32)];
    "py_func_stateless_absent" |x| [absent("PyFuncStateless", x[0])];
    "lookup_mod" |x| [look_so!([x[0], x[1]], x[2], partition_strategy = "mod")];
    "lookup_mod_three" |x| [look_so!([x[0], x[1], x[2]], x[3], partition_strategy = "mod")];
    "lookup_mod_norm" |x| [look_so!([x[0], x[1]], x[2], partition_strategy = "mod", max_norm = 1.5)];
    "lookup_div" |x| [look_so!([x[0], x[1]], x[2], partition_strategy = "div")];
    "lookup_div_three" |x| [look_so!([x[0], x[1], x[2]], x[3], partition_strategy = "div")];
    "lookup_div_norm" |x| [look_so!([x[0], x[1]], x[2], partition_strategy = "div", max_norm = 1.5)];
    "lookup_norm" |x| [look_so!(x[0], x[1], max_norm = 1.5)];
    "lookup_variables" [] |x| [variables(x, false)];
    "lookup_handles" [] |x| [variables(x, true)];
    "lookup_none" |x| [look([] as [Tensor; 0], x[0])];
    "lookup_rows" |x| [look([x[0], x[1]], x[2])];
    "lookup_strategy" |x| [look_so!([x[0], x[1]], x[2], partition_strategy = "mid")];
    "lookup_range" |x| [look([x[0], x[1]], x[2])];
};
