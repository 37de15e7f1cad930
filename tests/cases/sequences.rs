//! The cases of `golden/ops/sequences.py`, in the same order.

use flowstone as tf;
use tf::io::FeatureConfig;
use tf::nn::embedding_lookup as look;
use tf::{FixedLenFeature as F, FixedLenSequenceFeature as S, VarLenFeature as V};
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

fn parts(parsed: tf::io::ParsedFeatures, sparse: &[&str], names: &[&str]) -> Vec<Tensor> {
    let all = names.iter().map(|name| match sparse.contains(name) {
        true => {
            let parts = parsed.sparse(name);
            vec![parts.indices, parts.values, parts.dense_shape]
        }
        false => vec![parsed[*name]],
    });
    all.collect::<Vec<_>>().concat()
}

fn parse<const N: usize>(x: Tensor, features: [(&str, FeatureConfig); N]) -> Vec<Tensor> {
    parts(tf::parse_example(x, features.clone()), &[], &features.map(|(name, _)| name))
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
    "parse" |x| {
        let c = ("c", V(tf::string));
        let features = [("a", F([2], tf::int64)), ("b", F((), tf::float32).default_value(1.5)), c];
        parts(tf::parse_example(x[0], features), &["c"], &["a", "b", "c"])
    };
    "parse_named" |x| {
        let features = [("c", V(tf::string)), ("a", V(tf::int64))];
        parts(tf::parse_example!(x[0], features, name = "mine"), &["a", "c"], &["a", "c"])
    };
    "parse_defaults" |x| parse(x[0], [
        ("z/1 b", F([1, 2], tf::string).default_value([["p", "q"]])),
        ("y", F([2], tf::float32).default_value([1.0, 2.0])),
    ]);
    "parse_sequence" |x| parse(x[0], [
        ("c", S((), tf::string)),
        ("a", S([2], tf::int64)),
        ("b", S((), tf::float32).default_value(7.0)),
    ]);
    "parse_none" |x| {
        parts(tf::parse_example(x[0], [("a", F([2], tf::int64)), ("c", V(tf::string))]), &["c"], &["a", "c"])
    };
    "parse_single" |x| {
        let c = ("c", V(tf::string));
        let features = [("a", F([2], tf::int64)), ("b", F((), tf::float32).default_value(0.0)), c];
        parts(tf::parse_single_example(x[0], features), &["c"], &["a", "b", "c"])
    };
    "parse_missing" |x| parse(x[0], [("b", F((), tf::float32))]);
    "parse_type" |x| parse(x[0], [("a", F([2], tf::float32))]);
    "parse_sparse_type" |x| parts(tf::parse_example(x[0], [("a", V(tf::float32))]), &["a"], &["a"]);
    "parse_count" |x| parse(x[0], [("a", F([3], tf::int64))]);
    "parse_rows" |x| parse(x[0], [("a", S([3], tf::int64))]);
    "parse_bytes" |x| parse(x[0], [("a", F([2], tf::int64))]);
    "parse_nothing" |x| parse(x[0], []);
    "parse_open" |x| parse(x[0], [("a", F([Some(2), None], tf::int64))]);
    "parse_rank" |x| parse(x[0], [("a", F([2], tf::int64))]);
    "csv" [] |x| tf::decode_csv(x[0], [[-1].into_arg(), [0.5].into_arg(), ["none"].into_arg()]);
    "csv_scalar" [] |x| tf::decode_csv(x[0], [[-1].into_arg(), [0.5].into_arg(), ["none"].into_arg()]);
    "csv_options" [] |x| tf::decode_csv!(
        x[0], [[0], [0]], field_delim = ";", use_quote_delim = false, na_value = "NA", select_cols = [0, 2]
    );
    "csv_required" [] |x| tf::decode_csv(x[0], [tf::constant(Value::vector(Vec::<f64>::new())), tf::constant([3i64])]);
    "csv_none" [] |x| tf::decode_csv(x[0], [[1.0]]);
    "csv_missing" |x| tf::decode_csv(x[0], [tf::constant(Vec::<i32>::new())]);
    "csv_fields" |x| tf::decode_csv(x[0], [[1], [2]]);
    "csv_number" |x| tf::decode_csv(x[0], [[1], [2]]);
    "csv_quote" |x| tf::decode_csv(x[0], [["a"], ["b"]]);
    "csv_open_quote" |x| tf::decode_csv(x[0], [["a"]]);
    "csv_inner_quote" |x| tf::decode_csv(x[0], [["a"]]);
    "csv_defaults" |x| tf::decode_csv(x[0], [[1, 2]]);
    "csv_delim" |x| tf::decode_csv!(x[0], [[1]], field_delim = "::");
    "csv_columns" |x| tf::decode_csv!(x[0], [[1], [2]], select_cols = [1, 0]);
};
