//! Where outputs get their memory: buffers that earlier steps have finished with, or new ones.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::dtype::DType;
use crate::error::Result;
use crate::op::Memory;
use crate::shape::Shape;
use crate::value::Value;

/// Smaller buffers are left to the allocator.
const SMALLEST: usize = 4096;
/// No more than this is kept for later.
const MOST: usize = 512 << 20;

/// Buffers waiting for their next use, by type and number of elements. Fresh pages are slow: a steady step needs none.
#[derive(Default)]
pub(super) struct Buffers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    free: HashMap<(DType, usize), Vec<Value>>,
    bytes: usize,
}

fn bytes(dtype: DType, elements: usize) -> usize {
    elements.saturating_mul(dtype.size())
}

impl Buffers {
    /// Keeps the elements of `value` for later if nobody else has them.
    pub(super) fn recycle(&self, mut value: Value) {
        let (dtype, n) = (value.dtype(), value.len());
        let size = bytes(dtype, n);
        if size < SMALLEST || dtype == DType::String || !value.has_sole_owner() {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + size <= MOST {
            kept.bytes += size;
            kept.free.entry((dtype, n)).or_default().push(value);
        }
    }
}

impl Memory for Buffers {
    fn allocate(&self, dtype: DType, shape: &Shape) -> Result<Value> {
        let n = shape.num_elements()?;
        let size = bytes(dtype, n);
        if size >= SMALLEST {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(value) = kept.free.get_mut(&(dtype, n)).and_then(Vec::pop) {
                kept.bytes -= size;
                return value.reshaped(shape.clone());
            }
        }
        Value::zeros(dtype, shape.clone())
    }
}
