//! What can be added to event files.

use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::format::summary::Summary;
use crate::value::Value;

/// What can be written as a summary: a [`Summary`], its bytes, or the value of a summary operation.
pub trait SummarySource {
    /// The summary.
    fn summary(self) -> Result<Summary>;
}

impl SummarySource for Summary {
    fn summary(self) -> Result<Summary> {
        Ok(self)
    }
}

impl SummarySource for &Summary {
    fn summary(self) -> Result<Summary> {
        Ok(self.clone())
    }
}

impl SummarySource for &[u8] {
    fn summary(self) -> Result<Summary> {
        Summary::from_bytes(self)
    }
}

impl SummarySource for &Vec<u8> {
    fn summary(self) -> Result<Summary> {
        Summary::from_bytes(self)
    }
}

impl SummarySource for Vec<u8> {
    fn summary(self) -> Result<Summary> {
        Summary::from_bytes(&self)
    }
}

impl SummarySource for &Value {
    fn summary(self) -> Result<Summary> {
        Summary::from_bytes(&self.item::<Vec<u8>>()?)
    }
}

impl SummarySource for Value {
    fn summary(self) -> Result<Summary> {
        (&self).summary()
    }
}

/// The step of an event: a number, the value of a variable, or `None`.
pub trait EventStep {
    /// The step as event files hold it: 0 if there is none.
    fn event_step(self) -> Result<i64>;
}

macro_rules! whole_numbers {
    ($($number:ty)*) => {$(
        impl EventStep for $number {
            fn event_step(self) -> Result<i64> {
                i64::try_from(self).map_err(|_| Error::out_of_range(format!("step {self} is beyond 64 bits")))
            }
        }
    )*};
}
whole_numbers!(i32 i64 u32 u64 usize);

impl EventStep for &Value {
    fn event_step(self) -> Result<i64> {
        self.clone().event_step()
    }
}

impl EventStep for Value {
    fn event_step(self) -> Result<i64> {
        self.convert(DType::Int64)?.item()
    }
}

impl EventStep for Option<i64> {
    fn event_step(self) -> Result<i64> {
        Ok(self.unwrap_or(0))
    }
}
