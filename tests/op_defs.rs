//! What operations take and what their attributes are if nobody says: as TensorFlow has it (`golden/op_defs.py`). Graphs
//! of earlier versions leave out what came later, so the defaults decide what they mean.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Read;

use flowstone as tf;
use tf::format::proto::{GraphDef, NodeDef};

fn recorded() -> BTreeMap<String, NodeDef> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/op_defs.pb.gz");
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    GraphDef::from_bytes(&bytes).unwrap().node.into_iter().map(|node| (node.name.clone(), node)).collect()
}

#[test]
fn operations_take_what_tensorflows_take() {
    let recorded = recorded();
    // A node of an unknown operation keeps its attributes: that reads the defaults.
    let defaults = GraphDef {
        node: recorded
            .values()
            .map(|node| NodeDef { input: Vec::new(), device: String::new(), ..node.clone() })
            .collect(),
        ..Default::default()
    };
    let defaults = tf::Graph::from_graph_def(&defaults).unwrap();
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for op in tf::ops::all_built_in() {
        let (name, sig) = (op.name(), op.signature().unwrap());
        let Some(theirs) = recorded.get(name) else {
            wrong.push(format!("{name} is not recorded"));
            continue;
        };
        let shown = |args: &[tf::op::Argument]| {
            let one = |a: &tf::op::Argument| format!("{}{}", a.name, if a.is_ref { ":ref" } else { "" });
            args.iter().map(one).collect::<Vec<_>>().join(", ")
        };
        let ours = format!("{} -> {}", shown(&sig.inputs), shown(&sig.outputs));
        if ours != theirs.device {
            wrong.push(format!("{name}: {ours}, TensorFlow {}", theirs.device));
        }
        let node = defaults.get_operation_by_name(name).unwrap();
        for attr in theirs.attr.keys().chain(&theirs.input) {
            compared += 1;
            match sig.attr(attr) {
                None => wrong.push(format!("{name} lacks the attribute {attr}")),
                Some(def) if def.default != node.get_attr(attr).ok() => {
                    wrong.push(format!(
                        "{name}: {attr} is {:?}, TensorFlow {:?}",
                        def.default,
                        node.get_attr(attr).ok()
                    ));
                }
                Some(_) => {}
            }
        }
        let more = sig
            .attrs
            .iter()
            .filter(|def| !theirs.attr.contains_key(&*def.name) && !theirs.input.iter().any(|n| **n == *def.name));
        wrong.extend(more.map(|def| format!("{name} has an attribute {} that TensorFlow's has not", def.name)));
    }
    assert!(compared > 900, "{compared}");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
