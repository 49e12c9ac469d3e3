//! A weights file: which networks it holds, and any of them.

use std::collections::BTreeMap;

use super::{
    Judge,
    architecture::Architecture,
    discriminator,
    names::{self, check},
    pth,
    recognise::{Found, Reason, Recipe, networks},
    safetensors,
    state::{HostTensor, Listed, StateDict, quote},
    unknown,
    write::Blueprint,
};
use crate::error::{Error, Result};

/// Words for a network whose weights are a mean over training.
const AVERAGED: [&str; 5] = ["ema", "avg", "average", "averaged", "swa"];

/// Most names in a message: four networks, and the average of each.
const MOST_NAMED: usize = 8;

/// A network in a weights file.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// What distinguishes it from the others in the file, such as `G_A`; empty if it is alone.
    pub name: String,
    /// Whether its weights are a mean over training.
    pub averaged: bool,
    /// What it is.
    pub kind: Kind,
}

/// What a network in a weights file is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// One of CycleGAN's.
    Known(Blueprint),
    /// Something that cannot be used, and why.
    Other(Error),
}

/// Which network of a file is wanted.
#[derive(Debug, Clone, Copy)]
pub enum Which<'n> {
    /// The only one.
    Only,
    /// The one of this [`Network::name`].
    Named(&'n str),
    /// `G_A` or `G_B`, by the discriminator that judges what it makes.
    Side(Judge),
}

/// A weights file in any container. Numbers are decoded when a network is asked for, and only its.
pub struct WeightsFile<'a> {
    container: Container<'a>,
    found: Vec<Found>,
    names: Vec<String>,
    /// Why the only network of the file cannot be used.
    fault: Option<Error>,
}

enum Container<'a> {
    Pth(pth::Opened<'a>),
    Safetensors(safetensors::Opened<'a>),
}

impl Container<'_> {
    fn listed(&self) -> &[Listed] {
        match self {
            Self::Pth(opened) => opened.listed(),
            Self::Safetensors(opened) => opened.listed(),
        }
    }

    /// See [`pth::Opened::forget`].
    fn forget(&mut self) {
        if let Self::Pth(opened) = self {
            opened.forget();
        }
    }

    fn read(&mut self, index: usize) -> Result<HostTensor> {
        match self {
            Self::Pth(opened) => opened.read(index),
            Self::Safetensors(opened) => opened.read(index),
        }
    }
}

impl<'a> WeightsFile<'a> {
    /// Reads what the file lists, recognised by its contents and not by its name. Fails with any of
    /// the `weights-…` codes, depending on what is wrong with the container.
    pub fn open(bytes: &'a [u8]) -> Result<Self> {
        let container = if bytes.is_empty() {
            return Err(Error::WeightsEmpty);
        } else if safetensors::recognises(bytes) {
            Container::Safetensors(safetensors::open(bytes)?)
        } else if pth::recognises(bytes) {
            Container::Pth(pth::open(bytes)?)
        } else {
            return Err(unknown::refusal(bytes));
        };
        // PyTorch writes a weight before its bias; sorted, they would be the other way round.
        let sorted = container.listed().is_sorted_by_key(|listed| &listed.path);
        let keeps_order = !sorted && matches!(container, Container::Pth(_));
        let found = networks(container.listed(), bytes.len(), keeps_order);
        let names = names_of(&found);
        let mut file = Self { container, found, names, fault: None };
        file.fault = file.fault();
        Ok(file)
    }

    /// The networks of the file, in its order.
    pub fn networks(&self) -> Vec<Network> {
        let kind = |found: &Found| match (&found.recipe, &self.fault) {
            (Ok(recipe), _) => Kind::Known(recipe.blueprint),
            (Err(_), Some(fault)) => Kind::Other(fault.clone()),
            (Err(reason), None) => Kind::Other(reason.error()),
        };
        let network = |(found, name): (&Found, &String)| Network {
            name: name.clone(),
            averaged: is_average(&found.prefix),
            kind: kind(found),
        };
        self.found.iter().zip(&self.names).map(network).collect()
    }

