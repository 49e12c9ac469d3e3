//! Settings that are one of a few words, as in PyTorch's options and in JSON.

/// A setting with a name for each of its values.
pub trait Choice: Copy + PartialEq + 'static {
    /// Every value with its name. The names never change: checkpoints hold them.
    const NAMES: &'static [(&'static str, Self)];

    /// The name of this value.
    fn name(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, value)| *value == self);
        named.map_or("", |(name, _)| name)
    }

    /// The value of this name.
    fn from_name(name: &str) -> Option<Self> {
        let named = Self::NAMES.iter().find(|(known, _)| *known == name);
        named.map(|(_, value)| *value)
    }

    /// All names, for a sentence: `"lsgan" or "vanilla"`.
    fn names() -> String {
        let quoted: Vec<String> = Self::NAMES.iter().map(|(name, _)| format!("{name:?}")).collect();
        quoted.join(" or ")
    }
}
