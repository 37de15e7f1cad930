//! Importing graphs: under a prefix, onto other tensors, of operations that are not known, of other days, and what is refused.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use flowstone as tf;
use tf::format::proto::{AttrValue, GraphDef, NameAttrList, NodeDef, TensorProto, VersionDef, attr_value::Value};
use tf::{ErrorKind, ImportOptions, feed_dict};

fn node(name: &str, op: &str, inputs: &[&str], attrs: &[(&str, Value)]) -> NodeDef {
    NodeDef {
        name: name.into(),
        op: op.into(),
        input: inputs.iter().map(|&input| input.into()).collect(),
        attr: attrs
            .iter()
            .map(|(k, v)| ((*k).into(), AttrValue { value: Some(v.clone()) }))
            .collect::<BTreeMap<_, _>>(),
        ..Default::default()
    }
}

fn graph(node: Vec<NodeDef>) -> GraphDef {
    GraphDef { node, versions: Some(VersionDef { producer: 27, ..Default::default() }), ..Default::default() }
}

const FLOAT: (&str, Value) = ("T", Value::Type(1));

/// y = x * 3 + b, with b a variable.
fn line() -> GraphDef {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let x = tf::placeholder(tf::float32, [2]).named("x");
    let b = tf::Variable([10.0, 20.0]).named("b");
    let _y = tf::identity(x * 3.0 + b).named("y");
    let _init = tf::group(&[b.initializer()]).named("init");
    graph.as_graph_def().unwrap()
}

fn import(def: &GraphDef) -> tf::Result<tf::Graph> {
    tf::Graph::from_graph_def(def)
}

fn error(node: Vec<NodeDef>) -> tf::Error {
    import(&graph(node)).map(|_| ()).unwrap_err()
}

#[test]
fn a_graph_is_imported_twice_under_scopes_of_its_own() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let def = line();
    let x = tf::constant([1.0, 2.0]);
    let first = tf::import_graph_def!(&def, input_map = &[("x:0", x)], return_elements = &["y:0", "init"]).unwrap();
    let second = tf::import_graph_def!(&def, return_elements = &["y"]).unwrap();
    assert_eq!((first[0].tensor().name(), second[0].operation().name()), ("import/y:0".into(), "import_1/y".into()));
    assert_eq!(first[1], tf::Imported::Operation(graph.get_operation_by_name("import/init").unwrap()));
    // Colocation classes follow the names.
    let read = graph.as_graph_def().unwrap().node.into_iter().find(|node| node.name == "import_1/b/read").unwrap();
    assert!(format!("{:?}", read.attr["_class"]).contains(&format!("{:?}", b"loc:@import_1/b".to_vec())));
    let sess = tf::Session().unwrap();
    sess.run((first[1].operation(), "import_1/init"), feed_dict! {}).unwrap();
    let y = sess.run(first[0].tensor(), feed_dict! {}).unwrap();
    assert_eq!(y.as_slice::<f32>().unwrap(), [13.0, 26.0]);
    let y = sess.run(second[0].tensor(), feed_dict! { "import_1/x:0": [0.0, 1.0] }).unwrap();
    assert_eq!(y.as_slice::<f32>().unwrap(), [10.0, 23.0]);
}

#[test]
fn names_that_are_taken_get_numbers_and_control_dependencies_reach_the_sources() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let _x = tf::constant(1.0).named("x");
    let gate = tf::no_op();
    let options = ImportOptions { control_dependencies: vec![gate], ..Default::default() };
    graph.import_graph_def(&line(), options).unwrap();
    assert_eq!(graph.get_operation_by_name("x_1").unwrap().op_type(), "Placeholder");
    assert_eq!(graph.get_operation_by_name("b").unwrap().control_inputs(), [gate]);
    assert_eq!(graph.get_operation_by_name("y").unwrap().control_inputs(), []);
}

#[test]
fn what_an_import_names_must_be_there() {
    let graph = tf::Graph::new();
    let _default = graph.as_default();
    let nodes = graph.len();
    let error = tf::import_graph_def!(&line(), return_elements = &["z:0"]).unwrap_err();
    assert_eq!(error.message(), "return_elements: the graph has no 'z:0'");
    let x = tf::constant([1.0, 2.0]);
    let error = tf::import_graph_def!(&line(), input_map = &[("z", x)]).unwrap_err();
    assert_eq!(error.message(), "input_map: no node of the graph reads 'z'");
    let error = tf::import_graph_def!(&line(), input_map = &[("x", tf::constant([1, 2]))]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().contains("input x is int32, not float32"), "{error}");
    assert_eq!(graph.len(), nodes + 2, "a failed import adds nothing");
}

