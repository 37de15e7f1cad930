//! StaticRegexFullMatch: strings against patterns, as the library RE2 reads them.

use regex::bytes::Regex;
use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{Assertion, AssertionKind, Ast, ClassPerl, ClassPerlKind, ClassSetItem, Span, Visitor, visit};

use crate::error::{Error, Result};
use crate::graph::Tensor;
use crate::op::{Flags, Grad, IntoTensor, Kernel, OpDef, Sig, rules};
use crate::sort::sort_by;

/// Whether all of each string matches `pattern`, in RE2's syntax. TF: `tf.strings.regex_full_match`.
///
/// A pattern that is none is an error of the run. No gradient.
///
/// ```
/// use flowstone as tf;
/// let y = tf::strings::regex_full_match(["s3://a", "a/s3://"], "^s3://.*");
/// assert_eq!(tf::Session()?.run(y, tf::feed_dict! {})?.as_slice::<bool>()?, [true, false]);
/// # Ok::<(), tf::Error>(())
/// ```
#[track_caller]
pub fn regex_full_match(input: impl IntoTensor, pattern: &str) -> Tensor {
    STATIC_REGEX_FULL_MATCH.call([input.into_arg()]).attr("pattern", pattern).single()
}

/// What matches strings that `pattern` matches as a whole.
fn full_match(pattern: &str) -> Result<Regex> {
    let bad = |e: String| Error::invalid_argument(format!("'{pattern}' is no pattern: {e}"));
    let read = Parser::new().parse(pattern).map_err(|e| bad(e.to_string()))?;
    let mut spelled = visit(&read, Ascii::default()).map_err(bad)?;
    sort_by(&mut spelled, |(a, _), (b, _)| a.start.offset.cmp(&b.start.offset));
    let (mut whole, mut end) = (r"\A(?:".to_owned(), 0);
    for (span, meaning) in spelled {
        whole.extend(pattern.get(end..span.start.offset));
        whole.push_str(meaning);
        end = span.end.offset;
    }
    whole.extend(pattern.get(end..));
    Regex::new(&(whole + r")\z")).map_err(|e| bad(e.to_string()))
}

/// Finds what means letters of all alphabets, and in RE2 only those of ASCII.
#[derive(Default)]
struct Ascii(Vec<(Span, &'static str)>);

impl Ascii {
    fn class(&mut self, class: &ClassPerl) {
        let meaning = match (&class.kind, class.negated) {
            (ClassPerlKind::Digit, false) => "[0-9]",
            (ClassPerlKind::Digit, true) => "[^0-9]",
            (ClassPerlKind::Space, false) => r"[\t\n\f\r ]",
            (ClassPerlKind::Space, true) => r"[^\t\n\f\r ]",
            (ClassPerlKind::Word, false) => "[0-9A-Za-z_]",
            (ClassPerlKind::Word, true) => "[^0-9A-Za-z_]",
        };
        self.0.push((class.span, meaning));
    }
}

impl Visitor for Ascii {
    type Output = Vec<(Span, &'static str)>;
    type Err = String;

    fn finish(self) -> Result<Self::Output, String> {
        Ok(self.0)
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), String> {
        match ast {
            Ast::ClassPerl(class) => self.class(class),
            Ast::Assertion(assertion) => match **assertion {
                Assertion { span, kind: AssertionKind::WordBoundary } => self.0.push((span, r"(?-u:\b)")),
                Assertion { span, kind: AssertionKind::NotWordBoundary } => self.0.push((span, r"(?-u:\B)")),
                _ => {}
            },
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), String> {
        if let ClassSetItem::Perl(class) = item {
            self.class(class);
        }
        Ok(())
    }
}

pub(super) static STATIC_REGEX_FULL_MATCH: OpDef = OpDef {
    sig: Sig::new("StaticRegexFullMatch(input: string) -> (output: bool) where pattern: string"),
    infer: rules::same_shape,
    kernel: Kernel::Run(|ctx| {
        let pattern = full_match(ctx.node.attrs().str("pattern")?)?;
        let input = ctx.inputs.slice::<Vec<u8>>(0)?;
        let out = ctx.outputs.slice::<bool>(0)?.iter_mut();
        out.zip(input).for_each(|(out, s)| *out = pattern.is_match(s));
        Ok(())
    }),
    grad: Grad::Missing("text is not smooth"),
    flags: Flags::PURE,
};
