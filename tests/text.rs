//! Messages as text: Python's to the byte, and what its parser takes.
#![allow(clippy::unwrap_used)]

use flowstone as tf;
use tf::ErrorKind;
use tf::format::meta::{CheckpointState, MetaGraphDef};
use tf::format::proto::{AttrValue, GraphDef, NodeDef, TensorProto, attr_value::Value};
use tf::format::text::FileMessage;

fn tensor(fill: impl FnOnce(&mut TensorProto)) -> GraphDef {
    let mut tensor = TensorProto { dtype: 1, ..Default::default() };
    fill(&mut tensor);
    let attr = [("value".to_owned(), AttrValue { value: Some(Value::Tensor(Box::new(tensor))) })].into();
    GraphDef { node: vec![NodeDef { name: "c".into(), attr, ..Default::default() }], ..Default::default() }
}

fn values(def: &GraphDef, key: &str) -> Vec<String> {
    let text = def.to_text().unwrap();
    let found = text.lines().filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": ").map(str::to_owned));
    found.collect()
}

#[test]
fn numbers_and_strings_look_as_in_python() {
    let floats =
        [0.01, 1.0, 1e-7, 3e38, 1e20, 123_456_789.0, f32::INFINITY, -f32::INFINITY, f32::NAN, -0.0, 16_777_216.0, 0.1];
    let def = tensor(|t| {
        t.float_val = floats.to_vec();
        t.double_val = vec![0.1, 1.0, 1e22, 1e16, 1e-5, 123_456_789.125];
        t.string_val = vec![b"a\"b'c\\\n\r\t\x00\xff\x7f\xc3\xa9".to_vec()];
    });
    assert_eq!(
        values(&def, "float_val"),
        ["0.01", "1.0", "1e-07", "3e+38", "1e+20", "123456790.0", "inf", "-inf", "nan", "-0.0", "16777216.0", "0.1"]
    );
    assert_eq!(values(&def, "double_val"), ["0.1", "1.0", "1e+22", "1e+16", "1e-05", "123456789.125"]);
    assert_eq!(values(&def, "string_val"), [r#""a\"b\'c\\\n\r\t\000\377\177\303\251""#]);
    let back = GraphDef::read_text(&def.to_text().unwrap()).unwrap();
    // A NaN is not equal to itself.
    assert_eq!(back.to_text().unwrap(), def.to_text().unwrap());
}

/// `golden/make_checkpoints.py` wrote this meta graph; the text of the same message is what Python prints.
#[test]
fn a_meta_graph_survives_text() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/checkpoints");
    let meta = MetaGraphDef::read_any(&std::fs::read(folder.join("moons-20.meta")).unwrap()).unwrap();
    let text = meta.to_text().unwrap();
    let expected = std::fs::read_to_string(folder.join("moons-20.meta.txt")).unwrap();
    for (ours, theirs) in text.lines().zip(expected.lines()) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(text, expected);
    let back = MetaGraphDef::read_any(text.as_bytes()).unwrap();
    assert!(back.graph_def == meta.graph_def && back.collection_def == meta.collection_def);
    assert!(back.to_text().unwrap() == expected);
    let state = CheckpointState::read_any(&std::fs::read(folder.join("moons-checkpoint.txt")).unwrap()).unwrap();
    assert_eq!((state.model_checkpoint_path.as_str(), state.all_model_checkpoint_paths.len()), ("moons-20", 1));
}

#[test]
fn whatever_protobufs_parser_takes_is_taken() {
    let text = r#"# a graph
        node < name: "a" 'b' "\x41\101\u00e9\n" ; op: 'Const', input: ["x", "^y"] input: "z"
          attr { key: "t" value { type: DT_FLOAT } }
          attr: { key: "u" value: { type: 77 } };
          attr { key: "i" value { list { i: [1, -2, 0x10, 010] f: [1, .5f, -inf, 1e-3] b: [true, f, 1] shape [ {dim {size: -1}}, {} ] } } }
        >
        node [ {name: "n1" attr [ {key: "a" value {i: 1}}, {key: "b" value {i: 2}} ]}, {name: "n2"} ]
        node []
        versions { producer: 27 } version: 3"#;
    let def = GraphDef::read_text(text).unwrap();
    assert_eq!(def.node.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["abAA\u{e9}\n", "n1", "n2"]);
    assert_eq!(def.node[0].input, ["x", "^y", "z"]);
    let Some(Value::List(list)) = &def.node[0].attr["i"].value else { panic!() };
    assert_eq!((&list.i[..], &list.b[..], list.shape.len()), (&[1, -2, 16, 8][..], &[true, false, true][..], 2));
    assert_eq!(list.f, [1.0, 0.5, f32::NEG_INFINITY, 0.001]);
    assert_eq!(def.node[0].attr["u"].value, Some(Value::Type(77)));
    assert_eq!((def.node[1].attr.len(), def.version), (2, 3));
}

#[test]
fn what_is_wrong_is_told_with_line_and_column() {
    let cases = [
        (
            "node { nam: \"x\" }",
            "GraphDef: line 1, column 8: 'nam' stands where one of these should: name, op, input, device, attr, experimental_debug_info, experimental_type",
        ),
        ("node {\n  name: x }", "GraphDef: line 2, column 9: a string in quotes should stand where 'x }' is"),
        (
            "node {",
            "GraphDef: line 1, column 7: the end stands where one of these should: name, op, input, device, attr, experimental_debug_info, experimental_type",
        ),
        ("node { name: \"x }", "GraphDef: line 1, column 14: the end of a string should stand where '\"x }' is"),
        ("version: 1.5", "GraphDef: line 1, column 10: '1.5' stands where version should have a whole number"),
        ("version 1", "GraphDef: line 1, column 9: ':' should stand where '1' is"),
        (
            "versions { producer: 99999999999999999999 }",
            "GraphDef: line 1, column 22: '99999999999999999999' stands where producer should have a whole number",
        ),
        (
            "node { attr { value { b: maybe } } }",
            "GraphDef: line 1, column 26: 'maybe' stands where b should have true or false",
        ),
        ("node { name: \"\\q\" }", "GraphDef: line 1, column 14: \"\\q\" has an escape that is none"),
        (
            "}",
            "GraphDef: line 1, column 1: '}' stands where one of these should: node, versions, version, library, debug_info",
        ),
    ];
    for (text, message) in cases {
        let error = GraphDef::read_text(text).unwrap_err();
        let sorted = |text: &str| {
            text.split_once("should: ").map(|(a, b)| {
                let mut names: Vec<_> = b.split(", ").map(str::to_owned).collect();
                names.sort();
                (a.to_owned(), names)
            })
        };
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(
            error.message() == message || sorted(error.message()).is_some_and(|s| Some(s) == sorted(message)),
            "{}",
            error.message()
        );
    }
}

#[test]
fn depth_and_number_are_bounded() {
    let deep =
        format!("node {{ {}", "attr { key: \"f\" value { func { attr { key: \"f\" value { func { ".repeat(10_000));
    assert_eq!(GraphDef::read_text(&deep).unwrap_err().kind(), ErrorKind::ResourceExhausted);
    // A function of a function of a function: field 5, value 2, func 10, attr 2, …
    let mut bytes = Vec::new();
    for _ in 0..2000 {
        for tag in [0x52u8, 0x12, 0x12] {
            let mut outer = vec![tag];
            let mut n = bytes.len();
            while n >= 128 {
                outer.push(n as u8 | 128);
                n >>= 7;
            }
            outer.push(n as u8);
            outer.extend(&bytes);
            bytes = outer;
        }
    }
    let error = GraphDef::read_bytes(&[vec![0x0a, 0xff, 0xff, 0x03], bytes].concat()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DataLoss, "{error}");
    let error = GraphDef::read_bytes(&[0x0a, 0x05, 0x0a, 0x09, 0x61]).unwrap_err();
    assert!(error.message().contains("at byte 2: 5 bytes are to follow, and there are 3"), "{error}");
    for length in 0..40 {
        // Noise is refused or a message, and never more.
        let noise: Vec<u8> = (0..length).map(|i: usize| (i * 167 + length * 31) as u8).collect();
        let _ = GraphDef::read_any(&noise);
    }
}

/// The `.pbtxt` files of the folder that `FLOWSTONE_TEXTS` names come out as they went in.
#[test]
fn text_graphs_survive_a_round_trip() {
    let Some(folder) = std::env::var_os("FLOWSTONE_TEXTS") else { return };
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "pbtxt")).collect();
    assert!(!files.is_empty());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let def = GraphDef::read_text(&text).unwrap();
        assert!(def.to_text().unwrap() == text, "{}", path.display());
        assert_eq!(tf::Graph::from_graph_def(&def).unwrap().as_graph_def().unwrap(), def);
    }
}
