//! Everything that can fail.
//!
//! Each variant has a stable [`Error::code`], which the page looks up in its messages and which
//! tests and bug reports can rely on. The `Display` text says the same in plain English, with the
//! detail last, so that log lines are readable too.

use thiserror::Error;

/// What went wrong: a sentence, and a code that never changes.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Error {
    /// The weights file has no bytes.
    #[error("this weights file is empty")]
    WeightsEmpty,
    /// Neither safetensors nor any container that PyTorch writes.
    #[error("this is not a weights file that can be read (.safetensors or .pth): {0}")]
    WeightsNotRecognised(String),
    /// A web page that was saved under the name of a weights file.
    #[error("this is a web page, not a weights file: {0}")]
    WeightsWebPage(String),
    /// What Git keeps in place of a large file, until `git lfs pull` fetches it.
    #[error("this is Git LFS's pointer to a weights file, not the file itself: {0}")]
    WeightsGitLfs(String),
    /// A program of TorchScript, written by `torch.jit.save`.
    #[error(
        "this file is a TorchScript program; save its weights with \
         `torch.save(torch.jit.load(\"model.pt\").state_dict(), \"generator.pth\")`: {0}"
    )]
    WeightsTorchscript(String),
    /// A model that was saved as a whole, of which no tensors can be found without running it.
    #[error(
        "this file holds a model as a Python object; save its weights with \
         `torch.save(model.state_dict(), \"generator.pth\")`: {0}"
    )]
    WeightsWholeModule(String),
    /// The file ends before the data that it announces.
    #[error("this weights file is cut off or incomplete: {0}")]
    WeightsTruncated(String),
    /// The container is valid but its contents contradict each other.
    #[error("this weights file is damaged: {0}")]
    WeightsDamaged(String),
    /// The pickle names a function that only an attack would call. It was not called.
    #[error("this weights file asks to run code, which is never done: {0}")]
    WeightsUnsafe(String),
    /// A valid pickle without tensors.
    #[error("this file holds no tensors: {0}")]
    WeightsNoTensors(String),
    /// Numbers that are not float32, float64, float16 or bfloat16, where floats are needed.
    #[error("this weights file holds numbers of a type that is not supported: {0}")]
    WeightsUnsupportedType(String),
    /// Compressed or encrypted zip entries, or another feature that PyTorch never writes.
    #[error("this weights file uses a feature that PyTorch does not write: {0}")]
    WeightsUnsupportedContainer(String),
    /// The file asks for more memory than its length warrants: a bomb, or not a generator.
    #[error("this weights file asks for more than it can hold: {0}")]
    WeightsTooLarge(String),
    /// There are tensors, but not those of a ResNet generator.
    #[error("these weights are not a ResNet generator of CycleGAN: {0}")]
    WeightsNotGenerator(String),
    /// A discriminator in place of a generator.
    #[error("these weights are a discriminator, not a generator: {0}")]
    WeightsDiscriminator(String),
    /// The generator of pix2pix.
    #[error("these weights are a U-Net, not a ResNet generator: {0}")]
    WeightsUNet(String),
    /// A generator that normalises with statistics of its training.
    #[error("this generator uses BatchNorm, not InstanceNorm: {0}")]
    WeightsBatchNorm(String),
    /// A generator that does not halve the sides twice and double them twice.
    #[error("this generator has another depth than CycleGAN's: {0}")]
    WeightsOtherDepth(String),
    /// One network is needed, and several would do.
    #[error("this file holds several networks, of which one must be named: {0}")]
    WeightsSeveral(String),
    /// The network that was named is not in the file.
    #[error("this file does not hold the network that was named: {0}")]
    WeightsNoSuchNetwork(String),
    /// There are tensors, but not those of a discriminator.
    #[error("these weights are not a discriminator of CycleGAN: {0}")]
    WeightsNotDiscriminator(String),
    /// A tensor of the network is missing.
    #[error("a tensor is missing from these weights: {0}")]
    WeightsMissingTensor(String),
    /// A tensor that no such network has.
    #[error("these weights hold a tensor that does not belong to the network: {0}")]
    WeightsUnexpectedTensor(String),
    /// A tensor does not have the shape that its place in the network requires.
    #[error("a tensor of these weights has the wrong shape: {0}")]
    WeightsWrongShape(String),
    /// Networks that are to be trained together differ in size.
    #[error("these weights do not go together: {0}")]
    WeightsDiffer(String),
    /// A kind of generator that can be used, but not trained.
    #[error("these weights can only translate: {0}")]
    WeightsOnlyTranslate(String),
    /// NaN or infinity in a tensor.
    #[error("these weights contain values that are not finite numbers: {0}")]
    WeightsNotFinite(String),
    /// A weight is beyond the range of float16, in which they were to be written.
    #[error("these weights contain numbers that are too large for float16: {0}")]
    WeightsExceedHalf(String),

    /// The file is not the one its card describes.
    #[error("the downloaded model is not the one that was published: {0}")]
    WeightsHashMismatch(String),

    /// A training setting is out of range or has the wrong type.
    #[error("these training settings cannot be used: {0}")]
    ConfigInvalid(String),
    /// A set has no photos, or none that can be read.
    #[error("there are not enough photos: {0}")]
    DatasetEmpty(String),
    /// The file is something else, such as a generator without its run.
    #[error("this is not a checkpoint of a training run: {0}")]
    CheckpointNotRecognised(String),
    /// Written in a version of the format that is no longer read.
    #[error("this checkpoint is of an older format than can be read: {0}")]
    CheckpointTooOld(String),
    /// Written in a version of the format that is not known yet.
    #[error("this checkpoint is of a newer format than can be read: {0}")]
    CheckpointTooNew(String),
    /// Cut off, altered, or contradicting itself.
    #[error("this checkpoint is damaged: {0}")]
    CheckpointDamaged(String),
    /// A loss or a weight became NaN or infinite; the run cannot continue from there.
    #[error("the training left the finite numbers: {0}")]
    TrainingNotFinite(String),
    /// A run with these settings does not fit on the device.
    #[error("this training is too large for this device: {0}")]
    TrainingTooLarge(String),
    /// The system refused to read a file.
    #[error("this file could not be read: {0}")]
    FileNotRead(String),
    /// The system refused to write a file: no room, or no permission.
    #[error("this file could not be written: {0}")]
    FileNotWritten(String),

    /// The image file has no bytes.
    #[error("this image file is empty")]
    ImageEmpty,
    /// The first bytes are not those of an image.
    #[error("this is not an image that is known: {0}")]
    ImageUnreadable(String),
    /// A known kind of image that is not decoded here, such as TIFF, or arithmetic coding.
    #[error("this kind of image is not opened here: {0}")]
    ImageUnsupported(String),
    /// The file ends before its pixels do, or the pixel data is invalid.
    #[error("this image is cut short or damaged: {0}")]
    ImageDamaged(String),
    /// The number of bytes does not match the size of the image.
    #[error("this image cannot be used: {0}")]
    ImageUnusable(String),
    /// The image is larger than any device here could hold.
    #[error("this image is too large: {0}")]
    ImageTooLarge(String),
    /// The network returned NaN or infinity.
    #[error("the translation contains values that are not finite numbers")]
    OutputNotFinite,

    /// A WebGPU adapter was requested, but none is usable.
    #[error("no usable graphics card was found: {0}")]
    GpuUnavailable(String),
    /// WebGPU is emulated by the processor; the engine's own CPU path is faster.
    #[error("WebGPU is only emulated in software here: {0}")]
    GpuSoftware(String),
    /// The adapter lacks something the engine needs.
    #[error("this graphics card lacks a feature that is needed: {0}")]
    GpuUnsupported(String),
    /// The device was lost to a driver reset or sleep. Nothing works on it any more.
    #[error("the graphics card was reset or lost: {0}")]
    GpuLost(String),
    /// The device refused some work or its result: our bug or its driver's. It is still usable.
    #[error("the graphics card refused to compute this: {0}")]
    GpuRefused(String),
    /// The device had no memory for a tensor. It is still usable.
    #[error("there was not enough memory on the graphics card: {0}")]
    OutOfMemory(String),
    /// A method was called in the wrong order, or with a value out of range.
    #[error("the engine was used wrongly: {0}")]
    Usage(String),
}