    /// The generator that `which` names. The tensors have the names and shapes that
    /// [`Architecture::tensors`] lists, and finite numbers. Fails with `weights-no-such-network`,
    /// with `weights-several` when a name is needed, and otherwise with the code that says what
    /// the file holds instead or what is wrong with it.
    pub fn generator(&mut self, which: Which<'_>) -> Result<(Architecture, StateDict)> {
        match self.network(which)? {
            (Blueprint::Generator(architecture), state) => Ok((architecture, state)),
            (Blueprint::Discriminator { .. }, _) => Err(Reason::Discriminator.error()),
        }
    }

    /// [`Self::generator`], or if there is none, the discriminator that `which` names.
    pub fn network(&mut self, which: Which<'_>) -> Result<(Blueprint, StateDict)> {
        let at = match which {
            Which::Named(name) => {
                let at = self.names.iter().position(|own| own == name);
                Some(at.ok_or_else(|| {
                    let held = list(self.names.iter());
                    let detail = format!("{} was asked for, it holds {held}", quote(name));
                    Error::WeightsNoSuchNetwork(detail)
                })?)
            }
            Which::Only => match self.one_of(Self::is_generator, None)? {
                None => self.one_of(Self::is_discriminator, None)?,
                found => found,
            },
            Which::Side(judge) => self.one_of(Self::is_generator, Some(judge))?,
        };
        match self.found.get(at.unwrap_or_default()).map(|found| found.recipe.clone()) {
            Some(Ok(recipe)) => Ok((recipe.blueprint, self.take(&recipe)?)),
            Some(Err(reason)) => Err(self.fault.clone().unwrap_or_else(|| reason.error())),
            None => {
                let first = self.container.listed().first();
                let first = first.map_or("none", |listed| listed.path.as_str());
                Err(Reason::Other(first.into()).error())
            }
        }
    }

    /// The discriminator `judge`, or the only one if its name does not say which it is, with its
    /// `ndf`. The tensors are as [`discriminator::tensors`] lists them. Fails with
    /// `weights-not-discriminator` when there is none, with `weights-several` when their names do
    /// not say which is which, and with the code that says what is wrong with it.
    pub fn discriminator(&mut self, judge: Judge) -> Result<(usize, StateDict)> {
        let at = self.one_of(Self::is_discriminator, Some(judge))?;
        match at.and_then(|at| self.found.get(at)).map(|found| found.recipe.clone()) {
            Some(Ok(recipe @ Recipe { blueprint: Blueprint::Discriminator { ndf }, .. })) => {
                Ok((ndf, self.take(&recipe)?))
            }
            // Says what is wrong by the names that PyTorch's authors use.
            _ => discriminator::discriminator_from(self.tensors()?, judge),
        }
    }

    fn is_generator(found: &Found) -> bool {
        matches!(found.recipe, Ok(Recipe { blueprint: Blueprint::Generator(_), .. }))
    }

    fn is_discriminator(found: &Found) -> bool {
        matches!(found.recipe, Ok(Recipe { blueprint: Blueprint::Discriminator { .. }, .. }))
    }

    /// The only network of a kind, on a side if its name says one; of a network and its average,
    /// the average. `None` if there is none. Fails with `weights-several`.
    fn one_of(&self, is: fn(&Found) -> bool, side: Option<Judge>) -> Result<Option<usize>> {
        let others = |own: Option<Judge>| side.is_some() && own.is_some() && own != side;
        let all = self.found.iter().zip(&self.names).enumerate();
        let all: Vec<_> =
            all.filter(|(_, (found, _))| is(found) && !others(side_of(&found.prefix))).collect();
        let average = all.iter().filter(|(_, (found, _))| is_average(&found.prefix));
        match (&all[..], &average.collect::<Vec<_>>()[..]) {
            ([], _) => Ok(None),
            ([(only, _)], _) | ([_, _], [(only, _)]) => Ok(Some(*only)),
            _ => Err(Error::WeightsSeveral(list(all.iter().map(|(_, (_, name))| *name)))),
        }
    }

    /// What was written beside the tensors, by key: empty for PyTorch's containers.
    pub fn metadata(&self) -> BTreeMap<String, String> {
        match &self.container {
            Container::Pth(_) => BTreeMap::new(),
            Container::Safetensors(opened) => opened.metadata.clone(),
        }
    }

