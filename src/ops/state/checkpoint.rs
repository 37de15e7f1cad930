//! SaveV2 and RestoreV2: arrays into and out of checkpoints, inside the graph. The rest of what TensorFlow's savers build:
//! ShardedFilename, MergeV2Checkpoints, and the operations for files of the first format.

use std::path::Path;

use crate::error::{Error, Result};
use crate::format::bundle::{BundleFiles, BundleReader, Saved, TensorSlice, write_saved};
use crate::op::{Flags, Grad, InferCtx, Kernel, KernelCtx, OpDef, Sig};
use crate::shape::PartialShape;
use crate::value::Value;

const NO_GRADIENT: Grad = Grad::Stop("a file is no number");

/// The strings of input `i`.
fn strings(ctx: &KernelCtx, i: usize) -> Result<Vec<String>> {
    let text = |bytes: &Vec<u8>| {
        String::from_utf8(bytes.clone()).map_err(|_| Error::invalid_argument(format!("input {i} is not text")))
    };
    ctx.inputs.slice::<Vec<u8>>(i)?.iter().map(text).collect()
}

/// The one string that input `i` is.
fn string(ctx: &KernelCtx, i: usize) -> Result<String> {
    match strings(ctx, i)?.as_slice() {
        [one] => Ok(one.clone()),
        all => Err(Error::invalid_argument(format!("input {i} must be a single string, but there are {}", all.len()))),
    }
}

/// The names in input 1, as many as `count`, and which part of each array is meant; `None` for all of it.
fn names(ctx: &KernelCtx, count: usize) -> Result<Vec<(String, Option<TensorSlice>)>> {
    let (names, slices) = (strings(ctx, 1)?, strings(ctx, 2)?);
    if names.len() != count || slices.len() != count {
        let (n, s) = (names.len(), slices.len());
        return Err(Error::invalid_argument(format!("{n} names and {s} slices for {count} arrays")));
    }
    let slice = |text: &String| (!text.is_empty()).then(|| TensorSlice::parse(text)).transpose();
    let slices = slices.iter().map(slice).collect::<Result<Vec<_>>>()?;
    Ok(names.into_iter().zip(slices).collect())
}

/// A single string, and two lists as long as each other.
fn infer_names(ctx: &InferCtx) -> Result<()> {
    if ctx.shape(0)?.rank().is_some_and(|rank| rank != 0) {
        return Err(Error::invalid_argument(format!("prefix must be a single string, not {}", ctx.shape(0)?)));
    }
    let (names, slices) = (ctx.shape_of_rank(1, 1)?, ctx.shape_of_rank(2, 1)?);
    match names.merge(&slices) {
        Some(_) => Ok(()),
        None => Err(Error::invalid_argument(format!("{names} names and {slices} slices"))),
    }
}

pub(crate) static SAVE_V2: OpDef = OpDef {
    sig: Sig::new(
        "SaveV2(prefix: string, tensor_names: string, shape_and_slices: string, tensors: dtypes) -> () \
         where dtypes: list(type)",
    ),
    infer: |ctx| infer_names(ctx),
    kernel: Kernel::Run(|ctx| {
        let prefix = string(ctx, 0)?;
        make_folder(Path::new(&prefix))?;
        let names = names(ctx, ctx.inputs.len().saturating_sub(3))?;
        let values = (3..ctx.inputs.len()).map(|i| ctx.inputs.value(i).cloned()).collect::<Result<Vec<Value>>>()?;
        let saved = names.into_iter().zip(values).map(|((name, slice), value)| Saved { name, slice, value });
        write_saved(prefix, &saved.collect::<Vec<_>>())
    }),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};

/// Makes the folder of `prefix`, if the folder around is there: savers of several devices save parts in one of their own.
fn make_folder(prefix: &Path) -> Result<()> {
    match prefix.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        Some(folder) => std::fs::create_dir(folder).map_err(|e| Error::of_file(folder, &e)),
        None => Ok(()),
    }
}

pub(crate) static RESTORE_V2: OpDef = OpDef {
    sig: Sig::new(
        "RestoreV2(prefix: string, tensor_names: string, shape_and_slices: string) -> (tensors: dtypes) \
         where dtypes: list(type)",
    ),
    infer: |ctx| {
        infer_names(ctx)?;
        (0..ctx.output_count()).try_for_each(|o| ctx.set(o, PartialShape::unknown()))
    },
    kernel: Kernel::Run(|ctx| {
        let names = names(ctx, ctx.node.output_types.len())?;
        let reader = BundleReader::open(string(ctx, 0)?)?;
        for (o, (name, slice)) in names.iter().enumerate() {
            let value = match slice {
                Some(slice) => reader.read_slice(name, slice)?,
                None => reader.read(name)?,
            };
            if value.dtype() != ctx.node.output_types[o] {
                let (found, wanted) = (value.dtype(), ctx.node.output_types[o]);
                return Err(Error::invalid_argument(format!("'{name}' is {found} in the checkpoint, not {wanted}")));
            }
            ctx.outputs.set(o, value);
        }
        Ok(())
    }),
    grad: NO_GRADIENT,
    flags: Flags::STATEFUL,
};