impl Error {
    /// CubeCL's reason for refused work; Burn passes it on only as text.
    pub(crate) fn refused(reason: String) -> Self {
        let is_allocation = ["allocate buffer", "device memory", "No room for", "Can't allocate"];
        if is_allocation.iter().any(|words| reason.contains(words)) {
            Self::OutOfMemory(reason)
        } else {
            Self::GpuRefused(reason)
        }
    }

    /// The stable, machine-readable name of this error, such as `"gpu-lost"`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::WeightsEmpty => "weights-empty",
            Self::WeightsNotRecognised(_) => "weights-not-recognised",
            Self::WeightsWebPage(_) => "weights-web-page",
            Self::WeightsGitLfs(_) => "weights-git-lfs",
            Self::WeightsTorchscript(_) => "weights-torchscript",
            Self::WeightsWholeModule(_) => "weights-whole-module",
            Self::WeightsTruncated(_) => "weights-truncated",
            Self::WeightsDamaged(_) => "weights-damaged",
            Self::WeightsUnsafe(_) => "weights-unsafe",
            Self::WeightsNoTensors(_) => "weights-no-tensors",
            Self::WeightsUnsupportedType(_) => "weights-unsupported-type",
            Self::WeightsUnsupportedContainer(_) => "weights-unsupported-container",
            Self::WeightsTooLarge(_) => "weights-too-large",
            Self::WeightsNotGenerator(_) => "weights-not-generator",
            Self::WeightsDiscriminator(_) => "weights-discriminator",
            Self::WeightsUNet(_) => "weights-unet",
            Self::WeightsBatchNorm(_) => "weights-batch-norm",
            Self::WeightsOtherDepth(_) => "weights-other-depth",
            Self::WeightsSeveral(_) => "weights-several",
            Self::WeightsNoSuchNetwork(_) => "weights-no-such-network",
            Self::WeightsNotDiscriminator(_) => "weights-not-discriminator",
            Self::WeightsMissingTensor(_) => "weights-missing-tensor",
            Self::WeightsUnexpectedTensor(_) => "weights-unexpected-tensor",
            Self::WeightsWrongShape(_) => "weights-wrong-shape",
            Self::WeightsDiffer(_) => "weights-differ",
            Self::WeightsOnlyTranslate(_) => "weights-only-translate",
            Self::WeightsNotFinite(_) => "weights-not-finite",
            Self::WeightsExceedHalf(_) => "weights-exceed-half",
            Self::WeightsHashMismatch(_) => "weights-hash-mismatch",
            Self::ConfigInvalid(_) => "config-invalid",
            Self::DatasetEmpty(_) => "dataset-empty",
            Self::CheckpointNotRecognised(_) => "checkpoint-not-recognised",
            Self::CheckpointTooOld(_) => "checkpoint-too-old",
            Self::CheckpointTooNew(_) => "checkpoint-too-new",
            Self::CheckpointDamaged(_) => "checkpoint-damaged",
            Self::TrainingNotFinite(_) => "training-not-finite",
            Self::TrainingTooLarge(_) => "training-too-large",
            Self::FileNotRead(_) => "file-not-read",
            Self::FileNotWritten(_) => "file-not-written",
            Self::ImageEmpty => "image-empty",
            Self::ImageUnreadable(_) => "image-unreadable",
            Self::ImageUnsupported(_) => "image-unsupported",
            Self::ImageDamaged(_) => "image-damaged",
            Self::ImageUnusable(_) => "image-unusable",
            Self::ImageTooLarge(_) => "image-too-large",
            Self::OutputNotFinite => "output-not-finite",
            Self::GpuUnavailable(_) => "gpu-unavailable",
            Self::GpuSoftware(_) => "gpu-software",
            Self::GpuUnsupported(_) => "gpu-unsupported",
            Self::GpuLost(_) => "gpu-lost",
            Self::GpuRefused(_) => "gpu-refused",
            Self::OutOfMemory(_) => "out-of-memory",
            Self::Usage(_) => "engine-usage",
        }
    }
}

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;