    /// Every tensor of floats, whatever it belongs to, by its path. Fails with the code of the first
    /// that cannot be read.
    pub fn tensors(&mut self) -> Result<StateDict> {
        self.floats(|path| Some(path.into()))
    }

    /// The tensors of floats that have a name by their path. Fails like [`Self::tensors`].
    fn floats(&mut self, name: impl Fn(&str) -> Option<String>) -> Result<StateDict> {
        self.container.forget();
        let listed = self.container.listed().iter().enumerate();
        let floats: Vec<_> = listed
            .filter(|(_, listed)| listed.is_float)
            .filter_map(|(index, listed)| Some((name(&listed.path)?, index)))
            .collect();
        floats.into_iter().map(|(name, index)| Ok((name, self.container.read(index)?))).collect()
    }

    /// Reads the tensors of a network, and checks them.
    fn take(&mut self, Recipe { blueprint, sources }: &Recipe) -> Result<StateDict> {
        self.container.forget();
        let tensors = blueprint.tensors();
        let mut state = StateDict::new();
        for ((name, _), source) in tensors.iter().zip(sources) {
            state.insert(name.clone(), source.resolve(|index| self.container.read(index))?);
        }
        check(&state, &tensors, "this network")?;
        Ok(state)
    }

    /// If there is but one network, and it is not recognised: what is wrong with it by the names
    /// that PyTorch's authors use, which is more exact. Foreign networks are not decoded for that:
    /// they may be huge.
    fn fault(&mut self) -> Option<Error> {
        let [Found { prefix, recipe: Err(Reason::Other(_)) }] = &self.found[..] else {
            return None;
        };
        if !self.container.listed().iter().any(|listed| matches!(listed.shape[..], [.., 7, 7])) {
            return None;
        }
        let prefix = prefix.clone();
        let own = |path: &str| {
            let name = match prefix.as_str() {
                "" => path,
                prefix => path.strip_prefix(prefix)?.strip_prefix('.')?,
            };
            let numbered = name.starts_with(|c: char| c.is_ascii_digit());
            Some(if numbered { format!("model.{name}") } else { name.into() })
        };
        self.floats(own).and_then(names::generator_from).err()
    }
}

/// The names of networks, for a message: the first of them.
fn list<'n>(mut names: impl Iterator<Item = &'n String>) -> String {
    let first = names.by_ref().take(MOST_NAMED).map(|name| quote(name));
    let first = first.collect::<Vec<_>>().join(", ");
    if names.next().is_some() { first + ", …" } else { first }
}

/// The words of a name in lower case: `netG_A.ema` has `netg`, `a` and `ema`.
fn words(name: &str) -> impl Iterator<Item = String> {
    name.split(['.', '_', '-']).map(str::to_ascii_lowercase)
}

/// Whether a network's weights are a mean over training.
fn is_average(prefix: &str) -> bool {
    words(prefix).any(|word| AVERAGED.contains(&word.as_str()))
}

/// Whose network it is by its name, such as `G_A`, `G_AB` or `netG_A2B`.
fn side_of(prefix: &str) -> Option<Judge> {
    let says = |side: [&str; 4]| words(prefix).any(|word| side.contains(&word.as_str()));
    match (says(["a", "ab", "a2b", "atob"]), says(["b", "ba", "b2a", "btoa"])) {
        (true, false) => Some(Judge::A),
        (false, true) => Some(Judge::B),
        _ => None,
    }
}

/// What distinguishes the prefixes of networks: without the names that all begin and end with.
fn names_of(found: &[Found]) -> Vec<String> {
    if let [_] = found {
        return vec![String::new()];
    }
    let mut all: Vec<Vec<&str>> =
        found.iter().map(|found| found.prefix.split('.').collect()).collect();
    for _ in 0..2 {
        let shortest = all.iter().map(Vec::len).min().unwrap_or_default();
        let same = |at: &usize| {
            all.windows(2).all(|pair| match pair {
                [first, second] => first.get(*at) == second.get(*at),
                _ => true,
            })
        };
        let shared = (0..shortest.saturating_sub(1)).take_while(same).count();
        for parts in &mut all {
            // Once from the front and once from the back.
            parts.drain(..shared);
            parts.reverse();
        }
    }
    all.into_iter().map(|parts| parts.join(".")).collect()
}