pub(crate) static SHARDED_FILENAME: OpDef = OpDef {
    sig: Sig::new("ShardedFilename(basename: string, shard: int32, num_shards: int32) -> (filename: string)"),
    infer: |ctx| {
        (0..3).try_for_each(|i| ctx.shape_of_rank(i, 0).map(|_| ()))?;
        ctx.set(0, PartialShape::scalar())
    },
    kernel: Kernel::Run(|ctx| {
        let (shard, of) = (ctx.inputs.value(1)?.item::<i32>()?, ctx.inputs.value(2)?.item::<i32>()?);
        let name = format!("{}-{shard:05}-of-{of:05}", string(ctx, 0)?);
        ctx.outputs.set(0, Value::scalar(name.into_bytes()));
        Ok(())
    }),
    grad: NO_GRADIENT,
    flags: Flags::PURE,
};

pub(crate) static MERGE_V2_CHECKPOINTS: OpDef = OpDef {
    sig: Sig::new(
        "MergeV2Checkpoints(checkpoint_prefixes: string, destination_prefix: string) -> () \
         where delete_old_dirs: bool = true, allow_missing_files: bool = false",
    ),
    infer: |ctx| {
        ctx.shape_of_rank(0, 1)?;
        ctx.shape_of_rank(1, 0).map(|_| ())
    },
    kernel: Kernel::Run(merge),
    grad: NO_GRADIENT,
    flags: Flags::EFFECT,
};

/// Makes one checkpoint of several, and removes these and their folders.
fn merge(ctx: &mut KernelCtx) -> Result<()> {
    let (parts, whole) = (strings(ctx, 0)?, string(ctx, 1)?);
    let may_lack = ctx.node.attrs().bool("allow_missing_files")?;
    let mut tensors = Vec::new();
    for part in &parts {
        let reader = match BundleReader::open(part) {
            Err(e) if may_lack && e.kind() == crate::error::ErrorKind::NotFound => continue,
            reader => reader?,
        };
        tensors.extend(reader.read_all()?);
    }
    write_saved(&whole, &tensors)?;
    for part in parts.iter().filter(|part| Path::new(part) != Path::new(&whole)) {
        for path in BundleFiles::new(part).all()? {
            std::fs::remove_file(&path).map_err(|e| Error::of_file(&path, &e))?;
        }
        if let (true, Some(folder)) = (ctx.node.attrs().bool("delete_old_dirs")?, Path::new(part).parent()) {
            // Only what was made for the parts is empty now.
            let _ = std::fs::remove_dir(folder);
        }
    }
    Ok(())
}

/// Files of the first format are not written or read.
fn first_format(_: &mut KernelCtx) -> Result<()> {
    Err(Error::unimplemented(
        "checkpoints of TensorFlow's first format are not written or read: SaveV2 and RestoreV2 do the second",
    ))
}

macro_rules! first_format {
    ($($name:ident $sig:literal $infer:expr;)*) => {$(
        pub(crate) static $name: OpDef = OpDef {
            sig: Sig::new($sig),
            infer: $infer,
            kernel: Kernel::Run(first_format),
            grad: NO_GRADIENT,
            flags: Flags::EFFECT,
        };
    )*};
}

first_format! {
    SAVE "Save(filename: string, tensor_names: string, data: T) -> () where T: list(type)" |_| Ok(());
    SAVE_SLICES "SaveSlices(filename: string, tensor_names: string, shapes_and_slices: string, data: T) -> () \
        where T: list(type)" |_| Ok(());
    RESTORE "Restore(file_pattern: string, tensor_name: string) -> (tensor: dt) \
        where dt: type, preferred_shard: int = -1" |ctx| ctx.set(0, PartialShape::unknown());
    RESTORE_SLICE "RestoreSlice(file_pattern: string, tensor_name: string, shape_and_slice: string) -> (tensor: dt) \
        where dt: type, preferred_shard: int = -1" |ctx| ctx.set(0, PartialShape::unknown());
}
