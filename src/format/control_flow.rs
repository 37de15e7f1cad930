//! TensorFlow's messages for branches and loops: what the collections of their contexts hold.

use std::collections::BTreeMap;

use prost::Message;

/// A branch of a condition. TF: `CondContextDef`.
#[derive(Clone, PartialEq, Message)]
pub struct CondContextDef {
    /// The name.
    #[prost(string, tag = "1")]
    pub context_name: String,
    /// The condition.
    #[prost(string, tag = "2")]
    pub pred_name: String,
    /// What is alive if the branch is taken.
    #[prost(string, tag = "3")]
    pub pivot_name: String,
    /// 1 if it is taken where the condition holds, else 0.
    #[prost(int32, tag = "4")]
    pub branch: i32,
    /// What it sees.
    #[prost(message, optional, tag = "5")]
    pub values_def: Option<ValuesDef>,
    /// What lies inside.
    #[prost(message, repeated, tag = "6")]
    pub nested_contexts: Vec<ControlFlowContextDef>,
}

/// A loop. TF: `WhileContextDef`.
#[derive(Clone, PartialEq, Message)]
pub struct WhileContextDef {
    /// The name.
    #[prost(string, tag = "1")]
    pub context_name: String,
    /// How many steps of it may be under way at once.
    #[prost(int32, tag = "2")]
    pub parallel_iterations: i32,
    /// Whether it has a gradient.
    #[prost(bool, tag = "3")]
    pub back_prop: bool,
    /// Whether what its gradient needs leaves the memory of the device meanwhile.
    #[prost(bool, tag = "4")]
    pub swap_memory: bool,
    /// Whether it goes on.
    #[prost(string, tag = "5")]
    pub pivot_name: String,
    /// What is alive before that is known.
    #[prost(string, tag = "6")]
    pub pivot_for_pred_name: String,
    /// What is alive if it goes on.
    #[prost(string, tag = "7")]
    pub pivot_for_body_name: String,
    /// What comes out.
    #[prost(string, repeated, tag = "8")]
    pub loop_exit_names: Vec<String>,
    /// What it sees.
    #[prost(message, optional, tag = "9")]
    pub values_def: Option<ValuesDef>,
    /// What goes in.
    #[prost(string, repeated, tag = "10")]
    pub loop_enter_names: Vec<String>,
    /// The most steps.
    #[prost(string, tag = "11")]
    pub maximum_iterations_name: String,
    /// What lies inside.
    #[prost(message, repeated, tag = "12")]
    pub nested_contexts: Vec<ControlFlowContextDef>,
}

/// The tensors that a branch or a loop sees. TF: `ValuesDef`.
#[derive(Clone, PartialEq, Message)]
pub struct ValuesDef {
    /// All of them.
    #[prost(string, repeated, tag = "1")]
    pub values: Vec<String>,
    /// For those from outside, what stands for them inside.
    #[prost(btree_map = "string, string", tag = "2")]
    pub external_values: BTreeMap<String, String>,
}

/// A branch or a loop. TF: `ControlFlowContextDef`.
#[derive(Clone, PartialEq, Message)]
pub struct ControlFlowContextDef {
    /// Which of them.
    #[prost(oneof = "Ctxt", tags = "1, 2")]
    pub ctxt: Option<Ctxt>,
}

/// The parts of [`ControlFlowContextDef`].
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Ctxt {
    /// A branch.
    #[prost(message, tag = "1")]
    CondCtxt(CondContextDef),
    /// A loop.
    #[prost(message, tag = "2")]
    WhileCtxt(Box<WhileContextDef>),
}