/// A queue feeds a layer; a custom operation comes behind it.
fn foreign() -> GraphDef {
    let function = Value::Func(NameAttrList { name: "f".into(), ..Default::default() });
    let half = TensorProto { dtype: 19, half_val: vec![15360], ..Default::default() };
    graph(vec![
        node("queue", "FIFOQueueV2", &[], &[("component_types", Value::List(Default::default()))]),
        node("batch", "QueueDequeueManyV2", &["queue"], &[("anything", function)]),
        node("images", "Relu", &["batch:1"], &[FLOAT]),
        node(
            "custom",
            "MyOp",
            &["images", "^queue"],
            &[("half", Value::Tensor(Box::new(half))), ("_private", Value::I(3))],
        ),
        node("out", "Neg", &["custom"], &[FLOAT]),
        node(
            "halves",
            "Const",
            &[],
            &[
                ("dtype", Value::Type(19)),
                (
                    "value",
                    Value::Tensor(Box::new(TensorProto { dtype: 19, half_val: vec![15360], ..Default::default() })),
                ),
            ],
        ),
        node("sum", "Neg", &["halves"], &[("T", Value::Type(19))]),
    ])
}

#[test]
fn unknown_operations_load_survive_and_fail_only_when_they_are_needed() {
    let def = foreign();
    let graph = import(&def).unwrap();
    assert_eq!(graph.as_graph_def().unwrap(), def);
    let sess = tf::Session::new(&graph).unwrap();
    // What they would compute can be fed.
    let out = sess.run("images:0", feed_dict! { "batch:1": [-1.0, 2.0] }).unwrap();
    assert_eq!(out.as_slice::<f32>().unwrap(), [0.0, 2.0]);
    let error = sess.run(("out:0", "images:0", "sum"), feed_dict! {}).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unimplemented);
    assert_eq!(
        error.to_string(),
        "Unimplemented: this run needs what is not available: FIFOQueueV2 (1 node), QueueDequeueManyV2 (1 node), \
         MyOp (1 node), Const of float16 (1 node), Neg of float16 (1 node)\n  \
         FIFOQueueV2: node 'queue', for 'out:0', 'images:0'\n  \
         QueueDequeueManyV2: node 'batch', for 'out:0', 'images:0'\n  \
         MyOp: node 'custom', for 'out:0'\n  \
         Const of float16: node 'halves', for 'sum'\n  \
         Neg of float16: node 'sum', for 'sum'\n  \
         feed what these nodes would compute, or fetch what does not need them"
    );
}

#[test]
fn loops_load_in_the_order_of_their_file() {
    let def = graph(vec![
        node("enter", "Enter", &["start"], &[FLOAT, ("frame_name", Value::S(b"loop".to_vec()))]),
        node("merge", "Merge", &["enter", "next"], &[FLOAT, ("N", Value::I(2))]),
        node("more", "Neg", &["merge"], &[FLOAT]),
        node("next", "NextIteration", &["more"], &[FLOAT]),
        node("start", "Placeholder", &[], &[("dtype", Value::Type(1))]),
    ]);
    let graph = import(&def).unwrap();
    assert_eq!(graph.get_operations()[0].name(), "enter", "the order of the file");
    let sess = tf::Session::new(&graph).unwrap();
    let error = sess.run("more:0", feed_dict! { "start:0": 1.0f32 }).unwrap_err();
    assert_eq!(error.message(), "Neg: it lies in a loop: fetch what `while_loop` gives");
}

