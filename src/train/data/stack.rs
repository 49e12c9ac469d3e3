//! Collects pictures for a batch.

use crate::{
    error::{Error, Result},
    weights::HostTensor,
};

/// Pictures of one size, stored consecutively.
#[derive(Default)]
pub struct Stack {
    pictures: usize,
    shape: Vec<usize>,
    data: Vec<f32>,
}

impl Stack {
    /// Adds a picture, `[3, H, W]`. Fails with `engine-usage` when its size differs from the
    /// previous ones.
    pub fn push(&mut self, picture: HostTensor) -> Result<()> {
        if self.pictures == 0 {
            self.shape = picture.shape;
            self.data = picture.data;
        } else if self.shape == picture.shape {
            self.data.extend(picture.data);
        } else {
            return Err(Error::Usage("pictures of different sizes in one batch".into()));
        }
        self.pictures += 1;
        Ok(())
    }

    /// All pictures, `[B, 3, H, W]`. Fails with `engine-usage` when there is none.
    pub fn into_tensor(self) -> Result<HostTensor> {
        if self.pictures == 0 {
            return Err(Error::Usage("a batch of no pictures".into()));
        }
        let shape = [vec![self.pictures], self.shape].concat();
        Ok(HostTensor { shape, data: self.data })
    }
}
