//! RandomUniformInt: whole numbers, spread evenly.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::kernels::random::{PhiloxRandom, fill};
use crate::op::{Flags, Grad, Kernel, KernelCtx, OpDef, Sig};
use crate::ops::random::normal::{generator, infer};
use crate::value::Number;

pub(super) static RANDOM_UNIFORM_INT: OpDef = OpDef {
    sig: Sig::new(
        "RandomUniformInt(shape: T, minval: Tout, maxval: Tout) -> (output: Tout) \
         where seed: int = 0, seed2: int = 0, Tout: index, T: index",
    ),
    infer: |ctx| {
        ctx.shape_of_rank(1, 0)?;
        ctx.shape_of_rank(2, 0)?;
        infer(ctx)
    },
    kernel: Kernel::Run(|ctx| match ctx.node.attrs().dtype("Tout")? {
        DType::Int32 => run::<i32, 4>(ctx, |generator, low, range| {
            generator.next_block().map(|x| low.wrapping_add((x % range as u32) as i32))
        }),
        DType::Int64 => run::<i64, 2>(ctx, |generator, low, range| {
            let [a, b, c, d] = generator.next_block();
            [(a, b), (c, d)].map(|(x, y)| {
                let bits = u64::from(x) | u64::from(y) << 32;
                low.wrapping_add((bits % range as u64) as i64)
            })
        }),
        other => crate::value::unsupported(other),
    }),
    grad: Grad::Missing("random whole numbers are not smooth"),
    flags: Flags::STATEFUL,
};

/// Fills the output with what `draw` makes of the generator, the lowest number and how many there are.
fn run<T: Number, const N: usize>(ctx: &mut KernelCtx, draw: fn(&mut PhiloxRandom, T, T) -> [T; N]) -> Result<()> {
    let n = ctx.outputs.shape(0)?.num_elements()?;
    let (low, high) = (ctx.inputs.value(1)?.item::<T>()?, ctx.inputs.value(2)?.item::<T>()?);
    if n > 0 && low >= high {
        return Err(Error::invalid_argument(format!("minval {low} is not below maxval {high}")));
    }
    let generator = generator(ctx, &|generator| generator.reserve(n))?;
    let range = high.minus(low);
    fill(&generator, ctx.outputs.slice::<T>(0)?, 1, |generator| draw(generator, low, range));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::dtype::{int32, int64};
    use crate::ops::random::random_uniform_args;
    use crate::testing::check_draws;

    #[test]
    fn whole_numbers_are_tensorflows() {
        check_draws(
            || random_uniform_args([5]).minval(-3).maxval(100).dtype(int32).seed(9).build(),
            [[68i32, 0, 47, 41, 59].into(), [66i32, 12, 65, 51, 88].into()],
            0.0,
        );
        check_draws(
            || random_uniform_args([3]).maxval(1i64 << 40).dtype(int64).seed(9).build(),
            [
                [19_642_230_515i64, 832_220_913_846, 1_059_705_166_841].into(),
                [456_290_597_389i64, 765_899_996_755, 5_598_122_833].into(),
            ],
            0.0,
        );
    }
}
