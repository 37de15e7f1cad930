//! Print and PrintV2: what passes by, on standard error.

use std::io::Write;
use std::sync::atomic::{AtomicI64, Ordering};

use super::summarized;
use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Arg, Flags, Grad, IntoTensor, Kernel, KernelCtx, OpDef, Sig, rules};

/// `input`, and whenever it is computed `data` is printed to standard error. TF: `tf.Print`.
///
/// `data` are tensors of any types. Keyword arguments `message`, printed in front, `first_n`, how often at most in one
/// session (always if not said), and `summarize`, how many elements of each tensor: 3 if not said, all if negative. The
/// gradient passes through.
///
/// ```
/// use flowstone as tf;
/// let x = tf::constant([1.0, 2.0]);
/// let y = tf::Print!(x, [x], message = "x is ");
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<f32>()?, [1.0, 2.0]); // x is [1 2]
/// # Ok::<(), tf::Error>(())
/// ```
#[allow(non_snake_case)]
#[track_caller]
pub fn Print<T: IntoTensor>(input: impl IntoTensor, data: impl IntoIterator<Item = T>) -> Tensor {
    print_args(input, data).build()
}

/// [`Print`] with keyword arguments.
pub fn print_args<T: IntoTensor>(input: impl IntoTensor, data: impl IntoIterator<Item = T>) -> PrintArgs {
    PrintArgs { args: [input.into_arg(), Arg::list(data)], message: String::new(), first_n: -1, summarize: 3 }
}

/// A [`Print`] under construction.
#[must_use = "nothing is built until `build` is called"]
pub struct PrintArgs {
    args: [Arg; 2],
    message: String,
    first_n: i64,
    summarize: i64,
}

impl PrintArgs {
    /// What is printed in front.
    pub fn message(mut self, message: &str) -> Self {
        self.message = message.to_owned();
        self
    }

    /// How often it is printed at most; always if not said.
    pub fn first_n(mut self, first_n: i64) -> Self {
        self.first_n = first_n;
        self
    }

    /// How many elements of each tensor are printed; 3 if not said.
    pub fn summarize(mut self, summarize: i64) -> Self {
        self.summarize = summarize;
        self
    }

    /// Builds the operation.
    #[track_caller]
    pub fn build(self) -> Tensor {
        let call = PRINT.call(self.args).attr("message", self.message.as_str());
        call.attr("first_n", self.first_n).attr("summarize", self.summarize).single()
    }
}

pub(super) static PRINT: OpDef = OpDef {
    sig: Sig::new(
        "Print(input: T, data: U) -> (output: T) \
         where T: type, U: list(type), message: string = '', first_n: int = -1, summarize: int = 3",
    ),
    infer: rules::unchanged,
    kernel: Kernel::Run(|ctx| {
        if let Some(line) = line(ctx)? {
            show(format!("{line}\n").as_bytes())?;
        }
        ctx.pass_on(0, 0)
    }),
    grad: Grad::Rule(|g| Ok(std::iter::once(Some(g.dy(0))).chain(g.xs().iter().skip(1).map(|_| None)).collect())),
    flags: Flags::EFFECT,
};

/// What is to be printed, unless it was often enough.
fn line(ctx: &KernelCtx) -> Result<Option<String>> {
    let attrs = ctx.node.attrs();
    let first_n = attrs.int("first_n")?;
    if first_n >= 0 {
        let printed = ctx.resources.get_or_create(&format!("printed/{}", ctx.node.name), AtomicI64::default)?;
        if printed.fetch_add(1, Ordering::Relaxed) >= first_n {
            return Ok(None);
        }
    }
    let most = attrs.int("summarize")?;
    let shown = |i| Ok(format!("[{}]", summarized(ctx.inputs.value(i)?, most)?));
    let shown = (1..ctx.inputs.len()).map(shown).collect::<Result<String>>()?;
    Ok(Some(format!("{}{shown}", attrs.str("message")?)))
}

/// Writes to standard error.
fn show(text: &[u8]) -> Result<()> {
    std::io::stderr().lock().write_all(text).map_err(|e| Error::internal(format!("printing: {e}")))
}

pub(super) static PRINT_V2: OpDef = OpDef {
    sig: Sig::new("PrintV2(input: string) -> () where output_stream: string = 'stderr', end: string = '\n'"),
    infer: |ctx| {
        ctx.shape_of_rank(0, 0)?;
        rules::nothing(ctx)
    },
    kernel: Kernel::Run(|ctx| {
        let mut text = ctx.inputs.value(0)?.item::<Vec<u8>>()?;
        text.extend(ctx.node.attrs().str("end")?.bytes());
        let stream = ctx.node.attrs().str("output_stream")?;
        if stream == "stdout" {
            return std::io::stdout().lock().write_all(&text).map_err(|e| Error::internal(format!("printing: {e}")));
        }
        if let Some(path) = stream.strip_prefix("file://") {
            return append(path, &text).map_err(|e| Error::internal(format!("printing to {path}: {e}")));
        }
        show(&text)
    }),
    grad: Grad::Missing("it has no outputs"),
    flags: Flags::EFFECT,
};

fn append(path: &str, text: &[u8]) -> std::io::Result<()> {
    std::fs::OpenOptions::new().create(true).append(true).open(path)?.write_all(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::testing::OpTest;

    #[test]
    fn what_is_printed_passes_by() {
        OpTest::new(|x| {
            vec![print_args(x[0], [x[0].into_arg(), "text".into_arg()]).message("a test prints: ").build()]
        })
        .inputs([[1.0f32, 2.0, 3.0, 4.0].into()])
        .expect([[1.0f32, 2.0, 3.0, 4.0].into()])
        .differentiable(&[0])
        .run();
    }

    #[test]
    fn text_is_appended_to_a_file() {
        let path = std::env::temp_dir().join(format!("flowstone-print-{}", std::process::id()));
        let stream = format!("file://{}", path.display());
        let session = crate::session::SessionArgs::new().build().unwrap();
        let print = PRINT_V2.call(["x is 1".into_arg()]).attr("output_stream", stream.as_str()).operation();
        session.run(print, crate::session::Feeds::new()).unwrap();
        session.run(print, crate::session::Feeds::new()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(text, "x is 1\nx is 1\n");
    }
}