#[test]
fn what_contradicts_itself_is_refused_with_the_node() {
    let x = || node("x", "Placeholder", &[], &[("dtype", Value::Type(1))]);
    let cases: Vec<(Vec<NodeDef>, &str, &str)> = vec![
        (vec![node("a", "Neg", &["b"], &[FLOAT])], "a", "input 'b' does not exist"),
        (vec![x(), node("a", "Neg", &["x:1"], &[FLOAT])], "a", "Neg: 'x' has 1 outputs, and none is number 1"),
        (vec![x(), x()], "x", "there are two nodes of this name"),
        (vec![node("a", "Neg", &["b"], &[FLOAT]), node("b", "Neg", &["a"], &[FLOAT])], "a", "the graph has a cycle"),
        (vec![x(), node("a", "Neg", &["^x", "x"], &[FLOAT])], "a", "Neg: input 'x' comes after control inputs"),
        (vec![x(), node("a", "Neg", &["x"], &[("T", Value::Type(3))])], "a", "Neg: input x is float32, not int32"),
        (vec![x(), node("a", "Neg", &["x", "x"], &[FLOAT])], "a", "Neg: 1 inputs too many"),
        (vec![x(), node("a", "AddV2", &["x"], &[FLOAT])], "a", "AddV2: input y is missing"),
        (vec![x(), node("a", "Neg", &["x"], &[])], "a", "Neg: attribute T is missing"),
        (vec![node("_a", "NoOp", &[], &[])], "_a", "'_a' is not a valid name"),
        (vec![x(), node("a", "MyOp", &["x:70000"], &[])], "a", "input 'x:70000' does not exist"),
    ];
    for (nodes, at, message) in cases {
        let error = error(nodes);
        assert_eq!((error.kind(), error.node(), error.message()), (ErrorKind::InvalidArgument, Some(at), message));
    }
    let mut later = line();
    later.versions = Some(VersionDef { producer: 3000, min_consumer: 2500, ..Default::default() });
    let error = import(&later).unwrap_err();
    assert_eq!(error.message(), "the graph is for readers of version 2500 or later; this is one of version 2129");
    let error = tf::Graph::new().import_graph_def("no/such.pb", ImportOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let error = tf::Graph::new().import_graph_def(&b"\xff\xff\xff"[..], ImportOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DataLoss);
}

#[test]
fn graphs_of_other_days_mean_what_they_meant() {
    // No dilations, no use_cudnn_on_gpu, no data_format; a placeholder of no dimensions is one of any shape.
    let strides = Value::List(tf::format::proto::ListValue { i: vec![1, 1, 1, 1], ..Default::default() });
    let shape = || Value::Shape(Default::default());
    let mut old = graph(vec![
        node("x", "Placeholder", &[], &[("dtype", Value::Type(1)), ("shape", shape())]),
        node("w", "Variable", &[], &[("dtype", Value::Type(1)), ("shape", shape())]),
        node("start", "Placeholder", &[], &[("dtype", Value::Type(1))]),
        node("set", "Assign", &["w", "start"], &[FLOAT, ("validate_shape", Value::B(false))]),
        node("y", "Conv2D", &["x", "w"], &[FLOAT, ("strides", strides), ("padding", Value::S(b"SAME".to_vec()))]),
    ]);
    old.versions = Some(VersionDef { producer: 8, ..Default::default() });
    // What a file claims of shapes is kept and not believed.
    let claim = Value::List(tf::format::proto::ListValue { shape: vec![Default::default(); 3], ..Default::default() });
    old.node[4].attr.insert("_output_shapes".into(), AttrValue { value: Some(claim) });
    let graph = import(&old).unwrap();
    let sess = tf::Session::new(&graph).unwrap();
    let ones = |shape: [usize; 4]| tf::Value::new(shape.as_slice(), vec![1f32; shape.iter().product()]).unwrap();
    sess.run("set", feed_dict! { "start:0": ones([3, 3, 1, 2]) }).unwrap();
    let y = sess.run("y:0", feed_dict! { "x:0": ones([1, 4, 4, 1]) }).unwrap();
    assert_eq!((y.shape().dims(), y.as_slice::<f32>().unwrap()[0]), (&[1, 4, 4, 2][..], 4.0));
    let back = graph.as_graph_def().unwrap();
    assert_eq!(back.versions, old.versions);
    assert!(back.node[4].attr.contains_key("_output_shapes") && back.node[4].attr.contains_key("dilations"));
    // The same graph of a later day: the placeholder takes single numbers only.
    old.node.truncate(1);
    old.versions = Some(VersionDef { producer: 24, ..Default::default() });
    assert_eq!(import(&old).unwrap().get_tensor_by_name("x:0").unwrap().shape().rank(), Some(0));
}

#[test]
fn a_long_chain_is_imported_and_run() {
    let mut nodes = vec![node("n0", "Placeholder", &[], &[("dtype", Value::Type(1))])];
    for i in (1..100_000).rev() {
        nodes.push(node(&format!("n{i}"), "Neg", &[&format!("n{}", i - 1)], &[FLOAT]));
    }
    let graph = import(&graph(nodes)).unwrap();
    let sess = tf::Session::new(&graph).unwrap();
    let y = sess.run("n99999:0", feed_dict! { "n0:0": 2.0f32 }).unwrap();
    assert_eq!(y.item::<f32>().unwrap(), -2.0);
}

/// The order in a file means nothing: gradients and training of an imported graph are those of the one that was built.
#[test]
fn graphs_in_any_order_are_differentiated_and_trained() {
    let mut def = line();
    let train = |def: &GraphDef| {
        let graph = import(def).unwrap();
        let _default = graph.as_default();
        let tensor = |name: &str| graph.get_tensor_by_name(name).unwrap();
        let loss = tf::reduce_sum(tf::square(tensor("y:0") - 1.0) * tensor("y:0"));
        let gradients = tf::gradients(loss, [tensor("x:0"), tensor("b:0")]);
        let change = gradients[1].unwrap().values() * 0.01;
        let step = tf::ops::lookup("AssignSub").unwrap().call([tensor("b:0"), change].map(tf::IntoTensor::into_arg));
        let step = step.operation();
        let sess = tf::Session().unwrap();
        sess.run("init", feed_dict! {}).unwrap();
        let feeds = feed_dict! { "x:0": [0.25, -2.0] };
        let before = sess.run((loss, gradients[0].unwrap().values()), &feeds).unwrap();
        sess.run(step, &feeds).unwrap();
        let after = sess.run("b:0", feed_dict! {}).unwrap();
        [before.0, before.1, after].map(|value| value.as_slice::<f32>().unwrap().to_vec())
    };
    let forward = train(&def);
    def.node.reverse();
    assert_eq!(train(&def), forward);
    assert_eq!(forward[2].len(), 2);
}

/// Numbers without end, the same each time.
struct Noise(u64);

impl Noise {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// Changes a node of the graph in some way that a damaged or a malicious file could.
fn damage(def: &mut GraphDef, noise: &mut Noise) {
    let count = def.node.len();
    let other = def.node[noise.below(count)].clone();
    let at = noise.below(count);
    let node = &mut def.node[at];
    match noise.below(9) {
        0 => node.op = other.op,
        1 => node.input = other.input,
        2 => node.attr = other.attr,
        3 => drop(node.input.pop()),
        4 => node.input.push(other.name),
        5 => node.input.iter_mut().for_each(|input| input.push_str(":1")),
        6 => {
            let keys: Vec<String> = node.attr.keys().cloned().collect();
            if !keys.is_empty() {
                node.attr.remove(&keys[noise.below(keys.len())]);
            }
        }
        7 => {
            for attr in node.attr.values_mut() {
                match &mut attr.value {
                    Some(Value::Type(t)) => *t = noise.below(24) as i32,
                    Some(Value::I(i)) => *i = [0, -1, i64::MAX, i64::MIN, 7][noise.below(5)],
                    Some(Value::Shape(shape)) => {
                        for dim in &mut shape.dim {
                            dim.size = [0, -1, -5, i64::MAX, 1 << 40][noise.below(5)];
                        }
                    }
                    Some(Value::List(list)) => {
                        list.i.iter_mut().for_each(|i| *i = [0, -1, i64::MAX, 3][noise.below(4)])
                    }
                    _ => {}
                }
            }
        }
        _ => {
            for attr in node.attr.values_mut() {
                if let Some(Value::Tensor(tensor)) = &mut attr.value {
                    tensor.tensor_content.truncate(3);
                    tensor.int_val.iter_mut().for_each(|i| *i = [0, -1, i32::MAX, i32::MIN, 5][noise.below(5)]);
                    if let Some(shape) = &mut tensor.tensor_shape {
                        shape.dim.iter_mut().for_each(|dim| dim.size = [0, 1, 1 << 20, i64::MAX][noise.below(4)]);
                    }
                }
            }
        }
    }
}

/// Whatever a file says, importing and running it ends with a result or an error.
#[test]
fn damaged_graphs_are_errors_and_never_more() {
    let rounds = std::env::var("FLOWSTONE_ROUNDS").map_or(300, |rounds| rounds.parse().unwrap());
    let good = GraphDef::from_bytes(include_bytes!("golden/mnist_layers.pb")).unwrap();
    let (mut imported, mut ran, mut noise, mut bugs) = (0, 0, Noise(1), Vec::new());
    for round in 0..rounds {
        let mut def = good.clone();
        for _ in 0..=noise.below(3) {
            damage(&mut def, &mut noise);
        }
        let Ok(graph) = import(&def) else { continue };
        imported += 1;
        let sess = tf::SessionArgs::new().graph(&graph).threads(1).build().unwrap();
        let batch = tf::Value::new([2usize, 784].as_slice(), vec![0.5f32; 2 * 784]).unwrap();
        for op in graph.get_operations().into_iter().rev().step_by(5 + round % 7) {
            if op.outputs().is_empty() {
                continue;
            }
            match sess.run(op.outputs(), feed_dict! { "Placeholder:0": batch.clone() }) {
                Ok(_) => ran += 1,
                Err(error) if error.kind() == ErrorKind::Internal => bugs.push(format!("round {round}: {error}")),
                Err(_) => {}
            }
        }
    }
    assert!(bugs.is_empty(), "{} bugs:\n{}", bugs.len(), bugs.join("\n"));
    assert!(imported > rounds / 10 && ran > rounds / 10, "{imported} imported, {ran} ran");
}
