//! Comparing graphs.

use std::collections::{BTreeMap, BTreeSet};

use flowstone::format::proto::attr_value::Value;
use flowstone::format::proto::{AttrValue, NodeDef};

/// How our nodes differ from theirs, a line each: names, operations, inputs, devices, attributes.
pub fn differences(ours: &[NodeDef], theirs: &[NodeDef]) -> Vec<String> {
    let by_name = |nodes: &[NodeDef]| nodes.iter().map(|n| (n.name.clone(), n.clone())).collect::<BTreeMap<_, _>>();
    let (ours, theirs) = (by_name(ours), by_name(theirs));
    let mut differences = Vec::new();
    for name in ours.keys().filter(|name| !theirs.contains_key(*name)) {
        differences.push(format!("only ours: {name} ({} {:?})", ours[name].op, ours[name].input));
    }
    for (name, their) in &theirs {
        let Some(our) = ours.get(name) else {
            differences.push(format!("only theirs: {name} ({} {:?})", their.op, their.input));
            continue;
        };
        if (&our.op, &our.input, &our.device) != (&their.op, &their.input, &their.device) {
            differences.push(format!(
                "{name}: {} {:?} {}, theirs {} {:?} {}",
                our.op, our.input, our.device, their.op, their.input, their.device
            ));
        }
        for key in our.attr.keys().chain(their.attr.keys()).collect::<BTreeSet<_>>() {
            if our.attr.get(key) != their.attr.get(key) {
                let (our, their) = (written(our.attr.get(key)), written(their.attr.get(key)));
                differences.push(format!("{name}.{key}: {our}, theirs {their}"));
            }
        }
    }
    differences
}

/// An attribute as text, strings as such.
fn written(attr: Option<&AttrValue>) -> String {
    match attr.and_then(|attr| attr.value.as_ref()) {
        Some(Value::List(list)) if !list.s.is_empty() => {
            format!("{:?}", list.s.iter().map(|s| String::from_utf8_lossy(s)).collect::<Vec<_>>())
        }
        value => format!("{value:?}"),
    }
}
